package takedown

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"khien/console/report"
	"khien/detector/store/teststore"
)

func TestTarget(t *testing.T) {
	st, err := teststore.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	now := time.Date(2026, 11, 29, 1, 0, 0, 0, time.UTC)
	l := List{st, func() time.Time { now = now.Add(time.Minute); return now }}
	ctx := t.Context()
	in := &report.Incident{Case: "SC-2026-0001", Indicators: []report.Indicator{{Kind: report.URL, Value: "http://xau.example/a", Role: report.Hostile},
		{Kind: report.SHA256, Value: "00", Role: report.Hostile}, {Kind: report.IP, Value: "10.0.0.5", Role: report.Victim}}}
	for range 2 { // a second time changes nothing
		if err := l.Add(ctx, "an", in); err != nil {
			t.Fatal(err)
		}
	}
	all, err := l.Targets(ctx, "SC-2026-0001")
	if err != nil || len(all) != 1 || all[0].State != Queued {
		t.Fatalf("%+v, %v", all, err)
	}
	id := all[0].ID
	if _, err := l.Move(ctx, "an", id, Acknowledged, ""); !errors.Is(err, ErrMove) {
		t.Errorf("acknowledged before it was sent: %v", err)
	}
	if _, err := l.Move(ctx, "an", id, Sent, "abuse@nha-cung-cap.example"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Move(ctx, "an", id, Down, ""); !errors.Is(err, ErrMove) {
		t.Errorf("a person said it is down: %v", err)
	}
	status, asked := http.StatusOK, ""
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		w.WriteHeader(status)
	}))
	defer proxy.Close()
	client, err := Client(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	f := func(answer int, want string) {
		t.Helper()
		status = answer
		got, err := l.Look(ctx, client, "an", id)
		if err != nil || got.State != want {
			t.Errorf("after %d: %s, %v, want %s", answer, got.State, err, want)
		}
	}
	f(200, Sent)
	f(404, Sent)
	f(404, Sent)
	f(410, Down)
	f(410, Down)
	f(200, Back)
	if asked != "http://xau.example/a" {
		t.Errorf("the proxy was asked for %q", asked)
	}
	got, err := l.Get(ctx, id)
	if d, ok := got.TimeToDown(); err != nil || !ok || d <= 0 {
		t.Errorf("time to down %v, %v", d, err)
	}
	for _, bad := range []string{"", "proxy:3128", "ftp://x"} {
		if _, err := Client(bad); !errors.Is(err, ErrNoProxy) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

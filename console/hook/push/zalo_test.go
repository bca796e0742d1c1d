package push

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"khien/console/hook"
	"khien/console/hook/hooktest"
)

// fakeZalo gives a new pair for the latest refresh token alone, and takes messages with the latest access token.
type fakeZalo struct {
	mu         sync.Mutex
	n          int
	answer     string // instead of a new pair
	sent, late int    // messages that were taken, and refused
}

func (f *fakeZalo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.URL.Path != "/renew" {
		if r.Header.Get("access_token") != fmt.Sprintf("access-%d", f.n) {
			f.late++
			w.WriteHeader(401)
			return
		}
		f.sent++
		fmt.Fprint(w, `{"error":0,"message":"Success"}`)
		return
	}
	switch want := fmt.Sprintf("refresh-%d", f.n); {
	case f.answer != "":
		fmt.Fprint(w, f.answer)
	case r.FormValue("refresh_token") != want || r.Header.Get("secret_key") != "key" || r.FormValue("app_id") != "7" || r.FormValue("grant_type") != "refresh_token":
		fmt.Fprintf(w, `{"error":-14014,"error_name":"invalid %s"}`, r.FormValue("refresh_token"))
	default:
		f.n++
		fmt.Fprintf(w, `{"access_token":"access-%d","refresh_token":"refresh-%d","expires_in":"90000"}`, f.n, f.n)
	}
}

func TestZaloToken(t *testing.T) {
	fake := &fakeZalo{}
	s := httptest.NewServer(fake)
	defer s.Close()
	dir := filepath.Join(t.TempDir(), "secrets")
	path := filepath.Join(dir, "zalo")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(`{"app_id":"7","secret_key":"key","refresh_token":"refresh-0"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	d := hooktest.New(t, "")
	start := func() (*ZaloToken, *Chat) {
		t.Helper()
		z, err := NewZaloToken(path, s.URL+"/renew", loopback, d.Clock.Now)
		if err != nil {
			t.Fatal(err)
		}
		c, err := NewZalo(s.URL, "42", z.Token, loopback)
		if err != nil {
			t.Fatal(err)
		}
		return z, c
	}
	z, c := start()
	n := []hook.Notice{{Event: hook.Event{ID: "evt_1", Type: "alarm"}}}
	send := func(renewed, sent int) {
		t.Helper()
		if err := c.Deliver(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(path)
		var kept zaloSecret
		if err == nil {
			err = json.Unmarshal(raw, &kept)
		}
		if err != nil || fake.n != renewed || fake.sent != sent || kept.RefreshToken != fmt.Sprintf("refresh-%d", renewed) || kept.SecretKey != "key" {
			t.Errorf("renewed %d, sent %d, %s, %v", fake.n, fake.sent, raw, err)
		}
	}
	send(1, 1)
	send(1, 2) // the same token is good for a day
	_, c = start()
	send(1, 3) // also after a restart
	d.Clock.Pass(25*time.Hour - 5*time.Minute)
	send(2, 4)
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st.Mode(), err)
	}
	// Zalo refuses, or answers nonsense: nothing is lost, and no secret is told.
	d.Clock.Pass(25 * time.Hour)
	for _, bad := range []string{`{"error":-14014,"error_name":"invalid refresh-2"}`, `{"access_token":"access-9"}`, "<html>", `{"access_token":"","refresh_token":""}`} {
		fake.answer = bad
		err := c.Deliver(t.Context(), n)
		if err == nil || strings.Contains(err.Error(), "refresh-2") || strings.Contains(err.Error(), "key:") || strings.Contains(err.Error(), "access-") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	fake.answer = ""
	send(3, 5)
	// The file cannot be written: the new pair is not forgotten, and written as soon as that is possible.
	d.Clock.Pass(25 * time.Hour)
	z, c = start()
	aside := dir + "-away"
	z.path = filepath.Join(dir, "zalo")
	z.client.Transport = renaming{z.client.Transport, func() {
		if err := os.Rename(dir, aside); err != nil {
			t.Error(err)
		}
	}}
	if err := c.Deliver(t.Context(), n); err == nil || fake.n != 4 || fake.sent != 5 {
		t.Errorf("%v, renewed %d, sent %d", err, fake.n, fake.sent)
	}
	if err := c.Deliver(t.Context(), n); err == nil || fake.n != 4 {
		t.Errorf("%v, renewed %d: a spent token was used", err, fake.n)
	}
	if err := os.Rename(aside, dir); err != nil {
		t.Fatal(err)
	}
	send(4, 6)
	if fake.late != 0 {
		t.Errorf("%d messages with an old token", fake.late)
	}
}

// renaming does something after a request.
type renaming struct {
	http.RoundTripper
	then func()
}

func (r renaming) RoundTrip(q *http.Request) (*http.Response, error) {
	resp, err := r.RoundTripper.RoundTrip(q)
	r.then()
	return resp, err
}

func TestZaloSecretErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "zalo")
	f := func(text, endpoint, want string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := NewZaloToken(path, endpoint, nil, time.Now)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v", text, err)
		}
	}
	f(`{"app_id":"7","secret_key":"hidden"}`, "", "app_id, secret_key and refresh_token are expected")
	f(`{"hidden`, "", "are expected, as JSON")
	f(`{"app_id":"7","secret_key":"hidden","refresh_token":"x"}`, "http://oauth.example/", "https is expected")
}

package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
	"khien/detector/store/embedded"
)

func finding(sensor string, n int, sequence ...uint64) detector.Finding {
	at := time.Date(2026, 11, 21, 7, 29, n, 0, time.UTC)
	f := detector.Finding{Time: at, First: at, Last: at, Source: detector.FromSignature, Severity: detector.Medium, Rule: detector.Rule{ID: "1"},
		SrcIP: netip.MustParseAddr("10.20.3.14"), Count: 1, FlowID: uint64(n), Sensor: sensor, Sequence: sequence}
	f.Identify(sensor)
	return f
}

func open(t *testing.T) *embedded.Store {
	t.Helper()
	s, err := embedded.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestArchiveIsTheWhole(t *testing.T) {
	from, to := open(t), open(t)
	ctx := t.Context()
	var fs []detector.Finding
	for i := range 1200 {
		fs = append(fs, finding("a", i, uint64(i+1)))
	}
	if err := from.Write(ctx, fs); err != nil {
		t.Fatal(err)
	}
	if err := from.WriteEvents(ctx, []store.Event{{Time: fs[0].Time, Type: "flow", Body: json.RawMessage(`{ "a" : 1.50 }`)}}); err != nil {
		t.Fatal(err)
	}
	if _, err := from.PutTriage(ctx, store.Triage{Key: store.GroupKey(&fs[0]), Status: store.StatusClosed, Comments: []store.Comment{{Text: "xem"}}}); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"case", "view"} {
		if _, err := from.PutDocument(ctx, store.Document{Kind: kind, ID: "1", Updated: fs[0].Time, Tags: []string{"x"}, Body: json.RawMessage(`[ 1 ]`)}); err != nil {
			t.Fatal(err)
		}
	}
	var first, second bytes.Buffer
	n, err := Export(ctx, from, &first)
	if want := (Counts{Findings: 1200, Events: 1, Triage: 1, Documents: 2}); err != nil || n != want {
		t.Fatalf("%+v, %v; want %+v", n, err, want)
	}
	for i := range 2 {
		got, err := Import(ctx, to, bytes.NewReader(first.Bytes()))
		if want := n; err != nil || i == 0 && got != want || i == 1 && got.Kept != 3 {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if _, err := Export(ctx, to, &second); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Errorf("the copy differs: %v", err)
	}
	for _, bad := range []string{"x", `{}`, `{"finding":{}}`, `{"other":1}`} {
		if _, err := Import(ctx, to, strings.NewReader("{\"triage\":{\"key\":\"k\"}}\n"+bad)); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestVerifyFindsGaps(t *testing.T) {
	s := open(t)
	if err := s.Write(t.Context(), []detector.Finding{finding("a", 1, 1, 4), finding("a", 2, 2), finding("a", 3, 9), finding("b", 1, 7), finding("c", 1)}); err != nil {
		t.Fatal(err)
	}
	got, err := Verify(t.Context(), s, []detector.Finding{finding("a", 9, 6)})
	want := []Sensor{{Name: "a", Findings: 3, First: 1, Last: 9, Missing: 4, Gaps: []Range{{3, 3}, {5, 5}, {7, 8}}}, {Name: "b", Findings: 1, First: 7, Last: 7},
		{Name: "c", Findings: 1}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v; want %v", got, err, fmt.Sprint(want))
	}
}

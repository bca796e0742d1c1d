package sealed

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
	"khien/detector/store/archive"
)

var base = time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC)

// finding returns the nth finding of a hidden address.
func finding(n int, change ...func(*detector.Finding)) detector.Finding {
	f := detector.Finding{Time: base.Add(time.Duration(n) * time.Minute), Source: detector.FromFraud, Severity: detector.High, Score: 0.5, FlowID: uint64(n),
		Rule:    detector.Rule{ID: "credential_post", Name: "Mật khẩu gửi tới trang giả"},
		Summary: detector.Text{VI: "Máy 10.20.3.14 gửi mật khẩu tới 203.0.113.9", EN: "10.20.3.14 sent a password to 203.0.113.9"},
		SrcIP:   netip.MustParseAddr("10.20.3.14"), DstIP: netip.MustParseAddr("203.0.113.9"), SrcPort: 50000, DstPort: 80,
		Domain: "vneid-gov.example", URL: "http://vneid-gov.example/?from=10.20.3.14", CommunityID: "1:w/rZ6WrlVGXVBZ5WAcQjbX2xsbI=",
		RelatedIPs: []string{"10.20.3.1", "2001:db8::5"}, RelatedHosts: []string{"14.3.20.10.in-addr.arpa", "10.20.3.14"}, Count: 1,
		Reasons: []detector.Reason{{Text: detector.Text{VI: "Từ 10.20.3.14", EN: "From 10.20.3.14"}, Excerpt: []byte("X-Forwarded-For: 10.20.3.14")}},
		Context: []byte(`{"hosts":["10.20.3.14"]}`)}
	for _, c := range change {
		c(&f)
	}
	f.Identify()
	return f
}

func write(t testing.TB, s store.Store, fs ...detector.Finding) {
	t.Helper()
	if err := s.Write(t.Context(), fs); err != nil {
		t.Fatal(err)
	}
}

func event(n int) store.Event {
	return store.Event{Time: base.Add(time.Duration(n) * time.Minute), Type: "dns", Host: "14.3.20.10.in-addr.arpa", CommunityID: "1:w/rZ6WrlVGXVBZ5WAcQjbX2xsbI=",
		Src: netip.MustParseAddrPort("10.20.3.14:5353"), Dst: netip.MustParseAddrPort("[2001:db8::5]:53"), Sensor: "s",
		Body: json.RawMessage(fmt.Sprintf(`{"src_ip":"10.20.3.14","dest_ip":"2001:db8::5","n":%d,"community_id":"1:w/rZ6WrlVGXVBZ5WAcQjbX2xsbI=","dns":{"rrname":"14.3.20.10.in-addr.arpa"}}`, n))}
}

// TestNothingPlainLiesBehind writes one of everything and searches all of the store behind.
func TestNothingPlainLiesBehind(t *testing.T) {
	s, inner := opened(t, people...)
	ctx := t.Context()
	f := finding(1)
	write(t, s, f)
	tr, err := s.PutTriage(ctx, store.Triage{Key: store.GroupKey(&f), Status: store.StatusSeen, Reason: "máy 10.20.3.14", Assignee: "an",
		Comments: []store.Comment{{Time: base, User: "an", Text: "hỏi 10.20.3.14"}}, History: []store.Change{{Time: base, User: "an", What: "host:10.20.3.14"}}})
	if err != nil || tr.Key != store.GroupKey(&f) || tr.Reason != "máy 10.20.3.14" || tr.Version != 1 {
		t.Fatalf("%+v, %v", tr, err)
	}
	doc := store.Document{Kind: "case", ID: "10.20.3.14", Updated: base, Tags: []string{"host:10.20.3.14", "a"},
		Body: json.RawMessage(`{"notes":"máy 10.20.3.14\n và 2001:DB8::5","flow":"1:w/rZ6WrlVGXVBZ5WAcQjbX2xsbI="}`)}
	put, err := s.PutDocument(ctx, doc)
	if err != nil || put.ID != doc.ID || put.Version != 1 || string(put.Body) != string(doc.Body) {
		t.Fatalf("%+v, %v", put, err)
	}
	e := event(1)
	if err := s.WriteEvents(ctx, []store.Event{e}); err != nil {
		t.Fatal(err)
	}
	behind := everything(t, inner)
	for _, word := range []string{"10.20.3.", "2001:db8::", "2001:DB8", "14.3.20.10", "1:w/rZ6"} {
		if i := strings.Index(behind, word); i >= 0 {
			t.Errorf("%s lies behind: …%s…", word, behind[max(0, i-100):min(len(behind), i+60)])
		}
	}
	if n := strings.Count(behind, "fd4b:6834:"); n < 10 {
		t.Errorf("%d sealed addresses: %s", n, behind)
	}
	// And all of it comes out again.
	got, err := s.Get(ctx, f.ID)
	f.Reasons = []detector.Reason{f.Reasons[0]}
	f.Reasons[0].Excerpt = []byte("X-Forwarded-For: **.**.*.**")
	if a, b := text(t, f), text(t, got); a != b || err != nil {
		t.Errorf("wrote %s\nread  %s, %v", a, b, err)
	}
	for _, q := range []store.DocumentQuery{{Kind: "case"}, {Kind: "case", Tags: []string{"host:10.20.3.14"}}} {
		if p, err := s.Documents(ctx, q); err != nil || len(p.Documents) != 1 || p.Documents[0].ID != doc.ID || !slices.Equal(p.Documents[0].Tags, []string{"a", "host:10.20.3.14"}) {
			t.Errorf("%+v, %v", p, err)
		}
	}
	if err := e.Prepare(); err != nil {
		t.Fatal(err)
	}
	for _, q := range []store.EventQuery{{}, {IP: []string{"10.20.3.14"}}, {IP: []string{"10.20.0.0/16"}}, {IP: []string{"2001:db8::/48"}}, {Host: []string{e.Host}}, {CommunityID: []string{e.CommunityID}}} {
		if p, err := s.Events(ctx, q); err != nil || len(p.Events) != 1 || !reflect.DeepEqual(p.Events[0], e) {
			t.Errorf("%+v: %+v, %v", q, p, err)
		}
	}
	if err := s.DeleteDocument(ctx, "case", doc.ID, 1); err != nil {
		t.Error(err)
	}
	if _, err := s.Document(ctx, "case", doc.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

// TestQueriesFindBothForms: findings from before addresses were sealed and from since then, by each way to ask.
func TestQueriesFindBothForms(t *testing.T) {
	s, inner := opened(t, "10.0.0.0/8", "192.168.0.0/16", "2001:db8::/32")
	a, b := finding(1), finding(2)
	six := func(f *detector.Finding) {
		f.SrcIP, f.Summary, f.URL, f.RelatedHosts, f.Domain = netip.MustParseAddr("2001:db8::7"), detector.Text{}, "", nil, "six.example"
	}
	c, d := finding(3, six), finding(4, six)
	write(t, inner, a, c)
	write(t, s, b, d)
	names := map[string]string{a.ID: "a", b.ID: "b", c.ID: "c", d.ID: "d"}
	f := func(q store.Query, want string) {
		t.Helper()
		p, err := s.Find(t.Context(), q)
		got := ""
		for _, x := range p.Findings {
			got += names[x.ID]
		}
		if err != nil || got != want {
			t.Errorf("%+v: %q, %v; want %q", q, got, err, want)
		}
	}
	one := []string{"10.20.3.14"}
	f(store.Query{IP: one}, "ab")
	f(store.Query{Src: one}, "ab")
	f(store.Query{Dst: one}, "")
	f(store.Query{IP: []string{"10.20.3.15"}}, "")
	f(store.Query{Src: []string{"10.20.3.0/24"}}, "ab")
	f(store.Query{Src: []string{"0.0.0.0/0"}}, "ab")
	f(store.Query{Src: []string{"2001:db8::/48"}}, "cd")
	f(store.Query{Src: []string{"2000::/3"}}, "cd")
	f(store.Query{Src: []string{"fc00::/7"}}, "")
	f(store.Query{Src: []string{"2001:db8::7", "10.20.3.14"}}, "abcd")
	f(store.Query{Not: &store.Query{Src: []string{"10.20.0.0/16"}}}, "cd")
	f(store.Query{Not: &store.Query{IP: one}}, "cd")
	f(store.Query{Within: []store.Area{{Networks: []netip.Prefix{netip.MustParsePrefix("10.20.3.0/28")}}}}, "ab")
	f(store.Query{Within: []store.Area{{Networks: []netip.Prefix{netip.MustParsePrefix("fd00::/8")}}}}, "")
	f(store.Query{Not: &store.Query{Within: []store.Area{{Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}}}, "cd")
	f(store.Query{Text: "10.20.3.14"}, "ab")
	f(store.Query{Text: "10.20.3.14 mật khẩu"}, "ab")
	f(store.Query{Text: "10.20.3.99"}, "")
	f(store.Query{Text: "2001:db8::7"}, "cd")
	f(store.Query{Host: one}, "ab")
	f(store.Query{Host: []string{"14.3.20.10.in-addr.arpa"}}, "ab")
	f(store.Query{Host: []string{"six.example"}}, "cd")
	f(store.Query{Group: []string{store.GroupKey(&b)}}, "ab")
	f(store.Query{Src: []string{s.seal.Addr(b.SrcIP).String()}}, "b")
	if _, err := s.Find(t.Context(), store.Query{IP: []string{"10.20.3"}}); err == nil {
		t.Error("what is no address is taken")
	}
	counts, err := s.Count(t.Context(), store.Query{}, 1)
	if err != nil || fmt.Sprint(counts.Top["src"]) != "[{10.20.3.14 2} {2001:db8::7 2}]" {
		t.Errorf("%v, %v", counts.Top, err)
	}
	area := store.Area{Name: "a", Networks: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")}}
	if l, err := s.Bundles(t.Context(), store.Query{Areas: []store.Area{area}}, store.ByUnit); err != nil || len(l.Bundles) != 2 || l.Bundles[0].Value != store.Outside ||
		l.Bundles[1].Findings != 2 || l.Bundles[1].Latest.SrcIP != b.SrcIP {
		t.Errorf("%+v, %v", l, err)
	}
}

// TestOneGroupOfBothForms: one row, one key, one decision, whose state both groups behind have.
func TestOneGroupOfBothForms(t *testing.T) {
	s, inner := opened(t, "10.0.0.0/8")
	ctx := t.Context()
	old, fresh := finding(1), finding(61, func(f *detector.Finding) { f.Severity = detector.Critical })
	key := store.GroupKey(&old)
	write(t, inner, old, finding(2))
	before, err := inner.PutTriage(ctx, store.Triage{Key: key, Status: store.StatusSeen, Assignee: "an"})
	if err != nil {
		t.Fatal(err)
	}
	write(t, s, fresh)
	p, err := s.Groups(ctx, store.Query{})
	if err != nil || len(p.Groups) != 1 || p.Total != 2 {
		t.Fatalf("%+v, %v", p, err)
	}
	g := p.Groups[0]
	if g.Key != key || g.Count != 3 || g.LatestID != fresh.ID || g.SrcIP != "10.20.3.14" || !g.First.Equal(old.Time) || !g.Last.Equal(fresh.Time) ||
		g.Severity != detector.Critical || !strings.Contains(g.Summary.VI, "10.20.3.14") || !slices.Equal(g.Spark, []int{2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}) {
		t.Errorf("%+v", g)
	}
	tr, err := s.Triage(ctx, key)
	if err != nil || tr.Status != store.StatusSeen || tr.Assignee != "an" || tr.Version != before.Version || tr.Key != key {
		t.Fatalf("%+v, %v", tr, err)
	}
	stale := tr
	tr.Status, tr.Reason = store.StatusClosed, "máy thử 10.20.3.14"
	for range 3 {
		if tr, err = s.PutTriage(ctx, tr); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Triage(ctx, key); err != nil || got.Version != tr.Version || got.Status != tr.Status || got.Reason != tr.Reason {
			t.Fatalf("%+v, %v; want %+v", got, err, tr)
		}
		if _, err := s.PutTriage(ctx, stale); !errors.Is(err, store.ErrConflict) {
			t.Fatalf("a stale decision: %v", err)
		}
	}
	if p, err := s.Groups(ctx, store.Query{Status: []string{store.StatusClosed}}); err != nil || len(p.Groups) != 1 || p.Groups[0].Count != 3 {
		t.Errorf("%+v, %v", p, err)
	}
	list, _, err := s.Triages(ctx, "")
	if err != nil || len(list) != 1 || list[0].Key != key || list[0].Reason != tr.Reason || list[0].Version != tr.Version {
		t.Errorf("%+v, %v", list, err)
	}
	if raw := text(t, first(inner.Triage(ctx, key))); strings.Contains(raw, "máy thử 10.20") {
		t.Errorf("what is decided now lies behind as it is: %s", raw)
	}

	// A group from before that nobody had decided about.
	other := finding(1, func(f *detector.Finding) { f.Rule.ID = "other" })
	write(t, inner, other)
	if _, err := s.PutTriage(ctx, store.Triage{Key: store.GroupKey(&other), Status: store.StatusClosed}); err != nil {
		t.Fatal(err)
	}
	if p, err := s.Groups(ctx, store.Query{Rule: []string{"other"}}); err != nil || len(p.Groups) != 1 || p.Groups[0].Status != store.StatusClosed {
		t.Errorf("%+v, %v", p, err)
	}
}

func first[T any](v T, _ error) T { return v }

// TestDocumentsFromBefore keep their ids and versions.
func TestDocumentsFromBefore(t *testing.T) {
	s, inner := opened(t, "10.0.0.0/8")
	ctx := t.Context()
	d, err := inner.PutDocument(ctx, store.Document{Kind: "note", ID: "10.1.1.1", Updated: base, Body: json.RawMessage(`"10.1.1.1"`)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Document(ctx, "note", "10.1.1.1")
	if err != nil || got.Version != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	if got, err = s.PutDocument(ctx, got); err != nil || got.Version != 2 || got.ID != d.ID {
		t.Fatalf("%+v, %v", got, err)
	}
	if raw, err := inner.Document(ctx, "note", "10.1.1.1"); err != nil || strings.Contains(string(raw.Body), "10.1.1.1") {
		t.Errorf("%s, %v", raw.Body, err)
	}
	if _, err := s.PutDocument(ctx, d); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a stale version: %v", err)
	}
}

// TestLimitsHoldForWhatIsSealed: what grows over a limit is refused as any other.
func TestLimitsHoldForWhatIsSealed(t *testing.T) {
	s, _ := opened(t, "10.0.0.0/8")
	pad := func(n int) string { return strings.Repeat("x", n-len(" 10.1.1.1")) + " 10.1.1.1" }
	body := json.RawMessage(`"` + strings.Repeat("10.1.1.1 ", int(store.DocumentMax)/9-1) + `"`)
	for name, d := range map[string]store.Document{
		"tag":  {Kind: "note", ID: "a", Tags: []string{pad(store.TagMax)}, Body: json.RawMessage(`1`)},
		"id":   {Kind: "note", ID: strings.Repeat("x", store.IDMax-9) + "-10.1.1.1", Body: json.RawMessage(`1`)},
		"body": {Kind: "note", ID: "a", Body: body}} {
		if err := d.Validate(); err != nil {
			t.Fatalf("%s: not valid as it is: %v", name, err)
		}
		if _, err := s.PutDocument(t.Context(), d); !errors.Is(err, store.ErrDocument) {
			t.Errorf("%s: %v, want ErrDocument", name, err)
		}
	}
	e := event(1)
	e.Body = json.RawMessage(`"` + strings.Repeat("10.1.1.1 ", store.BodyMax/9-1) + `"`)
	err := s.WriteEvents(t.Context(), []store.Event{event(2), e})
	var r *store.RejectedError
	if !errors.As(err, &r) || len(r.Documents) != 1 || !strings.Contains(string(r.Documents[0].Document), "10.1.1.1") {
		t.Errorf("%.200v", err)
	}
}

// TestArchiveOfBothSides: an archive that was made with the key holds addresses, one that was made without it sealed ones,
// and both can be read back through a seal.
func TestArchiveOfBothSides(t *testing.T) {
	from, behind := opened(t, "10.0.0.0/8", "2001:db8::/32")
	f := finding(1)
	write(t, from, f)
	if err := from.WriteEvents(t.Context(), []store.Event{event(1)}); err != nil {
		t.Fatal(err)
	}
	if _, err := from.PutTriage(t.Context(), store.Triage{Key: store.GroupKey(&f), Status: store.StatusClosed}); err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	if _, err := archive.Export(t.Context(), from, &want); err != nil || !strings.Contains(want.String(), "10.20.3.14") {
		t.Fatalf("%s, %v", &want, err)
	}
	var sealed strings.Builder
	if _, err := archive.Export(t.Context(), behind.(archive.Source), &sealed); err != nil || strings.Contains(sealed.String(), "10.20.3.14") {
		t.Fatalf("%s, %v", &sealed, err)
	}
	for name, text := range map[string]string{"opened": want.String(), "sealed": sealed.String()} {
		to, inner := opened(t, "10.0.0.0/8", "2001:db8::/32")
		if _, err := archive.Import(t.Context(), to, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		if _, err := archive.Export(t.Context(), to, &got); err != nil || got.String() != want.String() {
			t.Errorf("%s: %s, %v; want %s", name, &got, err, &want)
		}
		if strings.Contains(everything(t, inner), "10.20.3.14") {
			t.Errorf("%s: an address lies behind", name)
		}
	}
}

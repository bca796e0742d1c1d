// Package storetest is the contract that every store.Store keeps, as tests. An implementation's own tests call Run with
// a function that opens an empty store.
package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// base is the time around which the suite's findings lie.
var base = time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC)

// Run checks the contract on stores that open returns. Each must be empty and durable enough that what Write returned
// from can be read at once.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, store.Store)
	}{
		{"Empty", testEmpty},
		{"RoundTrip", testRoundTrip},
		{"WriteTwice", testWriteTwice},
		{"Pages", testPages},
		{"Filters", testFilters},
		{"Groups", testGroups},
		{"Count", testCount},
		{"Bundles", testBundles},
		{"Areas", testAreas},
		{"GroupTimeRange", testGroupTimeRange},
		{"GroupPages", testGroupPages},
		{"GroupTotal", testGroupTotal},
		{"Triage", testTriage},
		{"TriageOutlivesFindings", testTriageFirst},
		{"Documents", testDocuments},
		{"DocumentPages", testDocumentPages},
		{"DocumentRace", testDocumentRace},
		{"Events", testEvents},
		{"EventPages", testEventPages},
		{"EventFilters", testEventFilters},
		{"EventRejects", testEventRejects},
		{"EventDHCP", testEventDHCP},
		{"Hostile", testHostile},
		{"Concurrent", testConcurrent},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			defer func() {
				if err := s.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			}()
			c.test(t, s)
		})
	}
}

// finding returns the nth finding of a rule; change adapts it before it gets its id.
func finding(rule string, n int, change ...func(*detector.Finding)) detector.Finding {
	f := detector.Finding{
		Time: base.Add(time.Duration(n) * time.Minute), Source: detector.FromSignature, Severity: detector.Medium, Score: 0.5,
		Rule:    detector.Rule{ID: rule, GID: 1, Name: "Rule " + rule},
		Summary: detector.Text{VI: "có chuyện", EN: "something happened"},
		SrcIP:   netip.MustParseAddr("10.1.0.1"), DstIP: netip.MustParseAddr("198.51.100.7"), SrcPort: 50000, DstPort: 443,
		Transport: "tcp", FlowID: uint64(n), Count: 1,
	}
	for _, c := range change {
		c(&f)
	}
	if f.ID == "" {
		f.Identify()
	}
	return f
}

func write(t *testing.T, s store.Store, fs ...detector.Finding) {
	t.Helper()
	if err := s.Write(context.Background(), fs); err != nil {
		t.Fatalf("Write: %v", err)
	}
}

func groups(t *testing.T, s store.Store, q store.Query) store.GroupPage {
	t.Helper()
	p, err := s.Groups(context.Background(), q)
	if err != nil {
		t.Fatalf("Groups(%+v): %v", q, err)
	}
	return p
}

// find returns the ids of all pages.
func find(t *testing.T, s store.Store, q store.Query) []string {
	t.Helper()
	var ids []string
	for range 1000 {
		p, err := s.Find(context.Background(), q)
		if err != nil {
			t.Fatalf("Find(%+v): %v", q, err)
		}
		for _, f := range p.Findings {
			ids = append(ids, f.ID)
		}
		if p.Next == "" {
			return ids
		}
		q.Cursor = p.Next
	}
	t.Fatal("Find gives pages without end")
	return nil
}

func document(t *testing.T, f detector.Finding) string {
	t.Helper()
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func testEmpty(t *testing.T, s store.Store) {
	ctx := context.Background()
	if ids := find(t, s, store.Query{}); len(ids) != 0 {
		t.Errorf("Find gives %v", ids)
	}
	if p := groups(t, s, store.Query{}); p.Total != 0 || len(p.Groups) != 0 || p.Next != "" {
		t.Errorf("Groups gives %+v", p)
	}
	if _, err := s.Get(ctx, "no such id"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Get: %v, want ErrNotFound", err)
	}
	if tr, err := s.Triage(ctx, "k"); err != nil || tr.Key != "k" || tr.Version != 0 || tr.Status != store.StatusNew {
		t.Errorf("Triage: %+v, %v", tr, err)
	}
	write(t, s) // nothing at all
}

func testRoundTrip(t *testing.T, s store.Store) {
	in := finding("1", 0, func(f *detector.Finding) {
		f.Time = f.Time.Add(123456789)
		f.Fraud = &detector.Fraud{Kind: "lookalike", Brand: "vneid", Stage: "visit", Visibility: "seen", Score: 0.9}
		f.Reasons = []detector.Reason{{Text: detector.Text{VI: "vì", EN: "because"}, Weight: 0.25, Buffer: "http.uri", Length: 3, Excerpt: []byte{0, 255, 1}}}
		f.Rule.Metadata = map[string][]string{"a.b": {"c"}}
		f.FlowID = 1<<64 - 1
		f.Context = []byte(`{"a":{"b":[1,"x",null]}}`)
	})
	write(t, s, in)
	out, err := s.Get(context.Background(), in.ID)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := document(t, in), document(t, out); a != b {
		t.Errorf("wrote %s\nread  %s", a, b)
	}
}

func testWriteTwice(t *testing.T, s store.Store) {
	ctx := context.Background()
	a := finding("1", 0, func(f *detector.Finding) { f.Count, f.First, f.Last = 2, base, base.Add(time.Minute) })
	write(t, s, a)
	write(t, s, a, a)
	if p := groups(t, s, store.Query{}); p.Total != 1 || p.Groups[0].Count != 1 {
		t.Fatalf("after three writes of one finding: %+v", p)
	}
	b := a
	b.Count, b.First, b.Last = 5, base.Add(-time.Hour), base.Add(30*time.Second)
	write(t, s, b)
	got, err := s.Get(ctx, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Count != 5 || !got.First.Equal(b.First) || !got.Last.Equal(a.Last) {
		t.Errorf("joined to count %d, %v to %v", got.Count, got.First, got.Last)
	}
	if p := groups(t, s, store.Query{}); p.Total != 1 || p.Groups[0].Count != 1 || !p.Groups[0].First.Equal(b.First) || !p.Groups[0].Last.Equal(a.Last) {
		t.Errorf("group after joining: %+v", p.Groups)
	}
}

func testPages(t *testing.T, s store.Store) {
	var fs []detector.Finding
	for i := range 25 {
		// Several in the same nanosecond: the order among them is by id, and no page loses or repeats one.
		fs = append(fs, finding(fmt.Sprint(i), i/10))
	}
	write(t, s, fs...)
	slices.SortFunc(fs, func(a, b detector.Finding) int {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	var want []string
	for _, f := range fs {
		want = append(want, f.ID)
	}
	for _, limit := range []int{0, 1, 4, 25, 1000} {
		if got := find(t, s, store.Query{Limit: limit}); !slices.Equal(got, want) {
			t.Errorf("limit %d: %v, want %v", limit, got, want)
		}
	}
	slices.Reverse(want)
	if got := find(t, s, store.Query{Limit: 7, Descending: true}); !slices.Equal(got, want) {
		t.Errorf("descending: %v, want %v", got, want)
	}
	for _, c := range []string{"nonsense", "1", ".", "-1", "[]", "[{}]", `["2026-11-21T07:00:00Z"]`, `["x","y"]`, "x.y.z"} {
		_, err := s.Find(context.Background(), store.Query{Cursor: c})
		_, err2 := s.Events(context.Background(), store.EventQuery{Cursor: c})
		if !errors.Is(err, store.ErrCursor) || !errors.Is(err2, store.ErrCursor) {
			t.Errorf("cursor %q: %v, %v", c, err, err2)
		}
	}
	if _, err := s.Groups(context.Background(), store.Query{Cursor: "nonsense"}); !errors.Is(err, store.ErrCursor) {
		t.Errorf("a cursor of groups that is none: %v", err)
	}
}

func testFilters(t *testing.T, s store.Store) {
	ctx := context.Background()
	a := finding("1", 0, func(f *detector.Finding) {
		f.Rule.Name, f.Domain = "Giả mạo VNeID", "www.vneid-gov.example"
		f.Fraud = &detector.Fraud{Kind: "lookalike", Brand: "vneid", Stage: "visit"}
		f.Source, f.Severity = detector.FromFraud, detector.High
		f.ChainID, f.CampaignID, f.Sensor, f.JA4 = "c-1", "vneid-*.example", "so-y-te", "t13d1516h2_8daaf6152771_b186095e22b6"
		f.Certificate = detector.Certificate{Fingerprint: strings.Repeat("AB", 20), Subject: "CN=vneid.example", NotBefore: base}
		f.Techniques = []detector.Technique{{ID: "T1566.002"}, {ID: "T1204"}}
		f.SrcPlace, f.DstPlace = detector.Place{AS: 45899, Country: "VN"}, detector.Place{AS: 64500, Org: "Example Hosting", Country: "NL"}
	})
	b := finding("2", 1, func(f *detector.Finding) {
		f.SrcIP, f.DstIP = netip.MustParseAddr("192.168.1.5"), netip.MustParseAddr("10.1.0.1")
		f.URL, f.Severity = "http://shop.example/dang-nhap?x=1", detector.Low
		f.RelatedHosts = []string{"shop.example"}
		f.SHA256, f.Sensor = strings.Repeat("ab", 32), "so-tai-chinh"
	})
	c := finding("3", 2, func(f *detector.Finding) {
		f.SrcIP, f.DstIP = netip.MustParseAddr("2001:db8::5"), netip.MustParseAddr("2001:db8:1::7")
		f.Summary.EN, f.Domain = "port scan of a server", "vneid-gov.example"
	})
	write(t, s, a, b, c)
	if _, err := s.PutTriage(ctx, store.Triage{Key: store.GroupKey(&b), Status: store.StatusClosed}); err != nil {
		t.Fatal(err)
	}
	names := map[string]string{a.ID: "a", b.ID: "b", c.ID: "c"}
	f := func(name string, q store.Query, want string) {
		t.Helper()
		got := ""
		for _, id := range find(t, s, q) {
			got += names[id]
		}
		if got != want {
			t.Errorf("Find by %s gives %q, want %q", name, got, want)
		}
		byGroup := ""
		p := groups(t, s, q)
		for _, g := range p.Groups {
			byGroup += names[g.LatestID]
		}
		letters := strings.Split(byGroup, "")
		slices.Sort(letters)
		if strings.Join(letters, "") != want || p.Total != len(want) {
			t.Errorf("Groups by %s gives %q, total %d, want %q", name, byGroup, p.Total, want)
		}
	}
	f("nothing", store.Query{}, "abc")
	f("from", store.Query{From: b.Time}, "bc")
	f("to", store.Query{To: b.Time}, "a")
	f("from and to", store.Query{From: b.Time, To: b.Time.Add(1)}, "b")
	f("empty range", store.Query{From: b.Time, To: b.Time}, "")
	f("severity", store.Query{MinSeverity: detector.Medium}, "ac")
	f("status new", store.Query{Status: []string{store.StatusNew}}, "ac")
	f("status closed", store.Query{Status: []string{store.StatusClosed}}, "b")
	f("two states", store.Query{Status: []string{store.StatusNew, store.StatusClosed}}, "abc")
	f("state nobody is in", store.Query{Status: []string{store.StatusEscalated}}, "")
	f("word", store.Query{Text: "VNeID"}, "ac")
	f("words", store.Query{Text: "scan SERVER"}, "c")
	f("words that only one holds each", store.Query{Text: "scan shop"}, "")
	f("word of a URL", store.Query{Text: "nhap"}, "b")
	f("words in other forms", store.Query{Text: "scan shop", OrText: []string{"port scan", "nhap"}}, "bc")
	f("words in other forms with another field", store.Query{Text: "scan shop", OrText: []string{"port scan", "nhap"}, Rule: []string{"3"}}, "c")
	f("words with operators", store.Query{Text: `scan" OR "shop`}, "")
	f("address", store.Query{IP: []string{"10.1.0.1"}}, "ab")
	f("source address", store.Query{Src: []string{"10.1.0.1", "192.168.0.0/16"}}, "ab")
	f("destination address", store.Query{Dst: []string{"10.1.0.1"}}, "b")
	f("prefix", store.Query{IP: []string{"198.51.100.0/24"}}, "a")
	f("prefix of IPv6", store.Query{IP: []string{"2001:db8::/48"}}, "c")
	f("all of IPv4", store.Query{IP: []string{"0.0.0.0/0"}}, "ab")
	f("two addresses", store.Query{IP: []string{"192.168.1.5", "2001:db8::5"}}, "bc")
	f("host", store.Query{Host: []string{"vneid-gov.example"}}, "c")
	f("host in capitals", store.Query{Host: []string{"Shop.Example"}}, "b")
	f("names below a host", store.Query{Host: []string{"*.vneid-gov.example"}}, "a")
	f("rule", store.Query{Rule: []string{"1", "3"}}, "ac")
	f("not rule", store.Query{Not: &store.Query{Rule: []string{"1"}}}, "bc")
	f("source", store.Query{Source: []string{"fraud"}}, "a")
	f("brand", store.Query{Brand: []string{"vneid"}}, "a")
	f("brand in capitals", store.Query{Brand: []string{"evn", "VNeID"}}, "a")
	f("group", store.Query{Group: []string{store.GroupKey(&c)}}, "c")
	f("groups", store.Query{Group: []string{store.GroupKey(&c), store.GroupKey(&a), "x"}}, "ac")
	f("file", store.Query{SHA256: []string{strings.Repeat("ab", 32)}}, "b")
	f("certificate", store.Query{Cert: []string{strings.Repeat("AB", 20)}}, "a")
	f("JA4", store.Query{JA4: []string{"t13d1516h2_8daaf6152771_b186095e22b6", "t00"}}, "a")
	f("campaign", store.Query{Campaign: []string{"vneid-*.example"}}, "a")
	f("story", store.Query{Chain: []string{"c-1"}}, "a")
	f("story nobody is in", store.Query{Chain: []string{"c-"}}, "")
	f("sensors", store.Query{Sensor: []string{"so-y-te", "so-tai-chinh"}}, "ab")
	f("technique", store.Query{Technique: []string{"T1204"}}, "a")
	f("stage", store.Query{Stage: []string{"visit", "apk"}}, "a")
	f("network of the destination", store.Query{AS: []string{"64500"}}, "a")
	f("network of the source", store.Query{AS: []string{"45899"}}, "a")
	f("country", store.Query{Country: []string{"NL", "DE"}}, "a")
	f("field and time", store.Query{Sensor: []string{"so-y-te"}, From: b.Time}, "")
	for _, n := range []struct {
		name string
		not  store.Query
		want string
	}{
		{"nothing", store.Query{}, "abc"},
		{"severity", store.Query{MinSeverity: detector.Medium}, "b"},
		{"status", store.Query{Status: []string{store.StatusClosed}}, "ac"},
		{"status new", store.Query{Status: []string{store.StatusNew}}, "b"},
		{"address", store.Query{IP: []string{"10.1.0.1"}}, "c"},
		{"source address", store.Query{Src: []string{"10.0.0.0/8"}}, "bc"},
		{"destination address", store.Query{Dst: []string{"10.1.0.1", "2001:db8:1::7"}}, "a"},
		{"host", store.Query{Host: []string{"shop.example"}}, "ac"},
		{"names below a host", store.Query{Host: []string{"*.vneid-gov.example"}}, "bc"},
		{"source", store.Query{Source: []string{"fraud"}}, "bc"},
		{"brand", store.Query{Brand: []string{"VNeID"}}, "bc"},
		{"file", store.Query{SHA256: []string{strings.Repeat("ab", 32)}}, "ac"},
		{"certificate", store.Query{Cert: []string{strings.Repeat("AB", 20)}}, "bc"},
		{"JA4", store.Query{JA4: []string{"t13d1516h2_8daaf6152771_b186095e22b6"}}, "bc"},
		{"campaign", store.Query{Campaign: []string{"vneid-*.example"}}, "bc"},
		{"story", store.Query{Chain: []string{"c-1"}}, "bc"},
		{"sensor", store.Query{Sensor: []string{"so-y-te"}}, "bc"},
		{"technique", store.Query{Technique: []string{"T1566.002"}}, "bc"},
		{"stage", store.Query{Stage: []string{"visit"}}, "bc"},
		{"country", store.Query{Country: []string{"VN"}}, "bc"},
		{"either of two fields", store.Query{Rule: []string{"1"}, Host: []string{"shop.example"}}, "c"},
		{"what is no list", store.Query{Text: "scan", From: b.Time, Group: []string{"x"}}, "abc"},
	} {
		f("not "+n.name, store.Query{Not: &n.not}, n.want)
	}
	f("severity between", store.Query{MinSeverity: detector.Medium, Not: &store.Query{MinSeverity: detector.High}}, "c")
	f("address without a source", store.Query{IP: []string{"10.1.0.1"}, Not: &store.Query{Src: []string{"10.1.0.1"}}}, "b")
	f("brand and later time", store.Query{Brand: []string{"vneid"}, From: b.Time}, "")
	if _, err := s.Find(ctx, store.Query{IP: []string{"999.1.1.1"}}); err == nil {
		t.Error("an address that is none is accepted")
	}
}

func testGroups(t *testing.T, s store.Store) {
	high := func(f *detector.Finding) { f.Severity, f.Score = detector.High, 0.9 }
	a := []detector.Finding{finding("1", 0), finding("1", 6, high), finding("1", 12, func(f *detector.Finding) { f.Domain = "x.example" })}
	b := finding("2", 30)
	c := finding("3", 5, high)
	write(t, s, append(a, b, c)...)
	p := groups(t, s, store.Query{})
	var order []string
	for _, g := range p.Groups {
		order = append(order, g.Rule)
	}
	if p.Total != 3 || !slices.Equal(order, []string{"1", "3", "2"}) {
		t.Fatalf("worst first: total %d, order %v", p.Total, order)
	}
	g := p.Groups[0]
	if g.Key != store.GroupKey(&a[0]) || g.RuleName != "Rule 1" || g.Severity != detector.High || g.Score != 0.9 || g.Count != 3 ||
		g.SrcIP != "10.1.0.1" || g.DstIP != "198.51.100.7" || !g.First.Equal(a[0].Time) || !g.Last.Equal(a[2].Time) ||
		g.LatestID != a[2].ID || g.Domain != "x.example" || g.Status != store.StatusNew || g.Source != detector.FromSignature {
		t.Errorf("group: %+v", g)
	}
	if want := []int{1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}; !slices.Equal(g.Spark, want) {
		t.Errorf("spark line %v, want %v", g.Spark, want)
	}
	p = groups(t, s, store.Query{Descending: true})
	if len(p.Groups) != 3 || p.Groups[0].Rule != "2" || p.Groups[1].Rule != "1" {
		t.Errorf("newest first: %+v", p.Groups)
	}
}

// testGroupTimeRange: a group that only reaches into the range counts what lies in it.
func testGroupTimeRange(t *testing.T, s store.Store) {
	write(t, s, finding("1", 0, func(f *detector.Finding) { f.Severity = detector.Critical }), finding("1", 10), finding("1", 20), finding("2", 0))
	q := store.Query{From: base.Add(5 * time.Minute), To: base.Add(15 * time.Minute)}
	p := groups(t, s, q)
	if p.Total != 1 || len(p.Groups) != 1 || p.Groups[0].Count != 1 || p.Groups[0].Severity != detector.Medium {
		t.Fatalf("%+v", p)
	}
	sum := 0
	for _, n := range p.Groups[0].Spark {
		sum += n
	}
	if sum != 1 || len(p.Groups[0].Spark) != 12 {
		t.Errorf("spark line %v", p.Groups[0].Spark)
	}
}

func testGroupPages(t *testing.T, s store.Store) {
	var fs []detector.Finding
	for i := range 23 {
		fs = append(fs, finding(fmt.Sprintf("r%02d", i), i%3, func(f *detector.Finding) { f.Severity = detector.Severity(1 + i%4) }))
	}
	write(t, s, fs...)
	for _, desc := range []bool{false, true} {
		seen := map[string]bool{}
		q := store.Query{Limit: 5, Descending: desc}
		var last *store.Group
		for pages := 0; ; pages++ {
			p := groups(t, s, q)
			if p.Total != 23 || pages > 5 {
				t.Fatalf("page %d: total %d", pages, p.Total)
			}
			for i := range p.Groups {
				g := &p.Groups[i]
				if seen[g.Key] {
					t.Errorf("%s comes twice", g.Key)
				}
				seen[g.Key] = true
				if last != nil && (desc && g.Last.After(last.Last) || !desc && g.Severity > last.Severity) {
					t.Errorf("%s stands behind %s", g.Key, last.Key)
				}
				last = g
			}
			if q.Cursor = p.Next; p.Next == "" {
				break
			}
		}
		if len(seen) != 23 {
			t.Errorf("descending %v: %d groups in all pages", desc, len(seen))
		}
	}
}

func testTriage(t *testing.T, s store.Store) {
	ctx := context.Background()
	f := finding("1", 0)
	write(t, s, f)
	key := store.GroupKey(&f)
	put := func(tr store.Triage) store.Triage {
		t.Helper()
		got, err := s.PutTriage(ctx, tr)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := put(store.Triage{Key: key, Status: store.StatusSeen, Assignee: "an", Comments: []store.Comment{{Time: base, User: "an", Text: "xem"}},
		History: []store.Change{{Time: base, User: "an", What: "status:seen"}}})
	if first.Version != 1 {
		t.Errorf("version %d after the first write", first.Version)
	}
	if _, err := s.PutTriage(ctx, store.Triage{Key: key, Status: store.StatusClosed}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a write without knowing the first: %v, want ErrConflict", err)
	}
	first.Status, first.Verdict, first.Reason = store.StatusClosed, "false_positive", "máy thử"
	second := put(first)
	got, err := s.Triage(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	if got.Version != second.Version || got.Status != store.StatusClosed || got.Verdict != "false_positive" || got.Assignee != "an" ||
		len(got.Comments) != 1 || got.Comments[0].Text != "xem" || len(got.History) != 1 {
		t.Errorf("%+v", got)
	}
	if p := groups(t, s, store.Query{}); p.Groups[0].Status != store.StatusClosed {
		t.Errorf("group is %q", p.Groups[0].Status)
	}
}

func testTriageFirst(t *testing.T, s store.Store) {
	ctx := context.Background()
	f := finding("1", 0)
	if _, err := s.PutTriage(ctx, store.Triage{Key: store.GroupKey(&f), Status: store.StatusClosed}); err != nil {
		t.Fatal(err)
	}
	write(t, s, f)
	if p := groups(t, s, store.Query{}); len(p.Groups) != 1 || p.Groups[0].Status != store.StatusClosed {
		t.Errorf("%+v", p.Groups)
	}
}

// testHostile: values that a peer chose are data.
func testHostile(t *testing.T, s store.Store) {
	nasty := []string{`'; DROP TABLE findings; --`, `"`, "\x00", "%", "*", "*.", "<script>", strings.Repeat("a", 5000), "\xff\xfe", "​"}
	var fs []detector.Finding
	for i, n := range nasty {
		fs = append(fs, finding(fmt.Sprint("h", i), i, func(f *detector.Finding) {
			f.Rule.Name, f.Domain, f.URL, f.FileName, f.UserAgent = n, n, "http://x/"+n, n, n
			f.RelatedHosts, f.RelatedIPs = []string{n}, []string{"10.1.0.1"}
			f.Certificate = detector.Certificate{Fingerprint: n, Subject: n, Issuer: n}
			f.SHA256, f.JA4, f.CampaignID, f.ChainID, f.Sensor, f.Techniques = n, n, n, n, n, []detector.Technique{{ID: n}, {ID: n}}
		}))
	}
	zero := finding("zero", 0, func(f *detector.Finding) { f.SrcIP, f.DstIP = netip.Addr{}, netip.Addr{} })
	fs = append(fs, zero)
	write(t, s, fs...)
	if got := find(t, s, store.Query{Not: &store.Query{IP: []string{"10.1.0.1"}}}); !slices.Equal(got, []string{zero.ID}) {
		t.Errorf("without the others' address: %v, want the one that has none, %s", got, zero.ID)
	}
	if got := find(t, s, store.Query{}); len(got) != len(fs) {
		t.Errorf("%d of %d come back", len(got), len(fs))
	}
	for _, n := range nasty {
		for _, q := range []store.Query{{Text: n}, {Host: []string{n}}, {Rule: []string{n}}, {Brand: []string{n}}, {Group: []string{n}}, {Status: []string{n}},
			{SHA256: []string{n}, JA4: []string{n}, Cert: []string{n}, Campaign: []string{n}, Chain: []string{n}, Sensor: []string{n}, Technique: []string{n}},
			{Not: &store.Query{Host: []string{n}, Brand: []string{n}, Sensor: []string{n}, Status: []string{n}}}} {
			if _, err := s.Find(context.Background(), q); err != nil {
				t.Errorf("Find(%+v): %v", q, err)
			}
			if _, err := s.Groups(context.Background(), q); err != nil {
				t.Errorf("Groups(%+v): %v", q, err)
			}
		}
	}
}

func testConcurrent(t *testing.T, s store.Store) {
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 5 {
				// Half of what each writes the others write too.
				f := finding(fmt.Sprint(i%2*w), i)
				if err := s.Write(context.Background(), []detector.Finding{f}); err != nil {
					t.Error(err)
				}
				if _, err := s.Groups(context.Background(), store.Query{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	n := 0
	for _, g := range groups(t, s, store.Query{}).Groups {
		n += g.Count
	}
	if ids := find(t, s, store.Query{}); len(ids) != n {
		t.Errorf("%d findings, groups count %d", len(ids), n)
	}
}

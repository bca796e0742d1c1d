package storetest

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

	"khien/detector/store"
)

// event returns the nth event; change adapts it.
func event(n int, change ...func(*store.Event)) store.Event {
	e := store.Event{
		Time: base.Add(time.Duration(n)*time.Second + 123456*time.Microsecond), Type: "dns", Host: "www.example.com", CommunityID: "1:w/rZ6WrlVGXVBZ5WAcQjbX2xsbI=",
		Src: netip.MustParseAddrPort("10.1.0.1:50000"), Dst: netip.MustParseAddrPort("198.51.100.7:53"), FlowID: 1 << 52, Sensor: "so-y-te",
		Body: json.RawMessage(fmt.Sprintf(`{"event_type":"dns","n":%d, "big":9007199254740993}`, n)),
	}
	for _, c := range change {
		c(&e)
	}
	return e
}

func writeEvents(t *testing.T, s store.Store, es ...store.Event) {
	t.Helper()
	if err := s.WriteEvents(t.Context(), es); err != nil {
		t.Fatalf("WriteEvents: %v", err)
	}
}

// events returns the bodies of all pages.
func events(t *testing.T, s store.Store, q store.EventQuery) (bodies []string) {
	t.Helper()
	for range 1000 {
		p, err := s.Events(t.Context(), q)
		if err != nil {
			t.Fatalf("Events(%+v): %v", q, err)
		}
		if q.Limit > 0 && len(p.Events) > q.Limit {
			t.Fatalf("a page of %d, limit %d", len(p.Events), q.Limit)
		}
		for _, e := range p.Events {
			bodies = append(bodies, string(e.Body))
		}
		if q.Cursor = p.Next; p.Next == "" {
			return bodies
		}
	}
	t.Fatal("Events gives pages without end")
	return nil
}

func testEvents(t *testing.T, s store.Store) {
	if got := events(t, s, store.EventQuery{}); got != nil {
		t.Errorf("an empty store has %v", got)
	}
	var want []store.Event
	for i, kind := range store.EventTypes {
		want = append(want, event(i, func(e *store.Event) { e.Type = kind }))
	}
	bare := store.Event{Time: base.Add(time.Hour), Type: "flow", Body: json.RawMessage(`{}`)}
	want = append(want, bare, event(7000, func(e *store.Event) {
		e.Src, e.Dst, e.FlowID = netip.MustParseAddrPort("[2001:db8::1]:1"), netip.MustParseAddrPort("[2001:db8::2]:443"), 1<<53-1
		e.Host, e.Type, e.Cert = "xn--vit-eqa.example", "tls", strings.Repeat("0F", 32)
	}))
	for range 2 {
		writeEvents(t, s, want...)
	}
	p, err := s.Events(t.Context(), store.EventQuery{})
	if err != nil || len(p.Events) != len(want) {
		t.Fatalf("%d events, %v; want %d", len(p.Events), err, len(want))
	}
	for i := range want {
		if err := want[i].Prepare(); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(p.Events[i], want[i]) {
			t.Errorf("event %d is\n%+v, want\n%+v", i, p.Events[i], want[i])
		}
	}
	// The same from another sensor is another event.
	writeEvents(t, s, event(0, func(e *store.Event) { e.Sensor = "other" }))
	if n := len(events(t, s, store.EventQuery{})); n != len(want)+1 {
		t.Errorf("%d events", n)
	}
}

func testEventPages(t *testing.T, s store.Store) {
	var all []store.Event
	for i := range 25 {
		all = append(all, event(i/3, func(e *store.Event) { e.Body = json.RawMessage(fmt.Sprint(i)) })) // three at a time
	}
	writeEvents(t, s, all...)
	want := events(t, s, store.EventQuery{Limit: 1000})
	for _, desc := range []bool{false, true} {
		for _, n := range []int{1, 7, 24, 25, 26} {
			for _, ip := range [][]string{nil, {"10.1.0.1"}, {"10.0.0.0/8"}, {"10.0.0.0/8", "10.1.0.1", "::/0"}} {
				got := events(t, s, store.EventQuery{Limit: n, Descending: desc, IP: ip})
				if desc {
					slices.Reverse(got)
				}
				if !slices.Equal(got, want) || len(want) != 25 {
					t.Errorf("limit %d, descending %v, ip %q: %v, want %v", n, desc, ip, got, want)
				}
			}
		}
	}
}

func testEventFilters(t *testing.T, s store.Store) {
	cert := strings.Repeat("AB", 20)
	set := func(body string, change func(*store.Event)) store.Event {
		return event(0, change, func(e *store.Event) { e.Body = json.RawMessage(`"` + body + `"`) })
	}
	writeEvents(t, s,
		set("a", func(e *store.Event) {}),
		set("b", func(e *store.Event) { e.Time, e.Type, e.Host, e.Cert = base.Add(time.Hour), "tls", "example.com", cert }),
		set("c", func(e *store.Event) {
			e.Time, e.Src, e.Dst = base.Add(2*time.Hour), netip.MustParseAddrPort("198.51.100.7:1"), netip.MustParseAddrPort("10.1.0.2:2")
			e.Host, e.CommunityID = "", "1:x"
		}),
		set("d", func(e *store.Event) {
			e.Time, e.Src, e.Dst = base.Add(3*time.Hour), netip.MustParseAddrPort("[a01::1]:1"), netip.MustParseAddrPort("[a01::2]:2")
			e.Host = "example.community"
		}),
	)
	f := func(q store.EventQuery, want string) {
		t.Helper()
		if got := strings.ReplaceAll(strings.Join(events(t, s, q), ""), `"`, ""); got != want {
			t.Errorf("%+v: %q, want %q", q, got, want)
		}
	}
	f(store.EventQuery{}, "abcd")
	f(store.EventQuery{Descending: true}, "dcba")
	f(store.EventQuery{From: base.Add(time.Hour)}, "bcd")
	f(store.EventQuery{To: base.Add(time.Hour)}, "a")
	f(store.EventQuery{From: base.Add(time.Hour), To: base.Add(3 * time.Hour)}, "bc")
	f(store.EventQuery{Type: "tls"}, "b")
	f(store.EventQuery{IP: []string{"198.51.100.7"}}, "abc")
	f(store.EventQuery{IP: []string{"10.1.0.1"}}, "ab")
	f(store.EventQuery{IP: []string{"10.1.0.0/24"}}, "abc")
	f(store.EventQuery{IP: []string{"10.0.0.0/7"}}, "abc")
	f(store.EventQuery{IP: []string{"a00::/8"}}, "d")
	f(store.EventQuery{IP: []string{"a01::2"}}, "d")
	f(store.EventQuery{IP: []string{"10.1.0.2"}, Type: "dns"}, "c")
	f(store.EventQuery{Host: []string{"example.com"}}, "b")
	f(store.EventQuery{Host: []string{"*.example.com"}}, "a")
	f(store.EventQuery{Host: []string{"WWW.example.com"}}, "a")
	f(store.EventQuery{Cert: []string{cert}}, "b")
	f(store.EventQuery{Cert: []string{strings.Repeat("AC", 20), cert}, IP: []string{"10.1.0.1"}}, "b")
	f(store.EventQuery{Cert: []string{strings.Repeat("AC", 20)}}, "")
	f(store.EventQuery{CommunityID: []string{"1:x"}}, "c")
	f(store.EventQuery{IP: []string{"10.1.0.2", "a01::/16"}}, "cd")
	f(store.EventQuery{Host: []string{"*.example.com", "example.community"}}, "ad")
	f(store.EventQuery{CommunityID: []string{"1:x", "1:y"}, Type: "dns"}, "c")
	f(store.EventQuery{CommunityID: []string{"1:x"}, IP: []string{"10.1.0.1"}}, "")
	for _, q := range []store.EventQuery{{IP: []string{"no"}}, {Cursor: "?"}} {
		if _, err := s.Events(t.Context(), q); err == nil {
			t.Errorf("%+v is no error", q)
		}
	}
}

// testEventRejects: what no store takes does not hold up the rest.
func testEventRejects(t *testing.T, s store.Store) {
	err := s.WriteEvents(t.Context(), []store.Event{event(1), event(2, func(e *store.Event) { e.Type = "stats" }),
		event(3, func(e *store.Event) { e.Body = json.RawMessage("{") }), event(4)})
	var r *store.RejectedError
	if !errors.As(err, &r) || len(r.Documents) != 2 || !strings.Contains(r.Documents[0].Reason, "stats") || !json.Valid(r.Documents[1].Document) {
		t.Errorf("%v", err)
	}
	if n := len(events(t, s, store.EventQuery{})); n != 2 {
		t.Errorf("%d events are stored, want 2", n)
	}
}

// testEventDHCP: what a server grants is found by the client's address and name, though the packet went to all stations.
func testEventDHCP(t *testing.T, s store.Store) {
	grant := func(n int, addr, name string) store.Event {
		line := fmt.Sprintf(`{"timestamp":"2026-11-21T07:29:0%d.000000+0000","event_type":"dhcp","src_ip":"10.0.0.2","src_port":67,"dest_ip":"255.255.255.255","dest_port":68,"proto":"UDP","dhcp":{"type":"reply","assigned_ip":%q,"dhcp_type":"ack","hostname":%q}}`, n, addr, name)
		e, ok, err := store.EventFromEVE([]byte(line), "so-y-te")
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		return e
	}
	one, two := grant(1, "10.0.0.10", "PC-Ke-Toan"), grant(2, "10.0.0.11", "pc-giam-doc")
	writeEvents(t, s, one, two)
	f := func(q store.EventQuery, want ...store.Event) {
		t.Helper()
		var bodies []string
		for _, e := range want {
			bodies = append(bodies, string(e.Body))
		}
		if got := events(t, s, q); !slices.Equal(got, bodies) {
			t.Errorf("%+v: %v, want %v", q, got, bodies)
		}
	}
	f(store.EventQuery{Type: "dhcp"}, one, two)
	f(store.EventQuery{IP: []string{"10.0.0.10"}}, one)
	f(store.EventQuery{IP: []string{"10.0.0.11"}, Type: "dhcp"}, two)
	f(store.EventQuery{IP: []string{"10.0.0.2"}}, one, two)
	f(store.EventQuery{Host: []string{"pc-ke-toan"}}, one)
	f(store.EventQuery{Host: []string{"PC-giam-doc"}, Type: "dhcp"}, two)
}

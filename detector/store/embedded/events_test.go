package embedded

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"khien/detector/store"
)

var eventBase = time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC)

// dnsEvent is an event as big as real ones, of which compression finds little beside the form.
func dnsEvent(r *rand.Rand, i int) store.Event {
	e := store.Event{Time: eventBase.Add(time.Duration(i) * time.Millisecond), Type: "dns", Host: fmt.Sprintf("%x.example.com", r.Uint32()), Sensor: "s",
		Src: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(r.Uint32()), 1}), uint16(r.Uint32())), Dst: netip.MustParseAddrPort("10.0.0.1:53"), FlowID: r.Uint64() >> 11,
		CommunityID: fmt.Sprintf("1:%x", r.Uint64())}
	e.Body = json.RawMessage(fmt.Sprintf(`{"timestamp":"%s","flow_id":%d,"pcap_cnt":%d,"event_type":"dns","src_ip":"%s","src_port":%d,"dest_ip":"10.0.0.1","dest_port":53,"proto":"UDP","ip_v":4,"pkt_src":"wire/pcap","tx_id":0,"dns":{"version":3,"type":"request","tx_id":0,"id":%d,"flags":"100","rd":true,"opcode":0,"rcode":"NOERROR","queries":[{"rrname":"%s","rrtype":"A"}]}}`,
		e.Time.Format("2006-01-02T15:04:05.000000-0700"), e.FlowID, i, e.Src.Addr(), e.Src.Port(), uint16(r.Uint32()), e.Host))
	return e
}

func TestOldEventsGoAndRepeatsAreKnownInOlderParts(t *testing.T) {
	dir := t.TempDir()
	const limit = 4 << 20
	s, err := OpenWith(dir, Config{EventBytes: limit})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	const total = 20_000
	var last []store.Event
	for i := 0; i < total; i += 500 {
		last = last[:0]
		for j := range 500 {
			last = append(last, dnsEvent(r, i+j))
		}
		if err := s.WriteEvents(t.Context(), last); err != nil {
			t.Fatal(err)
		}
		if i == total/2 { // a new part; what comes again is in the older one
			s.events.mu.Lock()
			s.events.parts[len(s.events.parts)-1].size = limit / partShare
			s.events.mu.Unlock()
			if err := s.WriteEvents(t.Context(), last); err != nil {
				t.Fatal(err)
			}
			if p, err := s.Events(t.Context(), store.EventQuery{From: last[0].Time, Limit: 1000}); err != nil || len(p.Events) != 500 {
				t.Fatalf("%d events, %v, after they were written again", len(p.Events), err)
			}
		}
	}
	var size int64
	parts, err := filepath.Glob(filepath.Join(dir, "events-*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range parts {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if size > limit*5/4 || len(s.events.parts) < 3 {
		t.Errorf("%d bytes in %d parts, the limit is %d", size, len(s.events.parts), limit)
	}
	if p, err := s.Events(t.Context(), store.EventQuery{Descending: true, Limit: 1}); err != nil || !p.Events[0].Time.Equal(last[499].Time) {
		t.Errorf("the newest event is gone: %v, %v", p, err)
	}
	if p, err := s.Events(t.Context(), store.EventQuery{Limit: 1}); err != nil || p.Events[0].Time.Equal(eventBase) {
		t.Errorf("the oldest event is still there: %v, %v", p, err)
	}
	// Age is that of the last write.
	old := time.Now().Add(-8 * 24 * time.Hour)
	n := len(s.events.parts)
	s.events.parts[0].written = old
	if err := s.WriteEvents(t.Context(), []store.Event{dnsEvent(r, total)}); err != nil {
		t.Fatal(err)
	}
	if len(s.events.parts) != n-1 {
		t.Errorf("%d parts, want %d: one is 8 days old", len(s.events.parts), n-1)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	if p, err := s.Events(t.Context(), store.EventQuery{IP: []string{last[0].Src.Addr().String()}, From: last[0].Time, To: last[0].Time.Add(1)}); err != nil || len(p.Events) != 1 {
		t.Errorf("after opening again: %v, %v", p, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestBodiesComeBackToTheByte(t *testing.T) {
	for _, b := range []string{`{}`, `"x"`, bodyWords, string(make([]byte, 100_000))} {
		got, err := unpackBody(packBody(nil, json.RawMessage(b)))
		if err != nil || string(got) != b {
			t.Errorf("%.20q: %.20q, %v", b, got, err)
		}
	}
	if _, err := unpackBody([]byte("no frame")); err == nil {
		t.Error("damage is no error")
	}
}

// BenchmarkWriteEvents measures the rate of telemetry and its bytes on disk.
func BenchmarkWriteEvents(b *testing.B) {
	dir := b.TempDir()
	s, err := Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	n := 0
	b.ResetTimer()
	for b.Loop() {
		b.StopTimer()
		batch := make([]store.Event, 1000)
		for i := range batch {
			batch[i] = dnsEvent(r, n)
			n++
		}
		b.StartTimer()
		if err := s.WriteEvents(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "events-000001.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/float64(n), "bytes/event")
}

// BenchmarkFindingSize measures the bytes of a finding on disk.
func BenchmarkFindingSize(b *testing.B) {
	dir := b.TempDir()
	s, err := Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		fs := sample(n+1000, 200)[n:]
		if err := s.Write(b.Context(), fs); err != nil {
			b.Fatal(err)
		}
		n += len(fs)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, fileName))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/float64(n), "bytes/finding")
}

// olderPart makes a part that was written before certificates were a column.
func olderPart(t *testing.T, dir string, number int) *sql.DB {
	t.Helper()
	db, err := open(filepath.Join(dir, fmt.Sprintf("events-%06d.db", number)), "journal_mode(WAL)")
	if err != nil {
		t.Fatal(err)
	}
	for _, stmt := range eventSchema[0] {
		if _, err := db.Exec(stmt); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// TestOpenedBySeveral: a store of an older version is brought up by one of those who open it at the same time.
func TestOpenedBySeveral(t *testing.T) {
	for range 10 {
		dir := t.TempDir()
		for n := range 3 {
			if err := olderPart(t, dir, n+1).Close(); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		begin := make(chan struct{})
		for range 6 {
			wg.Go(func() {
				<-begin
				s, err := Open(dir)
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		close(begin)
		wg.Wait()
	}
}

// TestOlderPart: a part that was written before certificates were a column is read, and takes events that have one.
func TestOlderPart(t *testing.T) {
	dir := t.TempDir()
	db := olderPart(t, dir, 1)
	old := dnsEvent(rand.New(rand.NewPCG(3, 4)), 1)
	if _, err := db.Exec(`INSERT INTO events (time, eid, type, sport, dport, flow, sensor, body) VALUES (?, 1, 'dns', 0, 0, 0, '', ?)`, nanos(old.Time), packBody(nil, old.Body)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to bring up
		s, err := OpenWith(dir, Config{})
		if err != nil {
			t.Fatal(err)
		}
		e := old
		e.Type, e.Cert, e.Time = "tls", strings.Repeat("AB", 20), old.Time.Add(time.Second)
		if err := s.WriteEvents(t.Context(), []store.Event{e}); err != nil {
			t.Fatal(err)
		}
		if p, err := s.Events(t.Context(), store.EventQuery{}); err != nil || len(p.Events) != 2 || p.Events[0].Cert != "" || p.Events[1].Cert != e.Cert {
			t.Errorf("%+v, %v", p.Events, err)
		}
		if p, err := s.Events(t.Context(), store.EventQuery{Cert: []string{e.Cert}}); err != nil || len(p.Events) != 1 {
			t.Errorf("%+v, %v", p.Events, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLeasesHaveAnIndex: what an address was granted is found without looking at its other events.
func TestLeasesHaveAnIndex(t *testing.T) {
	s := openAt(t, t.TempDir())
	defer s.Close()
	if err := s.WriteEvents(t.Context(), []store.Event{{Time: time.Unix(1, 0), Type: "dhcp", Dst: netip.MustParseAddrPort("10.1.2.3:68"), Body: []byte("{}")}}); err != nil {
		t.Fatal(err)
	}
	c := eventClause(store.EventQuery{Type: "dhcp", To: time.Unix(9, 0)})
	for _, column := range []string{"src", "dst"} {
		var id, parent, unused int
		var plan string
		err := s.events.parts[0].r.QueryRow("EXPLAIN QUERY PLAN SELECT body FROM events WHERE "+c.String()+" AND "+column+" = x'0a010203' ORDER BY time DESC LIMIT 3", c.args...).Scan(&id, &parent, &unused, &plan)
		if err != nil || !strings.Contains(plan, "events_lease_"+column) {
			t.Errorf("%s, %v", plan, err)
		}
	}
}

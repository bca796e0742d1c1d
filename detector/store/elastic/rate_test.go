package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esutil"

	"khien/detector"
	"khien/detector/store"
)

// real returns findings as large as those of fraud, each about something else.
func real(from, n int) []detector.Finding {
	out := make([]detector.Finding, n)
	for i := range out {
		k := from + i
		f := finding(k)
		f.Rule.ID = strconv.Itoa(1000 + k%200)
		f.SrcIP = netip.AddrFrom4([4]byte{10, 20, byte(k >> 8 & 31), byte(k)})
		f.Domain = fmt.Sprintf("vneid-capnhat-%d.example", k%997)
		f.Summary = detector.Text{VI: "Máy trạm truy cập tên miền bắt chước VNeID " + f.Domain, EN: "A client connected to a name that imitates VNeID, " + f.Domain}
		f.Reasons = []detector.Reason{{Text: detector.Text{VI: "tên bắt chước VNeID", EN: "name imitates VNeID"}, Weight: 0.41, Buffer: "tls.sni", Length: 5, Excerpt: []byte(f.Domain)}}
		f.Fraud = &detector.Fraud{Kind: "lookalike", Brand: "vneid", Stage: "visit", Visibility: "seen", Score: 0.97}
		f.RelatedIPs, f.RelatedHosts, f.Sensor, f.Transport, f.App = []string{f.SrcIP.String()}, []string{f.Domain}, "so-y-te", "tcp", "tls"
		f.Time = f.Time.Add(time.Duration(k) * time.Second)
		f.Identify(strconv.Itoa(k))
		out[i] = f
	}
	return out
}

// TestRate compares the rate of Write with that of esutil.BulkIndexer on the same documents in the same run. A machine that
// others use, too, makes some runs worthless: the best of three counts.
func TestRate(t *testing.T) {
	s, plain := open(t), open(t)
	s.cfg.Refresh, plain.cfg.Refresh = false, false
	const total, tries = 20_000, 3
	ctx := context.Background()
	warm := real(tries*total, 2000)
	for _, x := range []*Store{s, plain} {
		if err := x.Write(ctx, warm); err != nil {
			t.Fatal(err)
		}
	}
	stored, ratio := len(warm), 0.0
	for try := 0; try < tries && ratio < 0.7; try++ {
		ours, theirs := race(t, s, plain, real(try*total, total))
		stored += total
		ratio = theirs.Seconds() / ours.Seconds()
		t.Logf("%d findings: Write %.0f/s, BulkIndexer %.0f/s, %.0f %%", total, total/ours.Seconds(), total/theirs.Seconds(), 100*ratio)
	}
	if ratio < 0.7 {
		t.Errorf("Write reaches %.0f %% of BulkIndexer, want 70 %%", 100*ratio)
	}
	for _, x := range []*Store{s, plain} {
		if err := x.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		var n struct{ Count int }
		if err := x.do(ctx, "GET", "/"+x.stream+"/_count", nil, &n); err != nil || n.Count != stored {
			t.Errorf("%d findings are stored, want %d, %v", n.Count, stored, err)
		}
	}
}

// race writes findings to both stores, in turns, so that what else the machine does meets both.
func race(t *testing.T, s, plain *Store, fs []detector.Finding) (ours, theirs time.Duration) {
	t.Helper()
	ctx := context.Background()
	for part := range slices.Chunk(fs, 4000) {
		begin := time.Now()
		for batch := range slices.Chunk(part, 1000) { // as the spool drains
			if err := s.Write(ctx, batch); err != nil {
				t.Fatal(err)
			}
		}
		ours += time.Since(begin)
		begin = time.Now()
		b, err := esutil.NewBulkIndexer(esutil.BulkIndexerConfig{Client: plain.client, Index: plain.stream})
		if err != nil {
			t.Fatal(err)
		}
		for i := range part {
			doc, err := document(&part[i])
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Add(ctx, esutil.BulkIndexerItem{Action: "create", DocumentID: part[i].ID, Body: bytes.NewReader(doc)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Close(ctx); err != nil {
			t.Fatal(err)
		}
		theirs += time.Since(begin)
		if n := b.Stats().NumFailed; n > 0 {
			t.Fatalf("BulkIndexer failed %d times", n)
		}
	}
	return ours, theirs
}

// TestScale measures the bytes of findings and events and the time of the inbox. KHIEN_TEST_SCALE is the number of findings.
func TestScale(t *testing.T) {
	total, err := strconv.Atoi(os.Getenv("KHIEN_TEST_SCALE"))
	if err != nil {
		t.Skip("set KHIEN_TEST_SCALE to the number of findings, 1000000 for the figures of deploy/SCALE.md")
	}
	s := open(t)
	s.cfg.Refresh = false
	ctx := context.Background()
	begin := time.Now()
	for at := 0; at < total; at += 5000 {
		if err := s.Write(ctx, real(at, min(5000, total-at))); err != nil {
			t.Fatal(err)
		}
	}
	wrote := time.Since(begin)
	events := make([]store.Event, 20_000)
	for i := range events {
		events[i] = store.Event{Time: time.Unix(int64(i), 0).UTC(), Type: "dns", Host: fmt.Sprintf("%x.example.com", i*7919), Sensor: "s", FlowID: uint64(i),
			Src: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), uint16(i)), Dst: netip.MustParseAddrPort("10.0.0.1:53"),
			CommunityID: fmt.Sprintf("1:%x", i*104729), Body: json.RawMessage(fmt.Sprintf(`{"timestamp":"2026-11-21T07:29:02.123456+0000","flow_id":%d,"event_type":"dns","src_ip":"10.0.%d.%d","src_port":%d,"dest_ip":"10.0.0.1","dest_port":53,"proto":"UDP","ip_v":4,"pkt_src":"wire/pcap","tx_id":0,"dns":{"version":3,"type":"request","tx_id":0,"id":%d,"flags":"100","rd":true,"opcode":0,"rcode":"NOERROR","queries":[{"rrname":"%x.example.com","rrtype":"A"}]}}`,
				i, i>>8, i&255, i&0xffff, i&0xffff, i*7919))}
	}
	if err := s.WriteEvents(ctx, events); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		what, stream string
		n            int
	}{{"finding", s.stream, total}, {"event", s.eventStream("dns"), len(events)}} {
		if err := s.do(ctx, "POST", "/"+x.stream+"/_forcemerge?max_num_segments=1", nil, nil); err != nil {
			t.Fatal(err)
		}
		var size struct {
			All struct {
				Primaries struct {
					Store struct {
						Bytes int64 `json:"size_in_bytes"`
					} `json:"store"`
				} `json:"primaries"`
			} `json:"_all"`
		}
		if err := s.do(ctx, "GET", "/"+x.stream+"/_stats/store", nil, &size); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d bytes a %s", size.All.Primaries.Store.Bytes/int64(x.n), x.what)
	}
	t.Logf("%d findings written at %.0f/s", total, float64(total)/wrote.Seconds())
	last := real(total-1, 1)[0].Time
	for _, x := range []struct {
		what string
		q    store.Query
	}{{"all", store.Query{}}, {"new", store.Query{Status: []string{store.StatusNew}}},
		{"new, of a week", store.Query{Status: []string{store.StatusNew}, From: last.Add(-7 * 24 * time.Hour)}},
		{"of a day", store.Query{From: last.Add(-24 * time.Hour)}}} {
		x.q.Limit = 50
		var times []time.Duration
		for range 11 {
			begin := time.Now()
			if p, err := s.Groups(ctx, x.q); err != nil || len(p.Groups) != 50 {
				t.Fatalf("%d groups, %v", len(p.Groups), err)
			}
			times = append(times, time.Since(begin).Round(time.Millisecond))
		}
		slices.Sort(times)
		t.Logf("the inbox of 50 groups, %s: %v in the middle, %v to %v", x.what, times[5], times[0], times[10])
	}
}

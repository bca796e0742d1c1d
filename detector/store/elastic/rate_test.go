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

// TestRate compares the rate of Write with that of esutil.BulkIndexer on the same documents in the same run.
func TestRate(t *testing.T) {
	s, plain := open(t), open(t)
	s.cfg.Refresh, plain.cfg.Refresh = false, false
	const total = 20_000
	fs := real(0, total)
	ctx := context.Background()
	warm := real(total, 2000)
	if err := s.Write(ctx, warm); err != nil {
		t.Fatal(err)
	}
	if err := plain.Write(ctx, warm); err != nil {
		t.Fatal(err)
	}
	// In turns, so that what else the machine does meets both.
	var ours, theirs time.Duration
	var ratios []float64
	const part = 4000
	for at := 0; at < total; at += part {
		begin := time.Now()
		for i := at; i < at+part; i += 1000 { // as the spool drains
			if err := s.Write(ctx, fs[i:i+1000]); err != nil {
				t.Fatal(err)
			}
		}
		mine := time.Since(begin)
		ours += mine
		begin = time.Now()
		b, err := esutil.NewBulkIndexer(esutil.BulkIndexerConfig{Client: plain.client, Index: plain.stream})
		if err != nil {
			t.Fatal(err)
		}
		for i := range fs[at : at+part] {
			doc, err := document(&fs[at+i])
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Add(ctx, esutil.BulkIndexerItem{Action: "create", DocumentID: fs[at+i].ID, Body: bytes.NewReader(doc)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Close(ctx); err != nil {
			t.Fatal(err)
		}
		theirs += time.Since(begin)
		ratios = append(ratios, time.Since(begin).Seconds()/mine.Seconds())
		if n := b.Stats().NumFailed; n > 0 {
			t.Fatalf("BulkIndexer failed %d times", n)
		}
	}
	// A pause of the machine meets one turn of one side: the middle turn counts.
	slices.Sort(ratios)
	ratio := ratios[len(ratios)/2]
	t.Logf("%d findings: Write %.0f/s, BulkIndexer %.0f/s, %.0f %% in the middle of %d turns (%.0f to %.0f)", total, total/ours.Seconds(), total/theirs.Seconds(),
		100*ratio, len(ratios), 100*ratios[0], 100*ratios[len(ratios)-1])
	if ratio < 0.7 {
		t.Errorf("Write reaches %.0f %% of BulkIndexer, want 70 %%", 100*ratio)
	}
	for _, x := range []*Store{s, plain} {
		if err := x.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		var n struct{ Count int }
		if err := x.do(ctx, "GET", "/"+x.stream+"/_count", nil, &n); err != nil || n.Count != total+len(warm) {
			t.Errorf("%d findings are stored, %v", n.Count, err)
		}
	}
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
	var times []time.Duration
	for range 11 {
		begin := time.Now()
		if p, err := s.Groups(ctx, store.Query{Limit: 50}); err != nil || len(p.Groups) != 50 {
			t.Fatalf("%d groups, %v", len(p.Groups), err)
		}
		times = append(times, time.Since(begin))
	}
	t.Logf("%d findings written at %.0f/s; the inbox of 50 groups takes %v", total, float64(total)/wrote.Seconds(), times)
}

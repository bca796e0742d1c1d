package ring

import (
	"encoding/binary"
	"io"
	"net/netip"
	"os"
	"strconv"
	"testing"
	"time"

	"khien/sensor"
	"khien/sensor/capture"
	"khien/sensor/decode"
)

// BenchmarkCarve carves one flow out of a store of KHIEN_RING_GB gigabytes (a quarter when it is not set), in which every
// flow lives for 20,000 packets, and out of the few minutes around it.
func BenchmarkCarve(b *testing.B) {
	gb := 0.25
	if v := os.Getenv("KHIEN_RING_GB"); v != "" {
		var err error
		if gb, err = strconv.ParseFloat(v, 64); err != nil {
			b.Fatal(err)
		}
	}
	dir := b.TempDir()
	n, took := fill(b, dir, int(gb*1e9))
	b.Logf("%d packets written in %v", n, took)
	id := FlowID(17, netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), 53), netip.AddrPortFrom(netip.MustParseAddr("10.0.0.2"), uint16(n/2/2000*100)))
	run := func(name string, q Query) {
		b.Run(name, func(b *testing.B) {
			var res Result
			for b.Loop() {
				var err error
				if res, err = Carve(dir, io.Discard, q, capture.Section{}); err != nil || res.Packets == 0 {
					b.Fatal(res, err)
				}
			}
			b.ReportMetric(float64(res.Parts), "parts")
			b.ReportMetric(float64(res.Packets), "packets")
		})
	}
	middle := int64(n) / 2 * int64(time.Microsecond)
	run("flow", Query{CommunityID: id})
	run("flow-and-time", Query{CommunityID: id, From: middle - int64(50*time.Millisecond), To: middle + int64(50*time.Millisecond)})
	run("time", Query{From: middle - int64(10*time.Millisecond), To: middle + int64(10*time.Millisecond)})
}

// fill stores packets of 758 bytes, one a microsecond: 100 flows at a time, which end after 2,000 packets of all.
func fill(b *testing.B, dir string, bytes int) (n int, took time.Duration) {
	s := open(b, Config{Dir: dir, Quota: 1 << 40, PartBytes: 64 << 20, Plain: -1})
	r := s.Recorder("eth0")
	frame := numbered(0)
	dec := decode.New(decode.Config{})
	e := &sensor.Event{Kind: sensor.KindPacket}
	start := time.Now()
	for ; n*len(frame) < bytes; n++ {
		binary.BigEndian.PutUint16(frame[36:], uint16(n/2000*100+n%100))
		p := sensor.Packet{Time: int64(n+1) * 1000, Data: frame, Length: len(frame), Link: sensor.LinkEthernet, Number: uint64(n + 1)}
		e.Segment = dec.Decode(&p)[0]
		r.Handle(e)
		for len(s.free) < 4 {
			time.Sleep(time.Millisecond)
		}
	}
	r.Close()
	closeStore(b, s)
	return n, time.Since(start)
}

// BenchmarkRecorder is what the packet path pays for a packet of 758 bytes.
func BenchmarkRecorder(b *testing.B) {
	s := open(b, Config{Quota: 64 << 20, PartBytes: 16 << 20, Plain: -1})
	r := s.Recorder("eth0")
	frame := numbered(0)
	p := sensor.Packet{Time: 1, Data: frame, Length: len(frame), Link: sensor.LinkEthernet}
	e := &sensor.Event{Kind: sensor.KindPacket, Segment: decode.New(decode.Config{}).Decode(&p)[0]}
	b.ReportAllocs()
	for b.Loop() {
		r.Handle(e)
	}
	r.Close()
	n := s.Stats()
	b.ReportMetric(float64(n.Dropped)/float64(max(n.Dropped+n.Stored, 1)), "dropped/packet")
	closeStore(b, s)
}

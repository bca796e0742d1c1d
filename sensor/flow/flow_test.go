package flow

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"khien/sensor"
)

const second = int64(time.Second)

// segment makes a segment from "src:port>dst:port".
func segment(t testing.TB, proto uint8, ends string, at int64) *sensor.Segment {
	t.Helper()
	from, to, ok := strings.Cut(ends, ">")
	src, err := netip.ParseAddrPort(from)
	dst, err2 := netip.ParseAddrPort(to)
	if !ok || err != nil || err2 != nil {
		t.Fatalf("%q: %v %v", ends, err, err2)
	}
	version := uint8(4)
	if src.Addr().Is6() {
		version = 6
	}
	return &sensor.Segment{
		Packet: &sensor.Packet{Time: at, Length: 100, Number: uint64(at/second) + 1}, IPVersion: version, IPProto: proto,
		Src: src.Addr(), Dst: dst.Addr(), SrcPort: src.Port(), DstPort: dst.Port(), L4: []byte{}, WindowScale: -1, Length: 100,
	}
}

func TestLookup(t *testing.T) {
	table := NewTable(Config{Seed: "a.pcap"})
	s := segment(t, sensor.IPProtoUDP, "10.0.0.1:5000>8.8.8.8:53", 0)
	f, dir, isNew := table.Lookup(s)
	if f == nil || dir != sensor.ToServer || !isNew || f.SrcPort != 5000 || f.State != sensor.FlowNew {
		t.Fatalf("first packet: %+v %v %v", f, dir, isNew)
	}
	f2, dir, isNew := table.Lookup(segment(t, sensor.IPProtoUDP, "8.8.8.8:53>10.0.0.1:5000", second))
	if f2 != f || dir != sensor.ToClient || isNew || f.State != sensor.FlowEstablished {
		t.Fatalf("answer: %v %v %v %v", f2 == f, dir, isNew, f.State)
	}
	if f.Packets != [2]uint64{1, 1} || f.Bytes != [2]uint64{100, 100} || f.Last != second {
		t.Errorf("counted %v %v, last %d", f.Packets, f.Bytes, f.Last)
	}
	tagged := segment(t, sensor.IPProtoUDP, "10.0.0.1:5000>8.8.8.8:53", 0)
	tagged.VLAN, tagged.VLANs = [3]uint16{7}, 1
	if f3, _, isNew := table.Lookup(tagged); f3 == f || !isNew {
		t.Error("another VLAN is the same flow")
	}
	for name, change := range map[string]func(*sensor.Segment){
		"fragment": func(s *sensor.Segment) { s.Fragment = true },
		"invalid":  func(s *sensor.Segment) { s.Invalid = true },
		"no IP":    func(s *sensor.Segment) { s.IPVersion = 0 },
		"no UDP":   func(s *sensor.Segment) { s.L4 = nil },
	} {
		s := *s
		if change(&s); true {
			if f, _, _ := table.Lookup(&s); f != nil {
				t.Errorf("%s has a flow", name)
			}
		}
	}
}

func TestClient(t *testing.T) {
	table := NewTable(Config{})
	s := segment(t, sensor.IPProtoTCP, "10.0.0.1:80>10.0.0.2:40000", 0)
	s.Flags = sensor.SYN | sensor.ACK
	f, dir, _ := table.Lookup(s)
	if dir != sensor.ToClient || f.SrcPort != 40000 || f.DstPort != 80 || f.Packets != [2]uint64{0, 1} {
		t.Errorf("SYN and ACK first: %v, client port %d, packets %v", dir, f.SrcPort, f.Packets)
	}
	if src, port, _, _ := f.Endpoints(sensor.ToClient); src != s.Src || port != 80 {
		t.Errorf("endpoints to the client: %v %d", src, port)
	}
}

func TestMidstreamSides(t *testing.T) {
	for _, midstream := range []bool{false, true} {
		s := segment(t, sensor.IPProtoTCP, "10.0.0.1:80>10.0.0.2:40000", 0)
		s.Flags = sensor.ACK
		if f, dir, _ := NewTable(Config{Midstream: midstream}).Lookup(s); dir == sensor.ToClient != midstream || f.DstPort == 80 != midstream {
			t.Errorf("midstream %v: %v, server port %d", midstream, dir, f.DstPort)
		}
	}
}

func TestICMP(t *testing.T) {
	table := NewTable(Config{})
	icmp := func(proto uint8, ends string, kind, code uint8) (*sensor.Flow, sensor.Dir, bool) {
		s := segment(t, proto, ends, 0)
		s.SrcPort, s.DstPort, s.ICMPType, s.ICMPCode = 0, 0, kind, code
		return table.Lookup(s)
	}
	f, _, _ := icmp(1, "10.0.0.2:0>10.0.0.1:0", 8, 0)
	if g, dir, isNew := icmp(1, "10.0.0.1:0>10.0.0.2:0", 0, 0); g != f || dir != sensor.ToClient || isNew {
		t.Error("an echo and its reply are two flows")
	}
	if g, dir, _ := icmp(1, "10.0.0.1:0>10.0.0.2:0", 8, 0); g == f || dir != sensor.ToServer {
		t.Error("echoes of both sides are one flow")
	}
	if g, _, _ := icmp(1, "10.0.0.2:0>10.0.0.1:0", 3, 1); g == f {
		t.Error("an echo and an error are one flow")
	}
	f, _, _ = icmp(58, "[fe80::1]:0>[fe80::2]:0", 135, 0)
	if g, dir, _ := icmp(58, "[fe80::2]:0>[fe80::1]:0", 136, 0); g != f || dir != sensor.ToClient {
		t.Error("a solicitation and its advertisement are two flows")
	}
}

func TestTimeouts(t *testing.T) {
	table := NewTable(Config{})
	var ended []string
	end := func(f *sensor.Flow) { ended = append(ended, f.Src.String()+" "+f.EndReason+" "+f.State.String()) }
	table.Lookup(segment(t, sensor.IPProtoUDP, "10.0.0.1:1>10.9.9.9:53", 0))
	table.Lookup(segment(t, sensor.IPProtoUDP, "10.0.0.2:1>10.9.9.9:53", second))
	table.Lookup(segment(t, sensor.IPProtoUDP, "10.9.9.9:53>10.0.0.2:1", 2*second))
	f, _, _ := table.Lookup(segment(t, sensor.IPProtoTCP, "10.0.0.3:1>10.9.9.9:80", 3*second))
	f.TCPState, f.State = sensor.TCPClosed, sensor.FlowClosed // as the stream stage does behind Lookup
	table.Lookup(segment(t, sensor.IPProtoTCP, "10.0.0.4:1>10.9.9.9:80", 4*second))
	step := func(now int64, want ...string) {
		t.Helper()
		ended = nil
		table.Expire(now, end)
		if strings.Join(ended, ", ") != strings.Join(want, ", ") {
			t.Errorf("at %d s: %q, want %q", now/second, ended, want)
		}
	}
	step(30 * second)
	step(31*second, "10.0.0.1 timeout new")
	step(64*second, "10.0.0.3 timeout closed")
	step(65*second, "10.0.0.4 timeout new")
	step(302 * second)
	step(303*second, "10.0.0.2 timeout established")
	if table.Len() != 0 {
		t.Errorf("%d flows left", table.Len())
	}
}

// A packet after the timeout opens a new flow even where nobody called Expire in between.
func TestLateOrReused(t *testing.T) {
	var ended []string
	table := NewTable(Config{OnReuse: func(f *sensor.Flow) { ended = append(ended, f.EndReason) }})
	ends := "10.0.0.1:5000>10.9.9.9:80"
	f, _, _ := table.Lookup(segment(t, sensor.IPProtoTCP, ends, 0))
	first := f.ID
	f, _, isNew := table.Lookup(segment(t, sensor.IPProtoTCP, ends, 100*second))
	if !isNew || f.ID == first {
		t.Error("a packet after the timeout belongs to the old flow")
	}
	f.TCPState, f.State = sensor.TCPClosed, sensor.FlowClosed
	s := segment(t, sensor.IPProtoTCP, "10.9.9.9:80>10.0.0.1:5000", 101*second)
	s.Flags = sensor.SYN
	f, dir, isNew := table.Lookup(s)
	if !isNew || dir != sensor.ToServer || f.Src != s.Src {
		t.Errorf("a SYN on a closed flow: new %v, %v", isNew, dir)
	}
	f.TCPState = sensor.TCPSynSent
	s = segment(t, sensor.IPProtoTCP, ends, 102*second)
	s.Flags = sensor.SYN
	if _, _, isNew = table.Lookup(s); isNew {
		t.Error("a SYN on an open flow opens another")
	}
	table.Lookup(segment(t, sensor.IPProtoTCP, "10.9.9.9:80>10.0.0.7:5000", 103*second)) // the start was missed
	s = segment(t, sensor.IPProtoTCP, "10.0.0.7:5000>10.9.9.9:80", 104*second)
	s.Flags = sensor.SYN
	if f, _, isNew = table.Lookup(s); !isNew || f.DstPort != 80 {
		t.Errorf("a SYN after the answers of an unseen connection: new %v, to port %d", isNew, f.DstPort)
	}
	if strings.Join(ended, " ") != "timeout tcp_reuse tcp_reuse" {
		t.Errorf("ended: %v", ended)
	}
}

func TestAnswerThatOpensAFlow(t *testing.T) {
	table := NewTable(Config{Answers: func(s *sensor.Segment) bool { return s.SrcPort == 5355 }})
	f, dir, isNew := table.Lookup(segment(t, sensor.IPProtoUDP, "10.0.0.9:5355>10.0.0.1:5000", 0))
	if !isNew || dir != sensor.ToClient || f.DstPort != 5355 || f.Packets != [2]uint64{0, 1} {
		t.Errorf("new %v, %v to port %d, packets %v", isNew, dir, f.DstPort, f.Packets)
	}
	if _, dir, isNew = table.Lookup(segment(t, sensor.IPProtoUDP, "10.0.0.1:5000>10.0.0.9:5355", 1)); isNew || dir != sensor.ToServer {
		t.Errorf("the client's datagram: new %v, %v", isNew, dir)
	}
}

func TestLimitAndFlush(t *testing.T) {
	var ended []uint16
	table := NewTable(Config{MaxFlows: 3, OnReuse: func(f *sensor.Flow) {
		if f.EndReason != "forced" {
			t.Errorf("reason %q", f.EndReason)
		}
		ended = append(ended, f.SrcPort)
	}})
	for i, ends := range []string{"1.1.1.1:1>2.2.2.2:9", "1.1.1.1:2>2.2.2.2:9", "1.1.1.1:3>2.2.2.2:9", "1.1.1.1:1>2.2.2.2:9", "1.1.1.1:4>2.2.2.2:9"} {
		table.Lookup(segment(t, sensor.IPProtoUDP, ends, int64(i)*second))
	}
	if len(ended) != 1 || ended[0] != 2 {
		t.Errorf("made room by ending %v, want the one that was silent longest", ended)
	}
	ended = nil
	table.Flush(func(f *sensor.Flow) { ended = append(ended, f.SrcPort) })
	if len(ended) != 3 || ended[0] != 1 || ended[1] != 3 || ended[2] != 4 || table.Len() != 0 {
		t.Errorf("flushed %v, %d left", ended, table.Len())
	}
}

func TestIDs(t *testing.T) {
	id := func(seed, ends string, at int64) uint64 {
		f, _, _ := NewTable(Config{Seed: seed}).Lookup(segment(t, sensor.IPProtoUDP, ends, at))
		return f.ID
	}
	a := id("x", "1.1.1.1:1>2.2.2.2:2", 5)
	if a != id("x", "1.1.1.1:1>2.2.2.2:2", 5) || a == 0 || a >= 1<<53 {
		t.Errorf("ID %d is not stable or has more than 53 bits", a)
	}
	for _, b := range []uint64{id("y", "1.1.1.1:1>2.2.2.2:2", 5), id("x", "1.1.1.1:1>2.2.2.2:2", 6), id("x", "1.1.1.1:1>2.2.2.2:3", 5)} {
		if a == b {
			t.Error("different flows have the same ID")
		}
	}
}

func TestCommunityID(t *testing.T) {
	f := func(proto uint8, ends string, kind, code uint8, want string) {
		t.Helper()
		s := segment(t, proto, ends, 0)
		if got := CommunityID(&sensor.Flow{Src: s.Src, Dst: s.Dst, SrcPort: s.SrcPort, DstPort: s.DstPort, Proto: proto, ICMPType: kind, ICMPCode: code}); got != want {
			t.Errorf("%d %s %d: %s, want %s", proto, ends, kind, got, want)
		}
	}
	// Vectors of the specification's baseline files, seed 0.
	f(6, "128.232.110.120:34855>66.35.250.204:80", 0, 0, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=")
	f(6, "66.35.250.204:80>128.232.110.120:34855", 0, 0, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=")
	f(17, "192.168.1.52:54585>8.8.8.8:53", 0, 0, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=")
	f(17, "8.8.8.8:53>192.168.1.52:54585", 0, 0, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=")
	f(1, "192.168.0.89:0>192.168.0.1:0", 8, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=")
	f(1, "192.168.0.1:0>192.168.0.89:0", 0, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=")
	f(132, "192.168.170.8:7>192.168.170.56:7", 0, 0, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=")
	f(58, "[fe80::200:86ff:fe05:80da]:0>[fe80::260:97ff:fe07:69ea]:0", 135, 0, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=")
	f(58, "[fe80::260:97ff:fe07:69ea]:0>[fe80::200:86ff:fe05:80da]:0", 136, 0, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=")
}

func TestHash(t *testing.T) {
	a := segment(t, sensor.IPProtoTCP, "10.0.0.1:5000>10.0.0.2:80", 0)
	b := segment(t, sensor.IPProtoTCP, "10.0.0.2:80>10.0.0.1:5000", 0)
	if Hash(a) != Hash(b) {
		t.Error("the directions of a flow have different hashes")
	}
	var bins [8]int
	for i := range 8000 {
		a.SrcPort = uint16(1024 + i)
		bins[Hash(a)%8]++
	}
	for i, n := range bins {
		if n < 800 || n > 1200 {
			t.Errorf("%d of 8000 flows go to worker %d of 8", n, i)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	table := NewTable(Config{})
	a, b := segment(t, sensor.IPProtoTCP, "10.0.0.1:5000>10.0.0.2:80", 0), segment(t, sensor.IPProtoTCP, "10.0.0.2:80>10.0.0.1:5000", 0)
	if n := testing.AllocsPerRun(1000, func() { table.Lookup(a); table.Lookup(b) }); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
	port := uint16(0)
	cycle := func() { // flows come and go
		port++
		a.SrcPort = port
		f, _, _ := table.Lookup(a)
		table.Remove(f)
	}
	for range 1 << 16 {
		cycle()
	}
	if n := testing.AllocsPerRun(1000, cycle); n != 0 {
		t.Errorf("%v allocations a flow", n)
	}
}

// FuzzTable checks the table against a map from the normalised key to a count of packets.
func FuzzTable(f *testing.F) {
	f.Add([]byte{1, 2, 6, 3, 2, 1, 6, 3, 9, 1, 17, 200})
	f.Fuzz(func(t *testing.T, script []byte) {
		table := NewTable(Config{MaxFlows: 1 << 10})
		type id struct {
			a, b  netip.AddrPort
			proto uint8
		}
		packets := map[id]uint64{}
		for len(script) >= 4 {
			src := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, script[0] & 3}), uint16(script[0]>>6))
			dst := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, script[1] & 3}), uint16(script[1]>>6))
			proto := []uint8{6, 17, 132}[script[2]%3]
			script = script[4:]
			s := segment(t, proto, src.String()+">"+dst.String(), 0)
			k := id{src, dst, proto}
			if src.Compare(dst) > 0 {
				k.a, k.b = dst, src
			}
			packets[k]++
			fl, dir, isNew := table.Lookup(s)
			if isNew != (packets[k] == 1) || fl.Packets[0]+fl.Packets[1] != packets[k] {
				t.Fatalf("%v: new %v, %v packets; want %d", k, isNew, fl.Packets, packets[k])
			}
			if a, p, _, _ := fl.Endpoints(dir); a != s.Src || p != s.SrcPort {
				t.Fatalf("%v: direction %v", k, dir)
			}
		}
		if table.Len() != len(packets) {
			t.Errorf("%d flows, want %d", table.Len(), len(packets))
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	table := NewTable(Config{})
	segs := make([]*sensor.Segment, 4096)
	for i := range segs {
		segs[i] = segment(b, sensor.IPProtoTCP, "10.0.0.1:5000>10.0.0.2:80", 0)
		segs[i].SrcPort = uint16(i)
	}
	i := 0
	for b.Loop() {
		table.Lookup(segs[i&4095])
		i++
	}
}

package ring

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/gopacket/pcapgo"

	"khien/sensor"
	"khien/sensor/capture"
	"khien/sensor/decode"
	"khien/sensor/pipeline"
	"khien/sensor/sensortest"
)

// traffic is some flows, of which those of a repeat are alike but for their ports.
const traffic = `time 2026-11-21T14:29:02+07:00
dns 10.20.3.14 vneid-gov.example A 203.0.113.9
repeat 20 every 1s
http 10.20.3.14 > 203.0.113.9:80
> GET /{i} HTTP/1.1
> Host: vneid-gov.example
>
< HTTP/1.1 200 OK
<
<* 3000 x
end
tls 10.20.3.15:50123 > 203.0.113.9:443 sni=vneid-gov.example send=900 recv=40000
icmp 10.20.3.14 > 203.0.113.10
udp 2001:db8::1 > [2001:db8::2]:514
> hello
`

func packetsOf(t testing.TB, script string) []sensor.Packet {
	t.Helper()
	s, err := sensortest.Parse(script)
	if err != nil {
		t.Fatal(err)
	}
	return s.Packets()
}

func open(t testing.TB, c Config) *Store {
	t.Helper()
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	s, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closeStore(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// record runs packets through a pipeline with recorders.
func record(t testing.TB, s *Store, workers int, packets []sensor.Packet) {
	t.Helper()
	rs := make([]*Recorder, workers)
	for i := range rs {
		rs[i] = s.Recorder("eth0")
	}
	p := pipeline.New(pipeline.Config{Workers: workers, Handlers: func(i int) []sensor.Handler { return []sensor.Handler{rs[i]} }})
	if err := p.Run(sensortest.NewReader(packets), "test"); err != nil {
		t.Fatal(err)
	}
	p.Close()
	for _, r := range rs {
		r.Close()
	}
}

// carve returns the packets of a query, as another's reader and ours see them.
func carve(t testing.TB, dir string, q Query) ([]sensor.Packet, Result) {
	t.Helper()
	var b bytes.Buffer
	res, err := Carve(dir, &b, q, capture.Section{Comment: "case 1", Application: "khien"})
	if err != nil {
		t.Fatal(err)
	}
	oracle, err := pcapgo.NewNgReader(bytes.NewReader(b.Bytes()), pcapgo.NgReaderOptions{WantMixedLinkType: true})
	if err != nil {
		t.Fatal(err)
	}
	r, err := capture.NewReader(&b, "carved")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out []sensor.Packet
	for {
		var p sensor.Packet
		if err := r.Next(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		data, ci, err := oracle.ReadPacketData()
		if err != nil || !bytes.Equal(data, p.Data) || ci.Timestamp.UnixNano() != p.Time {
			t.Fatalf("packet %d: %v %v, another reader %v: %v", p.Number, p.Time, p.Data, ci, err)
		}
		p.Data = bytes.Clone(p.Data)
		out = append(out, p)
	}
	if uint64(len(out)) != res.Packets {
		t.Errorf("%d packets, the result says %d", len(out), res.Packets)
	}
	if s := oracle.SectionInfo(); s.Comment != "case 1" {
		t.Errorf("section %+v", s)
	}
	return out, res
}

// want is the oracle: the packets of which a segment satisfies keep.
func want(packets []sensor.Packet, keep func(s *sensor.Segment) bool) []sensor.Packet {
	d := decode.New(decode.Config{})
	var out []sensor.Packet
	for i := range packets {
		for _, s := range d.Decode(&packets[i]) {
			if keep(s) {
				out = append(out, packets[i])
				break
			}
		}
	}
	slices.SortStableFunc(out, func(a, b sensor.Packet) int { return cmp.Compare(a.Time, b.Time) })
	return out
}

func same(t *testing.T, what string, got, want []sensor.Packet) {
	t.Helper()
	ok := len(got) == len(want)
	for i := 0; ok && i < len(got); i++ {
		ok = got[i].Time == want[i].Time && bytes.Equal(got[i].Data, want[i].Data) && got[i].Length == want[i].Length && got[i].Link == want[i].Link
	}
	if !ok {
		t.Errorf("%s: %d packets, want %d, or others", what, len(got), len(want))
	}
}

func TestRecordAndCarve(t *testing.T) {
	packets := packetsOf(t, traffic)
	for _, workers := range []int{1, 3} {
		s := open(t, Config{})
		record(t, s, workers, packets)
		closeStore(t, s)
		if n := s.Stats(); n.Stored != uint64(len(packets)) || n.Parts != 1 || n.Cut+n.Dropped+n.Full != 0 || n.Oldest != packets[0].Time {
			t.Errorf("stats %+v of %d packets", n, len(packets))
		}
		got, _ := carve(t, s.Dir(), Query{})
		same(t, "everything", got, packets)
		flows := map[digest]tuple{}
		for i := range packets {
			for _, seg := range decode.New(decode.Config{}).Decode(&packets[i]) {
				if x, ok := tupleOf(seg); ok {
					flows[x.digest()] = x
				}
			}
		}
		if len(flows) < 24 {
			t.Fatalf("%d flows", len(flows))
		}
		for key, x := range flows {
			one, other := netip.AddrPortFrom(x.src, x.srcPort), netip.AddrPortFrom(x.dst, x.dstPort)
			if x.proto == sensor.IPProtoTCP {
				one, other = other, one
			}
			id := FlowID(x.proto, one, other)
			got, res := carve(t, s.Dir(), Query{CommunityID: id})
			same(t, fmt.Sprint(x), got, want(packets, func(s *sensor.Segment) bool {
				o, ok := tupleOf(s)
				return ok && o.digest() == key
			}))
			if len(res.Problems) != 0 || res.Parts != 1 || len(got) == 0 {
				t.Errorf("%v: %+v", x, res)
			}
		}
		from, to := packets[40].Time, packets[90].Time
		got, _ = carve(t, s.Dir(), Query{From: from, To: to})
		same(t, "a time", got, packets[40:91])
		one, two := netip.MustParseAddr("10.20.3.14"), netip.MustParseAddr("203.0.113.10")
		got, _ = carve(t, s.Dir(), Query{Hosts: []netip.Addr{one}})
		same(t, "a host", got, want(packets, func(s *sensor.Segment) bool { return s.Src == one || s.Dst == one }))
		got, _ = carve(t, s.Dir(), Query{Hosts: []netip.Addr{one, two}})
		same(t, "two hosts", got, want(packets, func(s *sensor.Segment) bool { return s.IPProto == sensor.IPProtoICMP }))
		got, res := carve(t, s.Dir(), Query{MaxBytes: 5000})
		if !res.More || len(got) == 0 || res.Bytes > 5000 {
			t.Errorf("bounded: %d packets, %+v", len(got), res)
		}
	}
}

func TestQueriesThatCannotBeAnswered(t *testing.T) {
	dir := t.TempDir()
	f := func(q Query, want string) {
		t.Helper()
		if _, err := Carve(dir, io.Discard, q, capture.Section{}); err == nil || err.Error() != want {
			t.Errorf("%+v: %v, want %s", q, err, want)
		}
	}
	f(Query{From: 2, To: 1}, "ring: carve: the time ends before it begins")
	f(Query{CommunityID: "1:abc"}, `ring: community ID "1:abc": want 1: and 28 characters of base64`)
	f(Query{CommunityID: "1:****************************"}, `ring: community ID "1:****************************": want 1: and 28 characters of base64`)
	dir = filepath.Join(dir, "missing")
	if _, err := Carve(dir, io.Discard, Query{}, capture.Section{}); err == nil {
		t.Error("a folder that is not there")
	}
}

// TestCutOff stores only the beginning of flows.
func TestCutOff(t *testing.T) {
	packets := packetsOf(t, `tls 10.20.3.15:50123 > 203.0.113.9:443 sni=a.example send=900 recv=400000
tcp 10.20.3.15:50124 > 203.0.113.9:9000
> hello
<* 400000 x
`)
	f := func(c Config, least, most int) {
		t.Helper()
		s := open(t, c)
		record(t, s, 1, packets)
		closeStore(t, s)
		n := s.Stats()
		if int(n.Bytes) < least || int(n.Bytes) > most || n.Stored+n.Cut != uint64(len(packets)) {
			t.Errorf("%+v: %+v, want %d to %d bytes of %d packets", c, n, least, most, len(packets))
		}
		got, _ := carve(t, s.Dir(), Query{})
		ends := want(packets, func(s *sensor.Segment) bool { return s.Flags&(sensor.SYN|sensor.FIN) != 0 })
		same(t, "beginning and end of flows", want(got, func(s *sensor.Segment) bool { return s.Flags&(sensor.SYN|sensor.FIN) != 0 }), ends)
	}
	f(Config{Plain: -1, Encrypted: -1}, 800_000, 1_000_000)
	f(Config{Plain: -1, Encrypted: 20_000}, 420_000, 470_000)
	f(Config{Plain: 50_000, Encrypted: -1}, 100_000, 110_000)
	f(Config{Plain: 50_000, Encrypted: 10_000}, 60_000, 80_000)
}

// TestTunnelAndFragments stores a packet once and finds it by what it carries, and by what carries it.
func TestTunnelAndFragments(t *testing.T) {
	inner := packetsOf(t, "udp 10.1.1.1:1000 > 10.1.1.2:2000\n>* 600 abcd\n")
	outer := netip.MustParseAddr("192.0.2.1")
	ipInIP := func(p sensor.Packet) sensor.Packet {
		ip := p.Data[14:]
		h := slices.Clone(ip[:20])
		n := 20 + len(ip)
		h[2], h[3], h[9], h[10], h[11] = byte(n>>8), byte(n), 4, 0, 0
		copy(h[12:], []byte{192, 0, 2, 1, 192, 0, 2, 2})
		fixSum(h)
		p.Data = slices.Concat(p.Data[:14], h, ip)
		p.Length = len(p.Data)
		return p
	}
	var packets []sensor.Packet
	packets = append(packets, ipInIP(inner[0]))
	ip := inner[0].Data[14:]
	for i, cut := range [][2]int{{20, 820}, {820, len(ip)}} {
		h := slices.Clone(ip[:20])
		n := 20 + cut[1] - cut[0]
		h[2], h[3], h[5], h[6], h[7], h[10], h[11] = byte(n>>8), byte(n), 99, byte(0x20*(1-i)), byte((cut[0]-20)/8), 0, 0
		fixSum(h)
		p := inner[0]
		p.Time += int64(i+1) * 1e6
		p.Data = slices.Concat(inner[0].Data[:14], h, ip[cut[0]:cut[1]])
		p.Length = len(p.Data)
		packets = append(packets, p)
	}
	for i := range packets {
		packets[i].Number = uint64(i + 1)
	}
	s := open(t, Config{})
	record(t, s, 2, packets)
	closeStore(t, s)
	id := FlowID(17, netip.MustParseAddrPort("10.1.1.1:1000"), netip.MustParseAddrPort("10.1.1.2:2000"))
	got, _ := carve(t, s.Dir(), Query{CommunityID: id})
	same(t, "flow in a tunnel and in fragments", got, packets)
	got, _ = carve(t, s.Dir(), Query{Hosts: []netip.Addr{outer}})
	same(t, "end of the tunnel", got, packets[:1])
	got, _ = carve(t, s.Dir(), Query{})
	same(t, "everything", got, packets)
}

func fixSum(h []byte) {
	var n uint32
	for i := 0; i < len(h); i += 2 {
		n += uint32(h[i])<<8 | uint32(h[i+1])
	}
	for n > 0xffff {
		n = n&0xffff + n>>16
	}
	h[10], h[11] = byte(^n>>8), byte(^n)
}

// flood gives n packets of some flows, in order of time.
func flood(t testing.TB, n, size int) []sensor.Packet {
	t.Helper()
	var out []sensor.Packet
	base := packetsOf(t, "udp 10.1.1.1:1000 > 10.1.1.2:2000\n>* "+fmt.Sprint(size)+" a\n")[0]
	for i := range n {
		p := base
		p.Data = bytes.Clone(base.Data)
		p.Data[14+20+1] = byte(i % 50) // port
		p.Data[14+20+6], p.Data[14+20+7] = 0, 0
		p.Time += int64(i) * 1e6
		p.Number = uint64(i + 1)
		out = append(out, p)
	}
	return out
}

func TestQuotaAndAge(t *testing.T) {
	packets := flood(t, 16_000, 1000) // 17 MB
	c := Config{Dir: t.TempDir(), Quota: 6 << 20, PartBytes: 1 << 20, Plain: -1}
	s := open(t, c)
	record(t, s, 1, packets)
	closeStore(t, s)
	n := s.Stats()
	var disk int64
	names, err := os.ReadDir(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range names {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		disk += info.Size()
	}
	if disk > c.Quota || disk != n.DiskBytes || n.Parts < 3 || len(names) != 2*n.Parts || n.Dropped+n.Stored != uint64(len(packets)) {
		t.Errorf("%d bytes in %d files, %+v", disk, len(names), n)
	}
	got, _ := carve(t, c.Dir, Query{})
	if len(got) < 3000 || got[0].Time != n.Oldest {
		t.Errorf("%d packets from %d", len(got), got[0].Time)
	}
	if n.Dropped == 0 {
		same(t, "the newest", got, packets[len(packets)-len(got):])
	}

	// The parts are as old as their files: as after a while without packets.
	old := time.Now().Add(-2 * time.Hour)
	all, err := list(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all[:2] {
		if err := os.Chtimes(filepath.Join(c.Dir, p.name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	c.MaxAge = time.Hour
	s = open(t, c)
	closeStore(t, s)
	left, err := list(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(left, all[2:]) {
		t.Errorf("left %v of %v", left, all)
	}
}

// TestSlowDisk counts what finds no room in the queue, and goes on.
func TestSlowDisk(t *testing.T) {
	packets := flood(t, 4000, 1000)
	cfg, err := Config{Dir: t.TempDir(), Queue: minQueue, Plain: -1}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	n := int(cfg.Queue / batchSize)
	s := &Store{cfg: cfg, in: make(chan *batch, n), free: make(chan *batch, n), done: make(chan struct{}), writer: newWriter(cfg)}
	for range n {
		s.free <- &batch{}
	}
	record(t, s, 1, packets) // nobody writes
	st := s.Stats()
	if st.Dropped == 0 || st.Dropped > 3000 {
		t.Fatalf("%+v", st)
	}
	go s.write()
	closeStore(t, s)
	if st := s.Stats(); st.Stored+st.Dropped != uint64(len(packets)) {
		t.Errorf("%+v", st)
	}
	got, _ := carve(t, cfg.Dir, Query{})
	same(t, "what there was room for", got, packets[:len(got)])
}

func TestRecorderAllocatesNothing(t *testing.T) {
	s := open(t, Config{})
	r := s.Recorder("eth0")
	p := packetsOf(t, "udp 10.1.1.1:1000 > 10.1.1.2:2000\n> a\n")[0]
	seg := decode.New(decode.Config{}).Decode(&p)[0]
	e := &sensor.Event{Kind: sensor.KindPacket, Flow: &sensor.Flow{}, Segment: seg}
	e.Flow.Bytes[0] = uint64(seg.Length)
	r.Handle(e)
	if n := testing.AllocsPerRun(1000, func() { r.Handle(e) }); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
	r.Close()
	closeStore(t, s)
}

func TestConfig(t *testing.T) {
	f := func(c Config, want string) {
		t.Helper()
		if _, err := Open(c); err == nil || err.Error() != want {
			t.Errorf("%+v: %v, want %s", c, err, want)
		}
	}
	dir := t.TempDir()
	f(Config{}, "ring: Dir is not set")
	f(Config{Dir: dir, Quota: 1000}, "ring: Quota 1000: at least 4194304")
	f(Config{Dir: dir, Quota: 8 << 20, PartBytes: 4 << 20}, "ring: PartBytes 4194304: from 1048576 to 1073741824 and at most a quarter of Quota")
	f(Config{Dir: dir, Queue: 5}, "ring: Queue 5: at least 2097152")
	f(Config{Dir: dir, MaxAge: -1}, "ring: MaxAge and MinFree must not be negative")
}

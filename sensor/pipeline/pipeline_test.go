package pipeline

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"khien/sensor"
	"khien/sensor/capture"
	"khien/sensor/sensortest"
)

// traffic has flows of several hosts that interleave, end by FIN, RST and timeout, and use UDP and ICMP.
const traffic = `
repeat 20 every 700ms
dns 10.20.3.1{dec:1} name{i}.example A 203.0.113.9
tcp 10.20.3.1{dec:1} > 203.0.113.1{dec:1}:2222 mss=5 reorder
> hello {alnum:30}
< answer {alnum:40}
end
tcp 10.20.3.14 > 203.0.113.9:2223 rst
> GET nothing
wait 900s
icmp 10.20.3.15 > 203.0.113.9 type=8 code=0
udp 10.20.3.16 > 203.0.113.9:5555
> datagram
`

// told is one event as text, with its place.
type told struct {
	order sensor.Order
	text  string
}

type recorder struct{ events []told }

func (r *recorder) Wants() sensor.Kind {
	return sensor.KindStream | sensor.KindTx | sensor.KindPacket | sensor.KindFlowEnd
}

func (r *recorder) Handle(e *sensor.Event) {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s", e.Kind, e.Dir)
	if f := e.Flow; f != nil {
		fmt.Fprintf(&b, " %v:%d>%v:%d %x %v", f.Src, f.SrcPort, f.Dst, f.DstPort, f.ID, f.App)
		if e.Kind == sensor.KindFlowEnd {
			fmt.Fprintf(&b, " %v %v %s", f.Packets, f.Bytes, f.EndReason)
		}
	}
	if s := e.Segment; s != nil && e.Kind == sensor.KindPacket {
		fmt.Fprintf(&b, " %d %x %x %x", s.Packet.Number, s.IP, s.L4, s.Payload)
	}
	fmt.Fprintf(&b, " %q", e.Data)
	r.events = append(r.events, told{e.Order, b.String()})
}

// run gives all events of packets in order.
func run(t *testing.T, r Reader, workers int) []told {
	t.Helper()
	recs := make([]recorder, workers)
	p := New(Config{Workers: workers, Handlers: func(i int) []sensor.Handler { return []sensor.Handler{&recs[i]} }})
	defer p.Close()
	if err := p.Run(r, "test.pcap"); err != nil {
		t.Fatal(err)
	}
	var all []told
	for i := range recs {
		all = append(all, recs[i].events...)
	}
	slices.SortStableFunc(all, func(a, b told) int { return a.order.Compare(b.order) })
	return all
}

func packets(t *testing.T, text string) []sensor.Packet {
	t.Helper()
	s, err := sensortest.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s.Packets()
}

func TestSameEventsWithAnyNumberOfWorkers(t *testing.T) {
	pkts := packets(t, traffic)
	want := run(t, sensortest.NewReader(pkts), 1)
	if len(want) < 400 {
		t.Fatalf("only %d events: the traffic is not what the test is for", len(want))
	}
	for _, workers := range []int{1, 2, 4, 7} {
		got := run(t, sensortest.NewReader(pkts), workers)
		if len(got) != len(want) {
			t.Errorf("%d workers: %d events, want %d", workers, len(got), len(want))
			continue
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%d workers, event %d:\ngot  %+v\nwant %+v", workers, i, got[i], want[i])
				break
			}
		}
	}
}

func TestCutsDoNotChangeTransactions(t *testing.T) {
	text := func(options string) string {
		return "tcp 10.0.0.1 > 10.0.0.2:2525 " + options + `
< 220 mail.example ready
> EHLO client.example
< 250 mail.example
> MAIL FROM:<a@example>
< 250 ok
> QUIT
< 221 bye
`
	}
	count := func(options string) int {
		p := New(Config{})
		defer p.Close()
		if err := p.Run(sensortest.NewReader(packets(t, text(options))), "test.pcap"); err != nil {
			t.Fatal(err)
		}
		return int(p.Stats().Transactions)
	}
	whole := count("")
	if whole == 0 {
		t.Fatal("no transaction: the protocol was not recognised")
	}
	for _, options := range []string{"mss=1", "mss=3 reorder", "mss=7 dup"} {
		if n := count(options); n != whole {
			t.Errorf("%s: %d transactions, want %d", options, n, whole)
		}
	}
}

// idle gives packets with pauses between them.
type idle struct {
	r     *sensortest.Reader
	pause bool
}

func (i *idle) Next(p *sensor.Packet) error {
	if i.pause = !i.pause; i.pause {
		return capture.ErrIdle
	}
	return i.r.Next(p)
}

func TestIdleCaptureHandsOverItsRounds(t *testing.T) {
	rounds := 0
	pkts := packets(t, "udp 10.0.0.1 > 10.0.0.2:5555\n> a\n> b\n")
	p := New(Config{RoundDone: func(int, string) { rounds++ }})
	defer p.Close()
	if err := p.Run(&idle{r: sensortest.NewReader(pkts)}, "eth0"); err != nil {
		t.Fatal(err)
	}
	if rounds < len(pkts) {
		t.Errorf("%d rounds for %d packets with pauses between them", rounds, len(pkts))
	}
}

// broken fails after its packets.
type broken struct{ r *sensortest.Reader }

var errBroken = errors.New("broken")

func (b broken) Next(p *sensor.Packet) error {
	err := b.r.Next(p)
	if errors.Is(err, io.EOF) {
		return errBroken
	}
	return err
}

func TestReadErrorLosesNothing(t *testing.T) {
	pkts := packets(t, traffic)
	for _, workers := range []int{1, 3} {
		rec := make([]recorder, workers)
		p := New(Config{Workers: workers, Handlers: func(i int) []sensor.Handler { return []sensor.Handler{&rec[i]} }})
		if err := p.Run(broken{sensortest.NewReader(pkts)}, "x"); !errors.Is(err, errBroken) {
			t.Fatalf("got %v", err)
		}
		p.Close()
		if s := p.Stats(); s.Packets != uint64(len(pkts)) || s.Flows == 0 {
			t.Errorf("%d workers: %+v for %d packets", workers, s, len(pkts))
		}
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	pkts := packets(t, "tcp 10.0.0.1 > 10.0.0.2:5555 mss=1000\n>* 400 abcdefghij\n<* 400 abcdefghij\n")
	p := New(Config{})
	defer p.Close()
	w := p.workers[0]
	w.begin("x")
	data := 0
	for i := range pkts {
		for j, s := range p.dec.Decode(&pkts[i]) {
			if n := len(s.Payload); n > 0 {
				data++
			}
			w.segment(s, j)
		}
	}
	last := pkts[len(pkts)/2]
	n := testing.AllocsPerRun(1000, func() { // a segment that was seen before goes the whole way to the stream
		for j, s := range p.dec.Decode(&last) {
			w.segment(s, j)
		}
	})
	if n != 0 || data == 0 {
		t.Errorf("%v allocations a packet, %d packets with data", n, data)
	}
}

// faulty is a parser with a mistake.
type faulty struct{}

func (faulty) Parse(dir sensor.Dir, data []byte, out sensor.Emitter) (int, error) {
	return len(data[:len(data)+cap(data)]), nil
}
func (faulty) Gap(sensor.Dir, int, sensor.Emitter) error { return nil }
func (faulty) Close(sensor.Dir, sensor.Emitter)          { panic("told of the end after a panic") }

func TestParserPanicCostsOnlyItsFlow(t *testing.T) {
	pkts := packets(t, "tcp 10.0.0.1 > 10.0.0.2:5555\n> hello\nudp 10.0.0.1 > 10.0.0.2:5556\n> hello\n> again\ntcp 10.0.0.3 > 10.0.0.2:5557\n> other\n")
	rec := &recorder{}
	p := New(Config{
		Handlers: func(int) []sensor.Handler { return []sensor.Handler{rec} },
		Protocols: []sensor.Protocol{{Proto: sensor.ProtoFTP, TCP: true, UDP: true,
			Probe: func(_ sensor.Dir, data []byte, _ *sensor.Flow) sensor.Match {
				if strings.HasPrefix(string(data), "hello") {
					return sensor.Yes
				}
				return sensor.No
			},
			New: func(*sensor.Flow, any) sensor.Parser { return faulty{} }}},
	})
	defer p.Close()
	if err := p.Run(sensortest.NewReader(pkts), "x"); err != nil {
		t.Fatal(err)
	}
	s := p.Stats()
	if s.ParserBugs != 2 || !strings.Contains(s.FirstBug, "faulty.Parse") || s.Flows != 3 || s.Packets != uint64(len(pkts)) {
		t.Errorf("%+v", s)
	}
}

func TestLiveCountsReachTheTotal(t *testing.T) {
	pkts := packets(t, traffic)
	for _, workers := range []int{1, 3} {
		p := New(Config{Workers: workers})
		if err := p.Run(sensortest.NewReader(pkts), "x"); err != nil {
			t.Fatal(err)
		}
		p.Close()
		if live, total := p.Live(), p.Stats(); live != total || live.Packets != uint64(len(pkts)) {
			t.Errorf("%d workers: live %+v, total %+v", workers, live, total)
		}
	}
}

// TestOneSidedFlowsAreCounted: of flows whose answers were not captured, and of none else; scans have no answers to miss.
func TestOneSidedFlowsAreCounted(t *testing.T) {
	script, err := sensortest.Parse("repeat 3 every 1s\ntcp 10.20.3.1{dec:1} > 203.0.113.9:2222\n> hello {alnum:30}\n< answer {alnum:40}\nend\n")
	if err != nil {
		t.Fatal(err)
	}
	all := script.Packets()
	count := func(keep func(p *sensor.Packet) bool) (tcp, oneSided uint64) {
		t.Helper()
		var packets []sensor.Packet
		for _, p := range all {
			if keep(&p) {
				packets = append(packets, p)
			}
		}
		p := New(Config{Workers: 2})
		defer p.Close()
		if err := p.Run(sensortest.NewReader(packets), "x"); err != nil {
			t.Fatal(err)
		}
		n := p.Stats()
		return n.TCPFlows, n.OneSided
	}
	toServer := func(p *sensor.Packet) bool { return p.Data[14+16] == 203 } // the destination's first byte, behind Ethernet
	syn := func(p *sensor.Packet) bool { return p.Data[14+20+13] == 2 }     // SYN alone
	for _, x := range []struct {
		what          string
		keep          func(p *sensor.Packet) bool
		tcp, oneSided uint64
	}{{"both directions", func(*sensor.Packet) bool { return true }, 3, 0}, {"requests alone", toServer, 3, 3},
		{"answers alone", func(p *sensor.Packet) bool { return !toServer(p) }, 3, 3}, {"a scan", syn, 0, 0}} {
		if tcp, oneSided := count(x.keep); tcp != x.tcp || oneSided != x.oneSided {
			t.Errorf("%s: %d flows, %d of them one-sided; want %d and %d", x.what, tcp, oneSided, x.tcp, x.oneSided)
		}
	}
}

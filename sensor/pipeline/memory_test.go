package pipeline

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"khien/sensor"
	"khien/sensor/sensortest"
)

// ends counts the ends of flows by their reason.
type ends map[string]int

func (e ends) Wants() sensor.Kind { return sensor.KindFlowEnd | sensor.KindTick | sensor.KindTx }
func (e ends) Handle(v *sensor.Event) {
	if v.Kind == sensor.KindFlowEnd {
		e[v.Flow.EndReason]++
	}
}

// TestHeavyFlowsEndFirst holds half-sent headers in many flows: those that hold much are ended, the light one goes on.
func TestHeavyFlowsEndFirst(t *testing.T) {
	var script strings.Builder
	script.WriteString("http 10.0.0.1 > 10.0.0.2:80 nofin\n> GET /light HTTP/1.1\n> Host: a\n>\n")
	for i := range 400 {
		fmt.Fprintf(&script, "tcp 10.0.1.%d > 10.0.0.2:80 nofin\n>e GET / HTTP/1.1\\r\\nHost: a\\r\\n\n>* 60000 x\n", i%250+1)
	}
	script.WriteString("wait 1s\n")
	reasons := ends{}
	p := New(Config{Memory: 8 << 20, Handlers: func(int) []sensor.Handler { return []sensor.Handler{reasons} }})
	defer p.Close()
	if err := p.Run(sensortest.NewReader(packets(t, script.String())), "x"); err != nil {
		t.Fatal(err)
	}
	w := p.workers[0]
	s := p.Stats()
	if reasons["forced"] == 0 || s.Lost.MemcapFlows != uint64(reasons["forced"]) || s.Transactions != 401 {
		t.Errorf("%v, %d counted, %d transactions", reasons, s.Lost.MemcapFlows, s.Transactions)
	}
	if w.charged != 0 || w.holders != 0 {
		t.Errorf("%d bytes of %d flows are still charged", w.charged, w.holders)
	}
}

// TestEncryptedFlowsAreShunted passes over what follows the first bytes of an encrypted connection.
func TestEncryptedFlowsAreShunted(t *testing.T) {
	f := func(sent int, want uint64) {
		t.Helper()
		p := New(Config{})
		defer p.Close()
		text := fmt.Sprintf("tls 10.0.0.1 > 10.0.0.2:443 sni=a.example send=900 recv=%d\n", sent)
		if err := p.Run(sensortest.NewReader(packets(t, text)), "x"); err != nil {
			t.Fatal(err)
		}
		s := p.Stats()
		if s.ShuntedFlows != want || (s.ShuntedBytes > 0) != (want > 0) || s.ShuntedBytes >= uint64(sent) || s.GapBytes != 0 || s.Transactions != 1 {
			t.Errorf("%d bytes: %d flows and %d bytes are shunted, %d missing, %d transactions", sent, s.ShuntedFlows, s.ShuntedBytes, s.GapBytes, s.Transactions)
		}
	}
	f(4000, 0)
	f(200_000, 1)
}

// TestBudgetIsDividedAmongWorkers adds up the limits that follow from one number.
func TestBudgetIsDividedAmongWorkers(t *testing.T) {
	for _, workers := range []int{1, 3, 16} {
		c := Config{Workers: workers, Memory: 1 << 30}
		c.budget()
		sum := workers * (c.Stream.MemCap + c.File.Memory + c.Flow.MaxFlows*flowCost + c.Memory/parserShare/workers)
		if sum > c.Memory*3/4 || sum < c.Memory/2 {
			t.Errorf("%d workers: %d MiB of %d", workers, sum>>20, c.Memory>>20)
		}
	}
	set := Config{Workers: 2}
	set.Stream.MemCap = 12345
	if set.budget(); set.Stream.MemCap != 12345 {
		t.Error("a limit that was set is changed")
	}
}

// leak is a Reader that tells of packets that were lost before it.
type leak struct {
	*sensortest.Reader
	before, full uint64
}

func (l *leak) Lost() (beforeRing, ringFull uint64) { return l.before, l.full }

// TestLossIsCountedByStage makes each stage lose something.
func TestLossIsCountedByStage(t *testing.T) {
	pkts := packets(t, "tcp 10.0.0.1 > 10.0.0.2:2222 mss=10 gap=2\n> 0123456789012345678901234567890\nwait 200s\nudp 10.0.0.1 > 10.0.0.2:99\n> x\n")
	frag := sensor.Packet{Time: pkts[0].Time, Link: sensor.LinkEthernet, Data: append([]byte(nil), pkts[len(pkts)-1].Data...)}
	frag.Length = len(frag.Data)
	frag.Data[20] |= 0x20 // more fragments
	frag.Data[20] &^= 0x40
	binary.BigEndian.PutUint16(frag.Data[24:], binary.BigEndian.Uint16(frag.Data[24:])+0x2000)
	bad := sensor.Packet{Time: pkts[0].Time, Link: sensor.LinkEthernet, Data: pkts[0].Data[:20], Length: 20}
	pkts = append([]sensor.Packet{frag, bad}, pkts...)
	for i := range pkts {
		pkts[i].Number = uint64(i + 1)
	}
	for _, workers := range []int{1, 3} {
		p := New(Config{Workers: workers, NoChecksum: true})
		for i := range uint64(2) { // two captures: the losses add up
			if err := p.Run(&leak{sensortest.NewReader(pkts), 5, 7}, "x"); err != nil {
				t.Fatal(err)
			}
			got, n := p.Stats().Lost, i+1
			want := Loss{InterfacePackets: 5 * n, RingPackets: 7 * n, DecodeSegments: n, FragmentPackets: n, GapBytes: 10 * n}
			if got.OverloadRounds = 0; got != want {
				t.Errorf("%d workers, capture %d: %+v, want %+v", workers, n, got, want)
			}
			if live := p.Live().Lost; live.Packets() != want.Packets() || live.GapBytes != want.GapBytes {
				t.Errorf("%d workers, capture %d, as others see it: %+v", workers, n, live)
			}
		}
		p.Close()
	}
}

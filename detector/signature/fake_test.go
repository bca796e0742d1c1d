package signature

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"khien/detector"
	"khien/sensor"
)

// fakeTx is a transaction whose buffers a test sets.
type fakeTx struct {
	sensor.TxBase
	text map[sensor.Buffer][]string
	num  map[sensor.Buffer][]uint64
}

func (t *fakeTx) Buffer(b sensor.Buffer, _ sensor.Dir, i int) ([]byte, bool) {
	if i >= len(t.text[b]) {
		return nil, false
	}
	return []byte(t.text[b][i]), true
}

func (t *fakeTx) Number(b sensor.Buffer, _ sensor.Dir, i int) (uint64, bool) {
	if i >= len(t.num[b]) {
		return 0, false
	}
	return t.num[b][i], true
}

func (t *fakeTx) LogReady(sensor.Dir) bool                  { return true }
func (t *fakeTx) AppendEVE(dst []byte, _ sensor.Dir) []byte { return dst }

// tape collects the findings that pass.
type tape struct{ found []*detector.Finding }

func (t *tape) Found(f *detector.Finding, _ *sensor.Event) {
	if f.Post == nil || f.Post.Pass(f) {
		t.found = append(t.found, f)
	}
}

// sids gives the rules that were found since the last call, in the order of telling.
func (t *tape) sids() string {
	var s []string
	for _, f := range t.found {
		s = append(s, f.Rule.ID)
	}
	t.found = nil
	return strings.Join(s, " ")
}

// bench is a Matcher with one flow.
type bench struct {
	m    *Matcher
	tape *tape
	flow *sensor.Flow
	now  int64
	n    uint64
	off  [2]uint64
}

func load(t testing.TB, rules ...string) *Set {
	t.Helper()
	set, errs := Load(Options{}, []File{{Name: "test.rules", Data: []byte(strings.Join(rules, "\n"))}})
	for _, e := range errs {
		t.Fatal(e)
	}
	return set
}

func newBench(set *Set, proto uint8, app sensor.Proto) *bench {
	b := &bench{tape: &tape{}, now: 1e18}
	b.m = set.NewMatcher(b.tape)
	b.flow = &sensor.Flow{ID: 1, Src: netip.MustParseAddr("192.168.1.2"), Dst: netip.MustParseAddr("203.0.113.9"), SrcPort: 40000, DstPort: 80,
		Proto: proto, App: app, AppDir: [2]sensor.Proto{app, app}, State: sensor.FlowEstablished, Packets: [2]uint64{1, 1}}
	if proto == sensor.IPProtoTCP {
		b.flow.TCPState = sensor.TCPEstablished
		b.packet(sensor.ToServer, "")
		b.tape.sids()
	}
	return b
}

func (b *bench) event(e sensor.Event) {
	e.Flow, e.Time, e.Number = b.flow, b.now, b.n
	b.m.Handle(&e)
}

// packet sends a datagram or segment whose bytes are not part of the followed stream.
func (b *bench) packet(d sensor.Dir, payload string) {
	b.n++
	b.now += 1e6
	b.flow.Packets[d]++
	seg := &sensor.Segment{IPVersion: 4, IPProto: b.flow.Proto, Payload: []byte(payload), L4: make([]byte, 20), TTL: 64, WindowScale: -1}
	seg.Src, seg.SrcPort, seg.Dst, seg.DstPort = b.flow.Endpoints(d)
	b.event(sensor.Event{Kind: sensor.KindPacket, Dir: d, Segment: seg})
}

// stream sends bytes of the followed stream in a packet.
func (b *bench) stream(d sensor.Dir, data string) {
	b.event(sensor.Event{Kind: sensor.KindStream, Dir: d, Data: []byte(data), Offset: b.off[d]})
	b.off[d] += uint64(len(data))
	b.packet(d, data)
}

// change tells that a transaction has reached a stage.
func (b *bench) change(tx *fakeTx, d sensor.Dir, p sensor.Progress) {
	tx.Done[d] = p
	b.event(sensor.Event{Kind: sensor.KindTx, Dir: d, Tx: tx})
	b.packet(d, "")
}

func sorted(s string) string {
	f := strings.Fields(s)
	slices.Sort(f)
	return strings.Join(f, " ")
}

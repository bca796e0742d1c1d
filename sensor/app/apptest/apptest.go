// Package apptest runs a protocol's parser in tests: bytes in both directions come in, what the parser told its Emitter
// goes out as a transcript that tests compare. A TCP parser must give the same transcript wherever its bytes are cut.
package apptest

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"khien/sensor"
)

// Step is what one side says. Gap is the number of bytes missed instead.
type Step struct {
	Dir  sensor.Dir
	Data []byte
	Gap  int
}

// C is what the client says, S what the server says.
func C(s string) Step { return Step{Dir: sensor.ToServer, Data: []byte(s)} }

// S is what the server says.
func S(s string) Step { return Step{Dir: sensor.ToClient, Data: []byte(s)} }

// Log is an Emitter that remembers.
type Log struct {
	F         *sensor.Flow
	Txs       []sensor.Transaction // in the order in which they were first told of
	Files     []*sensor.File
	Contents  map[*sensor.File][]byte
	Anomalies []string // outside transactions, with their direction
	UpgradeTo sensor.Proto
	Upgraded  bool
	Expected  []sensor.Expectation
	Err       error
	Frames    []*Frame
	finished  map[sensor.Transaction]bool
}

// NewLog makes a Log of a flow between two addresses of a documentation network.
func NewLog(ip uint8, port uint16) *Log {
	return &Log{F: &sensor.Flow{Src: netip.MustParseAddr("192.0.2.1"), Dst: netip.MustParseAddr("192.0.2.2"), SrcPort: 40000,
		DstPort: port, Proto: ip}, Contents: map[*sensor.File][]byte{}, finished: map[sensor.Transaction]bool{}}
}

// Flow returns the flow.
func (l *Log) Flow() *sensor.Flow { return l.F }

// Time is constant.
func (l *Log) Time() int64 { return 1e18 }

// Frame is a frame that was marked; Data grows with what follows in its direction.
type Frame struct {
	Buffer sensor.Buffer
	Dir    sensor.Dir
	Data   []byte
	n      int
	over   bool
}

// Frame remembers a frame.
func (l *Log) Frame(b sensor.Buffer, dir sensor.Dir, data []byte, n int) {
	if n == 0 {
		return
	}
	if n > 0 {
		data = data[:min(n, len(data))]
	}
	l.Frames = append(l.Frames, &Frame{Buffer: b, Dir: dir, Data: slices.Clone(data), n: n, over: len(data) == n})
}

// growFrames gives new bytes to the open frames of a direction.
func (l *Log) growFrames(dir sensor.Dir, data []byte) {
	for _, f := range l.Frames {
		if f.over || f.Dir != dir {
			continue
		}
		part := data
		if f.n > 0 {
			part = data[:min(len(data), f.n-len(f.Data))]
		}
		f.Data = append(f.Data, part...)
		f.over = len(f.Data) == f.n
	}
}

// EndFrame ends an open frame.
func (l *Log) EndFrame(b sensor.Buffer, dir sensor.Dir, beyond int) {
	for _, f := range slices.Backward(l.Frames) {
		if f.Buffer == b && f.Dir == dir && !f.over {
			f.Data, f.over = f.Data[:len(f.Data)-beyond], true
			return
		}
	}
}

// FramesOf returns the frames of a buffer.
func (l *Log) FramesOf(b sensor.Buffer) (all []string) {
	for _, f := range l.Frames {
		if f.Buffer == b {
			all = append(all, string(f.Data))
		}
	}
	return all
}

// Wanted wants everything.
func (l *Log) Wanted(sensor.Buffer) bool { return true }

// Tx remembers a transaction and asks it for all that detectors could ask.
func (l *Log) Tx(tx sensor.Transaction, _ sensor.Dir) {
	if l.finished[tx] {
		panic("BUG: a transaction changed after Done")
	}
	if !slices.Contains(l.Txs, tx) {
		l.Txs = append(l.Txs, tx)
	}
	for dir := sensor.ToServer; dir <= sensor.ToClient; dir++ {
		if tx.LogReady(dir) && !json.Valid(tx.AppendEVE(nil, dir)) {
			panic("BUG: invalid JSON: " + string(tx.AppendEVE(nil, dir)))
		}
	}
}

// Done remembers that a transaction must not change any more.
func (l *Log) Done(tx sensor.Transaction) {
	if l.finished[tx] {
		panic("BUG: Done twice")
	}
	l.finished[tx] = true
}

// OpenFile begins a file.
func (l *Log) OpenFile(tx sensor.Transaction, dir sensor.Dir, name []byte) *sensor.File {
	f := &sensor.File{Tx: tx, Dir: dir, Name: slices.Clone(name)}
	l.Files = append(l.Files, f)
	if tx != nil {
		tx.Base().Files = append(tx.Base().Files, f)
	}
	return f
}

// WriteFile adds to a file.
func (l *Log) WriteFile(f *sensor.File, data []byte) {
	if f == nil || f.State != sensor.FileOpen {
		return
	}
	l.Contents[f] = append(l.Contents[f], data...)
}

// GapFile notes that bytes are missing.
func (l *Log) GapFile(f *sensor.File, n int) {
	if f != nil {
		f.Gaps = true
	}
}

// CloseFile ends a file.
func (l *Log) CloseFile(f *sensor.File, complete bool) {
	if f == nil || f.State != sensor.FileOpen {
		return
	}
	f.State = sensor.FileTruncated
	if complete {
		f.State = sensor.FileClosed
	}
}

// Upgrade remembers another protocol.
func (l *Log) Upgrade(to sensor.Proto) { l.Upgraded, l.UpgradeTo = true, to }

// Expect remembers an announced flow.
func (l *Log) Expect(e sensor.Expectation) { l.Expected = append(l.Expected, e) }

// Anomaly remembers something malformed.
func (l *Log) Anomaly(dir sensor.Dir, name string) {
	l.Anomalies = append(l.Anomalies, dir.String()+" "+name)
}

// EVE returns the record of transaction i with its further members, "" when there is none.
func (l *Log) EVE(i int) string {
	if i >= len(l.Txs) {
		return ""
	}
	dir := sensor.ToServer
	if !l.Txs[i].LogReady(dir) {
		dir = sensor.ToClient
	}
	return eve(l.Txs[i], dir)
}

func eve(tx sensor.Transaction, dir sensor.Dir) string {
	b := tx.AppendEVE(nil, dir)
	if x, ok := tx.(sensor.EVEExtra); ok {
		b = x.AppendEVEExtra(b, dir)
	}
	if !json.Valid([]byte(`{"x":` + string(b) + `}`)) {
		panic("BUG: invalid JSON: " + string(b))
	}
	return string(b)
}

// String is the transcript.
func (l *Log) String() string {
	var s strings.Builder
	for _, tx := range l.Txs {
		b := tx.Base()
		fmt.Fprintf(&s, "tx %d %s done %d anomalies %q\n", b.ID, b.Proto, b.Done, b.Anomalies)
		for dir := sensor.ToServer; dir <= sensor.ToClient; dir++ {
			if tx.LogReady(dir) {
				fmt.Fprintf(&s, "  %s %s\n", dir, eve(tx, dir))
			}
		}
	}
	for _, f := range l.Files {
		fmt.Fprintf(&s, "file %s %q %s gaps %t %q\n", f.Dir, f.Name, f.State, f.Gaps, l.Contents[f])
	}
	if len(l.Anomalies) > 0 {
		fmt.Fprintf(&s, "anomalies %q\n", l.Anomalies)
	}
	if l.Upgraded {
		fmt.Fprintf(&s, "upgrade %q\n", l.UpgradeTo)
	}
	for _, e := range l.Expected {
		fmt.Fprintf(&s, "expect %v %s\n", e.Server, e.Proto)
	}
	if l.Err != nil {
		fmt.Fprintf(&s, "error\n")
	}
	return s.String()
}

// frames lists what was marked.
func (l *Log) frames() string {
	var s strings.Builder
	for _, f := range l.Frames {
		fmt.Fprintf(&s, "frame %x %s %d %t %q\n", f.Buffer, f.Dir, f.n, f.over, f.Data)
	}
	return s.String()
}

// keepMax is how many unused bytes the pipeline keeps for a parser.
const keepMax = 512 << 10

// TCP gives the steps to a new parser in pieces of the given size, all at once when it is 0.
func TCP(p sensor.Protocol, port uint16, context any, size int, steps ...Step) *Log {
	l := NewLog(sensor.IPProtoTCP, port)
	l.Run(p.New(l.F, context), size, steps...)
	return l
}

// Run gives the steps to a parser.
func (l *Log) Run(parser sensor.Parser, size int, steps ...Step) {
	var keep [2][]byte
	for _, s := range steps {
		if s.Gap > 0 {
			keep[s.Dir] = nil
			for _, f := range l.Frames {
				f.over = f.over || f.Dir == s.Dir
			}
			if l.Err = parser.Gap(s.Dir, s.Gap, l); l.Err != nil {
				break
			}
			continue
		}
		for data := s.Data; len(data) > 0 && l.Err == nil && !l.Upgraded; {
			n := len(data)
			if size > 0 {
				n = min(size, n)
			}
			k := append(keep[s.Dir], data[:n]...)
			l.growFrames(s.Dir, data[:n])
			data = data[n:]
			var used int
			used, l.Err = parser.Parse(s.Dir, slices.Clone(k), l)
			if used > len(k) || used < 0 {
				panic("BUG: used more than given")
			}
			if keep[s.Dir] = k[used:]; len(keep[s.Dir]) > keepMax {
				l.Err = fmt.Errorf("apptest: more than %d bytes kept", keepMax)
			}
		}
	}
	if !l.Upgraded {
		parser.Close(sensor.ToServer, l)
		parser.Close(sensor.ToClient, l)
	}
}

// UDP gives the steps to a new parser, one datagram each.
func UDP(p sensor.Protocol, port uint16, steps ...Step) *Log {
	l := NewLog(sensor.IPProtoUDP, port)
	parser := p.New(l.F, nil)
	for _, s := range steps {
		if _, l.Err = parser.Parse(s.Dir, slices.Clone(s.Data), l); l.Err != nil {
			break
		}
	}
	parser.Close(sensor.ToServer, l)
	parser.Close(sensor.ToClient, l)
	return l
}

// SameCut fails the test when cutting the steps into pieces changes the transcript.
func SameCut(t testing.TB, p sensor.Protocol, port uint16, context any, steps ...Step) {
	t.Helper()
	whole := TCP(p, port, context, 0, steps...)
	total := 0
	for _, s := range steps {
		total += len(s.Data)
	}
	for _, size := range [...]int{1, 2, 7, 100, 1460} {
		if total/size > 10000 {
			continue // what is kept is copied for each piece
		}
		cut := TCP(p, port, context, size, steps...)
		if a, b := whole.String()+whole.frames(), cut.String()+cut.frames(); a != b {
			t.Fatalf("in pieces of %d bytes:\n%s\nwhole:\n%s", size, b, a)
		}
	}
}

// Dialogue makes steps of fuzz input: a byte whose lowest bit is the direction and whose others are the length, then that
// many bytes. A length of 0 takes all that is left.
func Dialogue(in []byte) []Step {
	var steps []Step
	for len(in) > 1 && len(steps) < 64 {
		dir, n := sensor.Dir(in[0]&1), int(in[0]>>1)
		in = in[1:]
		if n == 0 || n > len(in) {
			n = len(in)
		}
		steps = append(steps, Step{Dir: dir, Data: in[:n]})
		in = in[n:]
	}
	return steps
}

// Seed makes fuzz input of steps, the reverse of Dialogue.
func Seed(steps ...Step) []byte {
	var out []byte
	for _, s := range steps {
		for d := s.Data; len(d) > 0; {
			n := min(len(d), 127)
			out = append(append(out, byte(n<<1)|byte(s.Dir)), d[:n]...)
			d = d[n:]
		}
	}
	return out
}

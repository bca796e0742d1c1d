package fraud

import (
	"bufio"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/sensor"
)

var (
	soakNames = flag.Int("soak", 20_000, "look-ups of TestMemorySoak")
	soakFiles = flag.String("names", "", "files of benign names for TestMemorySoak, one a line, with commas between them")
)

// soakMemory is how much memory a process may have that looks at names only, in bytes.
const soakMemory = 300 << 20

// soakSink counts, and gives what passes to stories.
type soakSink struct {
	stories     *Stories
	grave, told int
}

func (s *soakSink) Found(f *detector.Finding, _ *sensor.Event) {
	if f.Post != nil && !f.Post.Pass(f) {
		return
	}
	if f.Severity >= detector.High && f.Rule.ID == "fraud.lookalike_name" {
		s.grave++
	}
	s.told += len(s.stories.Observe(f))
}

func (s *soakSink) Note(_ sensor.Order, note any) {
	for _, f := range Watch(note) {
		s.Found(f, nil)
	}
}

// soakTx is a look-up and its answer.
type soakTx struct {
	sensor.TxBase
	name, addr []byte
}

func (t *soakTx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	switch {
	case i > 0:
	case b == sensor.DNSQueryName && dir == sensor.ToServer, b == sensor.DNSQueryRRName:
		return t.name, true
	case b == sensor.DNSAnswerData && dir == sensor.ToClient:
		return t.addr, true
	}
	return nil, false
}
func (t *soakTx) Number(sensor.Buffer, sensor.Dir, int) (uint64, bool) { return 60, true }
func (t *soakTx) LogReady(sensor.Dir) bool                             { return false }
func (t *soakTx) AppendEVE(dst []byte, _ sensor.Dir) []byte            { return dst }

// TestMemorySoak: different names without end do not fill the memory. With -soak 10000000 and -names it also tells how many
// benign names in a million are taken for fraud.
func TestMemorySoak(t *testing.T) {
	var list []string
	for _, file := range strings.FieldsFunc(*soakFiles, func(r rune) bool { return r == ',' }) {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if name, _, _ := strings.Cut(strings.TrimSpace(lines.Text()), "\t"); strings.Contains(name, ".") {
				list = append(list, name)
			}
		}
		f.Close()
	}
	sink := &soakSink{stories: NewStories()}
	d := New(Config{}, testNames(t), sink)
	tx := &soakTx{}
	tx.Proto = sensor.ProtoDNS
	e := &sensor.Event{Kind: sensor.KindTx, Tx: tx, Flow: &sensor.Flow{Dst: netip.MustParseAddr("10.0.0.2"), App: sensor.ProtoDNS}}
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	peak, first, firstGrave := 0, min(len(list), *soakNames), 0
	for i := range *soakNames {
		at += int64(10 * time.Millisecond)
		switch {
		case i < len(list):
			tx.name = append(tx.name[:0], list[i]...)
		case len(list) > 0:
			tx.name = append(append(strconv.AppendInt(append(tx.name[:0], 'h'), int64(i), 36), '.'), list[i%len(list)]...)
		default:
			tx.name = append(strconv.AppendInt(append(tx.name[:0], "site"...), int64(i)*2654435761, 36), ".example"...)
		}
		tx.addr = fmt.Appendf(tx.addr[:0], "203.%d.%d.%d", i>>16&255, i>>8&255, i&255)
		e.Time, e.Flow.ID = at, uint64(i+1)
		e.Flow.Src = netip.AddrFrom4([4]byte{10, 1, byte(i >> 4 % 20), byte(i)})
		for _, dir := range [...]sensor.Dir{sensor.ToServer, sensor.ToClient} {
			e.Dir = dir
			d.Handle(e)
		}
		if i == first-1 {
			firstGrave = sink.grave
		}
		if i%200_000 == 0 || i == *soakNames-1 {
			peak = max(peak, resident(t))
		}
	}
	if raced {
		t.Log("memory is not judged under the race detector, which takes five to ten times as much")
	} else if peak > soakMemory {
		t.Errorf("%d MB after %d names", peak>>20, *soakNames)
	}
	t.Logf("%d look-ups, %d MB; of %d listed names taken for fraud: %d", *soakNames, peak>>20, first, firstGrave)
}

// resident returns the memory of this process, 0 where the system does not tell.
func resident(t *testing.T) int {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b))
	n, err := strconv.Atoi(fields[1])
	if err != nil {
		t.Fatal(err)
	}
	return n * os.Getpagesize()
}

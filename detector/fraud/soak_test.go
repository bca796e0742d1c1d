package fraud

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"

	"khien/detector"
	"khien/sensor"
)

// traffic makes up harmless names in the mixture of a resolver: sites of words and of Vietnamese syllables, content networks,
// hosts named after addresses, services, random letters, international and overlong names.
type traffic struct {
	rnd                                                *rand.Rand
	words, syllables, viet, endings, subs, nets, alien []string
	buf                                                []byte
}

func newTraffic(seed uint64) *traffic {
	t := &traffic{rnd: rand.New(rand.NewPCG(seed, 5)), words: strings.Fields(plainWords), syllables: syllables(),
		endings: strings.Fields(strings.Repeat("com ", 20) + strings.Repeat("com.vn vn net org ", 4) + "io co info xyz top shop online site app dev jp de fr cn co.uk com.br ru in me"),
		subs:    strings.Fields("www www www m api cdn img static mail app login ns1 s3 edge"),
		nets:    strings.Fields("cloudfront.net akamaized.net googlevideo.com fbcdn.net azureedge.net amazonaws.com workers.dev vnecdn.net"),
		alien:   strings.Fields("xn--fiqs8s xn--80ak6aa92e xn--zz-\xff xn-- quán-cà-phê вода 中文 ňěmec xn--a-ecp.xn--99999")}
	for _, w := range t.words { // the Vietnamese ones are at the end, from the first town on
		if w == "saigon" || len(t.viet) > 0 {
			t.viet = append(t.viet, w)
		}
	}
	return t
}

func (t *traffic) pick(list []string) string { return list[t.rnd.IntN(len(list))] }

func (t *traffic) letters(n int, set string) {
	for range n {
		t.buf = append(t.buf, set[t.rnd.IntN(len(set))])
	}
}

// next returns a name, which is valid until the next call.
func (t *traffic) next() []byte {
	const alnum, hex, consonants, vowels = "abcdefghijklmnopqrstuvwxyz0123456789", "0123456789abcdef", "bcdfghjklmnprstvwz", "aeiou"
	r := t.rnd
	t.buf = t.buf[:0]
	if r.IntN(3) == 0 {
		t.buf = append(append(t.buf, t.pick(t.subs)...), '.')
	}
	kind := r.IntN(100)
	switch {
	case kind < 35:
		for i := range 1 + r.IntN(3) {
			if i > 0 && r.IntN(4) == 0 {
				t.buf = append(t.buf, '-')
			}
			t.buf = append(t.buf, t.pick(t.words)...)
		}
		if r.IntN(8) == 0 {
			t.buf = strconv.AppendInt(t.buf, int64(r.IntN(1000)), 10)
		}
	case kind < 52:
		for range 2 + r.IntN(2) {
			t.buf = append(t.buf, t.pick(t.viet)...)
		}
	case kind < 55:
		for range 2 + r.IntN(3) {
			t.buf = append(t.buf, t.pick(t.syllables)...)
		}
	case kind < 68:
		for range 2 + r.IntN(3) {
			t.letters(1, consonants)
			t.letters(1, vowels)
			t.letters(r.IntN(2), consonants)
		}
	case kind < 80:
		t.letters(8+r.IntN(24), hex)
		return append(append(t.buf, '.'), t.pick(t.nets)...)
	case kind < 86:
		t.letters(4+r.IntN(20), alnum)
	case kind < 92:
		t.buf = fmt.Appendf(t.buf, "%d-%d-%d-%d.dynamic.", r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256))
		t.letters(4+r.IntN(6), alnum[:26])
	case kind < 95:
		t.buf = append(t.buf, "_dmarc._tcp."...)
		t.letters(3+r.IntN(9), alnum)
	case kind < 98:
		for range 1 + r.IntN(6) {
			t.letters(20+r.IntN(44), alnum)
			t.buf = append(t.buf, '.')
		}
		t.letters(3, alnum)
	default:
		t.buf = append(t.buf, t.pick(t.alien)...)
	}
	return append(append(t.buf, '.'), t.pick(t.endings)...)
}

// alarms counts the findings.
type alarms struct{ fraud, suspicious int }

func (a *alarms) Found(f *detector.Finding, _ *sensor.Event) {
	if f.Severity >= detector.High {
		a.fraud++
	} else {
		a.suspicious++
	}
}

// TestSoak looks harmless names up and bounds what they cost in memory and false alarms. KHIEN_SOAK says how many;
// deploy/FRAUD.md has figures.
func TestSoak(t *testing.T) {
	count := 100_000
	if s := os.Getenv("KHIEN_SOAK"); s != "" {
		var err error
		if count, err = strconv.Atoi(s); err != nil {
			t.Fatalf("KHIEN_SOAK: %v", err)
		}
	}
	if testing.Short() {
		count = min(count, 10_000)
	}
	var a alarms
	d := New(Config{}, testNames(t), &a)
	gen := newTraffic(1)
	tx := &fakeTx{TxBase: sensor.TxBase{Proto: sensor.ProtoDNS}, bufs: map[sensor.Buffer][]string{sensor.DNSQueryName: {""}}}
	e := &sensor.Event{Kind: sensor.KindTx, Tx: tx, Flow: &sensor.Flow{Src: netip.MustParseAddr("192.168.1.20"), Dst: netip.MustParseAddr("192.168.1.1"),
		DstPort: 53, Proto: sensor.IPProtoUDP, App: sensor.ProtoDNS}}
	peak := 0.0
	for i := range count {
		tx.bufs[sensor.DNSQueryName][0] = string(gen.next())
		e.Flow.ID, e.Time = uint64(i+1), int64(i)*1e6
		d.Handle(e)
		if i%(count/20+1) == 0 || i == count-1 {
			mb, err := residentMB()
			if err != nil {
				t.Skip(err)
			}
			peak = max(peak, mb)
		}
	}
	million := 1e6 / float64(count)
	t.Logf("%d names: %.1f in a million fraud, %.0f suspicious; at most %.0f MB", count, float64(a.fraud)*million, float64(a.suspicious)*million, peak)
	if peak > 300 {
		t.Errorf("%.0f MB", peak)
	}
	if most := 5 + count/5000; a.fraud > most {
		t.Errorf("%d false alarms, at most %d are expected", a.fraud, most)
	}
}

// residentMB reads the memory of this process (proc_pid_statm(5)).
func residentMB() (float64, error) {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	f := bytes.Fields(b)
	if len(f) < 2 {
		return 0, fmt.Errorf("statm: %q", b)
	}
	pages, err := strconv.ParseFloat(string(f[1]), 64)
	return pages * float64(os.Getpagesize()) / 1e6, err
}

// BenchmarkScore scores the names of TestSoak, 4,096 different ones.
func BenchmarkScore(b *testing.B) {
	n := testNames(b)
	gen := newTraffic(2)
	var names [4096][]byte
	for i := range names {
		names[i] = bytes.Clone(gen.next())
	}
	var v Verdict
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		n.Score(names[i&4095], &v)
	}
}

// BenchmarkDomainCommand is `khien domain` on the same names.
func BenchmarkDomainCommand(b *testing.B) {
	o := CommandOptions{Names: testNames(b)}
	gen := newTraffic(2)
	var in []byte
	for range 4096 {
		in = append(append(in, gen.next()...), '\n')
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := DomainCommand(bytes.NewReader(in), discard{}, nil, o); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/4096, "ns/name")
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

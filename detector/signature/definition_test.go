package signature

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"khien/sensor"
)

// The evaluator of this file is written down from the language's definition: it tries every occurrence of every content in
// a whole buffer, without prefilter, groups, memory of what was searched before, limits, or any code of the engine.

// defined reports whether the contents match in buf, the first of them where the one before it has ended at pos.
func defined(items []item, buf string, pos int) bool {
	if len(items) == 0 {
		return true
	}
	c := items[0].c
	var ends []int
	for at := 0; at+len(c.pat) <= len(buf); at++ {
		end := at + len(c.pat)
		got, want := buf[at:end], string(c.pat)
		if c.nocase {
			got, want = asciiLower(got), asciiLower(want)
		}
		from, to := 0, len(buf) // where the content may begin and end
		switch {
		case c.distance.set || c.within.set:
			from = max(pos+int(c.distance.n), 0)
			if c.within.set {
				to = pos + int(c.distance.n) + int(c.within.n)
			}
		default:
			if c.offset.set {
				from = int(c.offset.n)
			}
			if c.depth.set {
				to = from + int(c.depth.n)
			}
		}
		if got == want && at >= from && end <= to && (!c.ends || end == len(buf)) {
			ends = append(ends, end)
		}
	}
	if c.neg {
		return len(ends) == 0 && defined(items[1:], buf, pos)
	}
	for _, end := range ends {
		if defined(items[1:], buf, end) {
			return true
		}
	}
	return false
}

func asciiLower(s string) string { return string(lowerCopy([]byte(s))) }

// cut splits s into pieces of random lengths.
func cut(r *rand.Rand, s string) []string {
	var out []string
	for len(s) > 0 {
		n := 1 + r.IntN(len(s))
		if r.IntN(2) == 0 {
			n = 1 + r.IntN(min(len(s), 4))
		}
		out, s = append(out, s[:n]), s[n:]
	}
	return out
}

// TestDefinition: random rules on random bytes in random pieces match where the definition says, as datagrams, as a stream
// and as a body that grows. A case is a rule with the traffic of its seed.
func TestDefinition(t *testing.T) {
	rounds := uint64(80)
	if testing.Short() {
		rounds = 15
	}
	const rulesOfRound = 40
	cases, matched := 0, 0
	for seed := range rounds {
		r := rand.New(rand.NewPCG(seed, 7))
		var text string
		for range 1 + r.IntN(8) {
			text += traffic(r)
		}
		pieces := cut(r, text)
		for _, kind := range []string{"udp", "tcp-stream", "http"} {
			var rules []string
			for i := range rulesOfRound {
				buf := ""
				if kind == "http" {
					buf = "http.request_body; "
				}
				rules = append(rules, fmt.Sprintf("alert %s any any -> any any (%s%ssid:%d;)", kind, buf, randomContents(r), i+1))
			}
			set := load(t, rules...)
			set.alertMax = 1000
			want := map[string]bool{}
			whole := ""
			for i, p := range pieces {
				whole += p
				buf := whole
				if kind == "udp" {
					buf = p
				}
				if len(buf) > windowMax {
					t.Fatal("BUG: more bytes than the engine looks at together")
				}
				for _, s := range set.sigs {
					l := s.payload
					if kind == "http" {
						l = s.lists[0]
						if growing := i < len(pieces)-1; growing && endsOrNegates(l) {
							continue // such a rule may wait for the body's end
						}
					}
					if defined(l.items, buf, 0) {
						want[fmt.Sprint(s.SID)] = true
					}
				}
			}
			got := map[string]bool{}
			for _, sid := range strings.Fields(runPieces(set, kind, pieces)) {
				got[sid] = true
			}
			for _, s := range set.sigs {
				sid := fmt.Sprint(s.SID)
				cases++
				if got[sid] {
					matched++
				}
				if l := s.lists; kind == "http" && got[sid] && !want[sid] && endsOrNegates(l[0]) && definedBefore(l[0], pieces) {
					continue
				}
				if got[sid] != want[sid] {
					t.Errorf("seed %d: %s on %q: engine %v, definition %v", seed, s.Text, pieces, got[sid], want[sid])
				}
			}
		}
	}
	t.Logf("seeds 0 to %d: %d cases, %d matches", rounds-1, cases, matched)
	if matched < cases/50 {
		t.Errorf("only %d of %d cases matched: the test tests nothing", matched, cases)
	}
}

// endsOrNegates reports whether more bytes can make a list that matched one that does not.
func endsOrNegates(l *list) bool {
	for i := range l.items {
		if c := l.items[i].c; c.neg || c.ends {
			return true
		}
	}
	return false
}

// definedBefore reports whether a list matches some of what the body was while it grew.
func definedBefore(l *list, pieces []string) bool {
	whole := ""
	for _, p := range pieces {
		if whole += p; defined(l.items, whole, 0) {
			return true
		}
	}
	return false
}

// runPieces gives the rules that the engine finds.
func runPieces(set *Set, kind string, pieces []string) string {
	switch kind {
	case "udp":
		b := newBench(set, sensor.IPProtoUDP, 0)
		for _, p := range pieces {
			b.packet(sensor.ToServer, p)
		}
		return b.tape.sids()
	case "tcp-stream":
		b := newBench(set, sensor.IPProtoTCP, 0)
		for _, p := range pieces {
			b.stream(sensor.ToServer, p)
		}
		return b.tape.sids()
	}
	b := newBench(set, sensor.IPProtoTCP, sensor.ProtoHTTP)
	tx := &fakeTx{TxBase: sensor.TxBase{Proto: sensor.ProtoHTTP}, text: map[sensor.Buffer][]string{sensor.HTTPRequestBody: {""}}}
	for _, p := range pieces {
		tx.text[sensor.HTTPRequestBody][0] += p
		b.change(tx, sensor.ToServer, sensor.ProgressHeaders)
	}
	b.change(tx, sensor.ToServer, sensor.ProgressComplete)
	return b.tape.sids()
}

// FuzzRuleOnTraffic: any rule that can be read ends on any traffic, and finds the same with and without the search for its
// fast pattern.
func FuzzRuleOnTraffic(f *testing.F) {
	f.Add(`alert udp any any -> any any (content:"a"; content:"b"; distance:0; pcre:"/(a+)+$/"; sid:1;)`, "xaab aaaa!", uint8(3))
	f.Add(`alert tcp any any -> any any (content:"ab"; depth:5; byte_jump:1,0,relative; isdataat:!2,relative; sid:2;)`, "abab\x01abc", uint8(1))
	f.Add(`alert http any any -> any any (http.request_body; content:"k="; base64_decode:bytes 8,offset 0,relative; base64_data; content:"z"; sid:3;)`, "k=eno=", uint8(2))
	f.Add(`alert http any any -> any any (http.request_body; xor:"0a"; content:"a"; to_sha256; content:"b"; sid:4;)`, "kkkk", uint8(9))
	f.Fuzz(func(t *testing.T, rule, text string, cuts uint8) {
		if len(text) == 0 || len(text) > 4096 || strings.Contains(rule, "filestore") {
			return
		}
		a, errs := Load(Options{}, []File{{Name: "fuzz.rules", Data: []byte(rule)}})
		b, errs2 := Load(Options{}, []File{{Name: "fuzz.rules", Data: []byte(rule)}})
		if len(errs) > 0 || len(errs2) > 0 || a.Len() != 1 {
			return
		}
		for _, s := range b.sigs {
			s.fp = nil
		}
		b, err := compile(b.sigs, Options{})
		if err != nil {
			t.Fatal(err)
		}
		pieces := cut(rand.New(rand.NewPCG(uint64(cuts), 1)), text)
		for _, kind := range []string{"udp", "tcp-stream", "http"} {
			if x, y := unique(runPieces(a, kind, pieces)), unique(runPieces(b, kind, pieces)); x != y {
				t.Errorf("%s: with a fast pattern %q, without %q", kind, x, y)
			}
		}
	})
}

package signature

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"khien/sensor"
)

// naive makes a set that inspects every rule everywhere: no rule has a fast pattern.
func naive(t testing.TB, rules []string) *Set {
	t.Helper()
	ld := newLoader(Options{})
	var sigs []*sig
	for _, r := range rules {
		ss, err := ld.parseRule(r)
		if err != nil {
			t.Fatalf("%s: %v", r, err)
		}
		for _, s := range ss {
			s.fp = nil
		}
		sigs = append(sigs, ss...)
	}
	set, err := compile(sigs, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// words of a small alphabet, so that random rules match random traffic often.
func word3(r *rand.Rand, max int) string {
	b := make([]byte, 1+r.IntN(max))
	for i := range b {
		b[i] = "abAB\x00"[r.IntN(5)]
	}
	return string(b)
}

func randomContents(r *rand.Rand) string {
	var b strings.Builder
	for i := range 1 + r.IntN(3) {
		neg := ""
		if i > 0 && r.IntN(4) == 0 {
			neg = "!"
		}
		w := word3(r, 3)
		fmt.Fprintf(&b, `content:%s"%s"; `, neg, formatContent([]byte(w)))
		if r.IntN(2) == 0 {
			b.WriteString("nocase; ")
		}
		switch k := r.IntN(6); {
		case k == 0:
			fmt.Fprintf(&b, "offset:%d; ", r.IntN(4))
		case k == 1:
			fmt.Fprintf(&b, "depth:%d; ", len(w)+r.IntN(6))
		case k == 2 && i > 0:
			fmt.Fprintf(&b, "distance:%d; ", r.IntN(5)-2)
		case k == 3 && i > 0:
			fmt.Fprintf(&b, "within:%d; ", len(w)+r.IntN(4))
		case k == 4:
			b.WriteString("endswith; ")
		}
	}
	return b.String()
}

func traffic(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(6) {
		b.WriteString(word3(r, 5))
	}
	return b.String()
}

// TestOracle: what the prefilter leaves out would not have matched, on datagrams, on streams cut anywhere, and on
// transactions that grow.
func TestOracle(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	matches := 0
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 1))
		var udp, tcp, http []string
		for i := range 40 {
			udp = append(udp, fmt.Sprintf("alert udp any any -> any any (%ssid:%d;)", randomContents(r), i+1))
			tcp = append(tcp, fmt.Sprintf("alert tcp-stream any any -> any any (%ssid:%d;)", randomContents(r), i+1))
			buf := []string{"http.uri", "http.host", "http.request_body", "http.request_header"}[r.IntN(4)]
			extra := ""
			if r.IntN(2) == 0 {
				extra = "http.method; " + randomContents(r)
			}
			http = append(http, fmt.Sprintf("alert http any any -> any any (%s; %s%ssid:%d;)", buf, randomContents(r), extra, i+1))
		}
		same := func(what string, a, b string) {
			t.Helper()
			if a = unique(a); a != "" {
				matches++
			}
			if b = unique(b); a != b {
				t.Errorf("seed %d, %s: prefiltered %q, naive %q", seed, what, a, b)
			}
		}
		run := func(rules []string, drive func(b *bench, r *rand.Rand), proto uint8, app sensor.Proto) (string, string) {
			var got [2]string
			traffic := r.Uint64()
			for i, set := range []*Set{load(t, rules...), naive(t, rules)} {
				set.alertMax = 1000
				b := newBench(set, proto, app)
				drive(b, rand.New(rand.NewPCG(traffic, 2)))
				got[i] = b.tape.sids()
			}
			return got[0], got[1]
		}
		a, b := run(udp, func(b *bench, r *rand.Rand) {
			for range 5 {
				b.packet(sensor.Dir(r.IntN(2)), traffic(r))
			}
		}, sensor.IPProtoUDP, 0)
		same("datagrams", a, b)
		a, b = run(tcp, func(b *bench, r *rand.Rand) {
			for range 5 {
				b.stream(0, traffic(r))
			}
		}, sensor.IPProtoTCP, 0)
		same("stream", a, b)
		a, b = run(http, func(b *bench, r *rand.Rand) {
			tx := &fakeTx{TxBase: sensor.TxBase{Proto: sensor.ProtoHTTP}, text: map[sensor.Buffer][]string{sensor.HTTPMethod: {word3(r, 4)},
				sensor.HTTPURI: {traffic(r)}}}
			b.change(tx, 0, sensor.ProgressLine)
			tx.text[sensor.HTTPHost] = []string{traffic(r)}
			tx.text[sensor.HTTPRequestHeader] = []string{traffic(r), traffic(r)}
			b.change(tx, 0, sensor.ProgressHeaders)
			tx.text[sensor.HTTPRequestBody] = []string{""}
			for range 4 {
				tx.text[sensor.HTTPRequestBody][0] += traffic(r)
				b.change(tx, 0, sensor.ProgressHeaders)
			}
			b.change(tx, 0, sensor.ProgressComplete)
		}, sensor.IPProtoTCP, sensor.ProtoHTTP)
		same("transaction", a, b)
	}
	if matches < rounds {
		t.Errorf("only %d of %d runs matched anything: the test tests nothing", matches, 3*rounds)
	}
}

// unique gives the distinct words of s in order.
func unique(s string) string {
	var out []string
	for _, w := range strings.Fields(sorted(s)) {
		if len(out) == 0 || out[len(out)-1] != w {
			out = append(out, w)
		}
	}
	return strings.Join(out, " ")
}

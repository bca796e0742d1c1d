package behaviour

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"strings"
	"testing"

	"khien/detector"
	"khien/detector/detectortest"
	"khien/sensor"
)

var update = flag.Bool("update", false, "write what is found into testdata")

// run returns what is found, the last state of each finding.
func run(t *testing.T, workers int, packets []sensor.Packet) []*detector.Finding {
	t.Helper()
	found, err := detectortest.Run(detectortest.Setup{Workers: workers, Watch: []func(any) []*detector.Finding{New().Watch},
		Handlers: func(rec *detector.Recorder) ([]sensor.Handler, error) { return []sensor.Handler{NewObserver(rec)}, nil }}, packets)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestPatterns runs the scripts of testdata: each behaviour must be found in its script and not in its look-alike.
func TestPatterns(t *testing.T) {
	const archive = "testdata/patterns.txtar"
	data, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	want, have := map[string]string{}, map[string]bool{}
	for _, c := range detectortest.Cases(data) {
		name := c.Rule + "/" + c.Kind
		have[name] = true
		packets, err := c.Packets()
		if err != nil {
			t.Fatalf("%s: %v", archive, err)
		}
		got := detectortest.Format(run(t, 1, packets))
		want[name] = got
		if strings.Contains(got, ":"+c.Rule+" ") != (c.Kind == "fire") {
			t.Errorf("%s: found\n%s", name, got)
		}
		if !*update && got != c.Want {
			t.Errorf("%s: found\n%swant\n%s", name, got, c.Want)
		}
		if three := detectortest.Format(run(t, 3, packets)); three != got {
			t.Errorf("%s: three workers find\n%sone finds\n%s", name, three, got)
		}
	}
	for _, id := range []string{"port_scan", "host_sweep", "password_guessing", "password_spraying", "dns_tunnel", "icmp_tunnel", "generated_names", "beacon"} {
		if !have["behaviour."+id+"/fire"] || !have["behaviour."+id+"/silent"] {
			t.Errorf("no scripts for %s", id)
		}
	}
	if *update {
		if err := os.WriteFile(archive, detectortest.Update(data, want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFindingTells: a finding says what, to whom, by what right, and keeps its ID while it grows.
func TestFindingTells(t *testing.T) {
	p := New()
	ids, last := map[string]bool{}, 0
	for i := range 2000 {
		n := &note{kind: nameAsked, capture: "c", time: int64(i) * 1e9, client: netip.MustParseAddr("10.1.1.1"), server: netip.MustParseAddr("10.1.0.53"),
			proto: sensor.IPProtoUDP, name: fmt.Sprintf("%040d.x.example.com", i)}
		for _, f := range p.Watch(n) {
			ids[f.ID], last = true, f.Count
			if f.Domain != "example.com" || len(f.Reasons) < 2 || len(f.Techniques) == 0 || f.Summary.VI == "" || f.Severity != detector.High {
				t.Errorf("%+v", f)
			}
			sum := 0.0
			for _, r := range f.Reasons {
				sum += r.Weight
			}
			if sum < 0.99 || sum > 1.01 {
				t.Errorf("weights sum to %v", sum)
			}
		}
	}
	if len(ids) != 1 || last != 1600 {
		t.Errorf("%d findings, the last counts %d", len(ids), last)
	}
}

// TestSSHGuessing: short connections, then one that holds.
func TestSSHGuessing(t *testing.T) {
	p := New()
	see := func(at, seconds int, down uint64) []*detector.Finding {
		return p.Watch(&note{kind: flowEnded, app: sensor.ProtoSSH, time: int64(at) * 1e9, end: int64(at+seconds) * 1e9, established: true, proto: sensor.IPProtoTCP,
			client: netip.MustParseAddr("10.1.1.1"), server: netip.MustParseAddr("10.1.0.9"), port: 22, bytes: [2]uint64{2000, down},
			flags: [2]uint8{sensor.SYN, sensor.SYN}})
	}
	for i := range sshTries - 1 {
		if f := see(i*3, 2, 3000); f != nil {
			t.Fatalf("found after %d: %+v", i+1, f[0])
		}
	}
	if f := see(50, 2, 3000); len(f) != 1 || f[0].Rule.ID != "behaviour.password_guessing" || len(f[0].NotSeen) == 0 {
		t.Fatalf("%+v", f)
	}
	f := see(60, 300, 90_000)
	if len(f) != 1 || f[0].Score != 0.9 || !strings.Contains(f[0].Reasons[1].EN, "long session") {
		t.Fatalf("%+v", f)
	}
	if f := see(70, 300, 90_000); f != nil {
		t.Errorf("told twice: %+v", f[0])
	}
}

// TestBounded: a flood of hosts and names costs bounded memory.
func TestBounded(t *testing.T) {
	p := New()
	r := rand.New(rand.NewPCG(1, 2))
	addr := func() netip.Addr {
		return netip.AddrFrom4([4]byte{10, byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())})
	}
	for i := range 150_000 {
		n := &note{kind: kind(r.IntN(int(echoDiffers) + 1)), time: int64(i) * 1e6, client: addr(), server: addr(), port: uint16(i), proto: sensor.IPProtoTCP,
			flags: [2]uint8{sensor.SYN, 0}, name: fmt.Sprintf("%050d.q%d.example", i, i)}
		p.Watch(n)
	}
	total := 0
	for _, x := range p.list {
		switch x := x.(type) {
		case *scans:
			total += x.seen.Len()
		case *sweeps:
			total += x.seen.Len()
		case *guesses:
			total += x.seen.Len()
		case *sprays:
			total += x.seen.Len()
		case *nameTunnels:
			total += x.seen.Len()
		case *generated:
			total += x.seen.Len()
		case *echoTunnels:
			total += x.seen.Len()
		}
	}
	if total < keysMax || total > len(p.list)*keysMax {
		t.Errorf("%d keys are kept", total)
	}
}

func TestRandom(t *testing.T) {
	f := func(label string, want bool) {
		t.Helper()
		if random(label) != want {
			t.Errorf("random(%q) is %v", label, !want)
		}
	}
	for _, s := range []string{"vietcombank", "dichvucong", "thuvienphapluat", "xoso", "facebook", "nghiencuuquocte", "khuyenmai2026", "xn--bcher-kva0123"} {
		f(s, false)
	}
	for _, s := range []string{"xj4kq9zt2mfp", "qwrtpsdfghjk", "a1b2c3d4e5f6", "lkjhgfdmnbvcx"} {
		f(s, true)
	}
}

func TestCut(t *testing.T) {
	f := func(name, below, domain string) {
		t.Helper()
		if b, d := cut(name); b != below || d != domain {
			t.Errorf("cut(%q) = %q, %q", name, b, d)
		}
	}
	f("a.b.example.com", "a.b", "example.com")
	f("a.example.com.vn.", "a", "example.com.vn")
	f("example.com", "", "example.com")
	f("com", "", "")
	f("", "", "")
	f(".", "", "")
	f("1.2.3.10.in-addr.arpa", "", "")
}

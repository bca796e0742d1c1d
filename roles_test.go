package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/fraud"
	"khien/detector/store"
	"khien/detector/store/embedded"
	"khien/sensor"
	"khien/sensor/sensortest"
)

// sites are network namespaces joined by a bridge: one for the cores and one for each sensor.
type sites struct {
	prefix [4][]string // what a command of the site begins with
	hub    string      // address of the hub
	cut    func(sensor int, cut bool)
}

// newSites makes the namespaces. Without the right to, all sites are this machine and no link is ever cut.
func newSites(t *testing.T) *sites {
	t.Helper()
	s := &sites{hub: freeAddress(t), cut: func(int, bool) {}}
	name := func(i int) string { return fmt.Sprintf("khien%d-%d", os.Getpid(), i) }
	ip := func(args ...string) error {
		out, err := exec.Command("ip", args...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
		}
		return nil
	}
	if err := ip("netns", "add", name(0)); err != nil {
		t.Logf("no network namespaces, all on this machine: %v", err)
		return s
	}
	t.Cleanup(func() {
		for i := range 4 {
			if err := ip("netns", "del", name(i)); err != nil {
				t.Log(err)
			}
		}
	})
	in := func(i int, args ...string) error { return ip(append([]string{"-n", name(i)}, args...)...) }
	errs := []error{in(0, "link", "set", "lo", "up"), in(0, "link", "add", "br0", "type", "bridge"), in(0, "addr", "add", "10.199.0.1/24", "dev", "br0"),
		in(0, "link", "set", "br0", "up")}
	for i := 1; i < 4; i++ {
		port := fmt.Sprintf("p%d", i)
		errs = append(errs, ip("netns", "add", name(i)), in(i, "link", "set", "lo", "up"),
			in(0, "link", "add", port, "type", "veth", "peer", "name", "up0", "netns", name(i)), in(0, "link", "set", port, "master", "br0"), in(0, "link", "set", port, "up"),
			in(i, "addr", "add", fmt.Sprintf("10.199.0.%d/24", 1+i), "dev", "up0"), in(i, "link", "set", "up0", "up"))
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		s.prefix[i] = []string{"ip", "netns", "exec", name(i)}
	}
	s.hub = "10.199.0.1:8687"
	s.cut = func(i int, cut bool) {
		if err := in(i, "link", "set", "up0", map[bool]string{true: "down", false: "up"}[cut]); err != nil {
			t.Error(err)
		}
	}
	return s
}

// start runs khien at a site until the test ends.
func (s *sites) start(t *testing.T, site int, args ...string) *exec.Cmd {
	t.Helper()
	line := append(append([]string{}, s.prefix[site]...), append([]string{"khien"}, args...)...)
	return launch(t, exec.Command(line[0], line[1:]...))
}

// findingsOf counts what a store has, of some rules or of all.
func findingsOf(t *testing.T, st store.Store, rules ...string) (n int) {
	t.Helper()
	p, err := st.Groups(t.Context(), store.Query{Rule: rules, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range p.Groups {
		n += g.Count
	}
	return n
}

// freeAddress is one on this machine that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// traffic writes the capture of a sensor: ordinary lookups of ten victims that a rule alerts on, and its share of a fraud
// that no sensor sees as a whole.
func traffic(t *testing.T, dir string, sensorNo int, share func(*sensor.Packet) bool) (captures []string) {
	t.Helper()
	var b strings.Builder
	for v := range 10 {
		fmt.Fprintf(&b, "repeat 100 every 20ms\ndns 10.%d.%d.14 {alnum:9}.tin.example A 203.0.113.9\nend\n", 100+sensorNo, v)
	}
	script, err := sensortest.Parse(b.String())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("deploy/demo-scripts/fraud.txtar")
	if err != nil {
		t.Fatal(err)
	}
	fraud, err := sensortest.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	var part []sensor.Packet
	for _, p := range fraud.Packets() {
		if share(&p) {
			part = append(part, p)
		}
	}
	for name, packets := range map[string][]sensor.Packet{"names": script.Packets(), "fraud": part} {
		var out bytes.Buffer
		if err := sensortest.WritePCAP(&out, packets); err != nil {
			t.Fatal(err)
		}
		captures = append(captures, filepath.Join(dir, fmt.Sprintf("%s%d.pcap", name, sensorNo)))
		if err := os.WriteFile(captures[len(captures)-1], out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return captures
}

// hasPort reports whether a packet (Ethernet, IPv4 without options) has one of the ports.
func hasPort(p *sensor.Packet, ports ...int) bool {
	at := 14 + 20
	for _, port := range ports {
		for _, off := range []int{at, at + 2} {
			if len(p.Data) > off+1 && int(p.Data[off])<<8|int(p.Data[off+1]) == port {
				return true
			}
		}
	}
	return false
}

// TestSensorsCoresAndConsole: three sensors, two cores and a console, each a process, at four sites. A core is killed, the
// hub's core too and started again, a sensor's uplink is cut. Everything that was found is stored once, and a fraud of
// which each sensor saw some steps is one story.
func TestSensorsCoresAndConsole(t *testing.T) {
	if testing.Short() {
		t.Skip("runs eight processes")
	}
	s := newSites(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	rules := at("names.rules")
	if err := os.WriteFile(rules, []byte(`alert dns any any -> any any (msg:"lookup"; dns.query; content:"tin.example"; sid:1; rev:1;)`), 0o600); err != nil {
		t.Fatal(err)
	}
	token := func(role, name string) string {
		t.Helper()
		return newToken(t, "--data", at("core1"), "--role", role, "--url", "tls://"+s.hub, name)
	}
	storeName := "embedded:" + at("store")
	hub := []string{"core", "--data", at("core1"), "--listen", s.hub, "--store", storeName}
	if err := os.WriteFile(at("core2.token"), []byte(token("core", "core-2")), 0o600); err != nil {
		t.Fatal(err)
	}
	shares := []func(*sensor.Packet) bool{
		func(p *sensor.Packet) bool { return hasPort(p, 53, 443) },
		func(p *sensor.Packet) bool { return hasPort(p, 80) },
		func(p *sensor.Packet) bool { return hasPort(p, 8080) },
	}
	made := map[string]bool{}
	var runs [][]string
	for i, share := range shares {
		name := fmt.Sprintf("sensor-%d", i+1)
		khien(t, "sensor", "enroll", "--data", at(name), token("sensor", name))
		captures := traffic(t, dir, i, share)
		for line := range strings.Lines(khien(t, append([]string{"replay", "--rules", rules, "--findings", "-"}, captures...)...)) {
			var f detector.Finding
			if err := json.Unmarshal([]byte(line), &f); err != nil {
				t.Fatal(err)
			}
			if !fraud.IsStory(&f) {
				made[f.ID] = true
			}
		}
		args := []string{"sensor", "--data", at(name), "--rules", rules, "--workers", "1"}
		for _, c := range captures {
			args = append(args, "-r", c)
		}
		runs = append(runs, args)
	}
	first := s.start(t, 0, hub...)
	second := s.start(t, 0, "core", "--data", at("core2"), "--join", at("core2.token"), "--store", storeName)
	s.start(t, 0, "console", "--data", at("console"), "--listen", "127.0.0.1:0", "--store", storeName)
	var sensors []*exec.Cmd
	for i, args := range runs {
		sensors = append(sensors, s.start(t, i+1, args...))
	}
	st, err := embedded.Open(at("store"))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	s.cut(3, true)
	stored := func() int { return findingsOf(t, st) }
	waitFor(t, 120*time.Second, "some findings are stored", func() bool { return stored() > 200 })
	t.Logf("a core is killed with %d of %d findings stored", stored(), len(made))
	kill(t, second)
	kill(t, first)
	s.cut(3, false)
	s.start(t, 0, hub...)
	for _, cmd := range sensors {
		if err := cmd.Wait(); err != nil {
			t.Errorf("a sensor: %v", err)
		}
	}
	waitFor(t, 120*time.Second, "all findings and the story are stored", func() bool { return stored() >= len(made)+1 })
	time.Sleep(time.Second) // for what may come twice
	page, err := st.Find(t.Context(), store.Query{Rule: []string{"fraud.story"}})
	if err != nil || len(page.Findings) != 1 {
		t.Fatalf("%d stories, %v; want 1", len(page.Findings), err)
	}
	story := page.Findings[0]
	saw := map[string]bool{}
	for _, step := range story.Steps {
		if step.Evidence == "" {
			continue
		}
		f, err := st.Get(t.Context(), step.Evidence)
		if err != nil {
			t.Fatal(err)
		}
		saw[f.Sensor] = true
	}
	t.Logf("the story has %d steps, seen by %v", len(story.Steps), saw)
	if len(saw) < 2 {
		t.Errorf("the story's steps are of %v, want several sensors", saw)
	}
	made[story.ID] = true
	checkStored(t, st, made)
	status, err := st.Documents(t.Context(), store.DocumentQuery{Kind: "sensor"})
	if err != nil || len(status.Documents) != 3 {
		t.Errorf("%d sensors have told how they are, %v; want 3", len(status.Documents), err)
	}
}

package main

import (
	"crypto/ed25519"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"khien/detector/bus"
	"khien/detector/bus/release"
	"khien/detector/cli"
	"khien/sensor/sensortest"
)

// rolloutSite is a hub with a publisher, and the data folder of an enrolled sensor.
type rolloutSite struct {
	hub   *bus.Hub
	core  *versions
	token bus.Token
	data  string
}

func newRolloutSite(t *testing.T) *rolloutSite {
	t.Helper()
	dir := t.TempDir()
	s := &rolloutSite{data: filepath.Join(dir, "sensor")}
	hubDir := filepath.Join(dir, "core", "hub")
	var err error
	if s.hub, err = bus.StartHub(t.Context(), bus.HubConfig{Dir: hubDir, Listen: "127.0.0.1:0", FindingsBytes: 16 << 20, EventsBytes: 16 << 20}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.hub.Close)
	if s.token, err = (bus.Accounts{Dir: hubDir}).Enroll("so-y-te", bus.RoleSensor, []string{"tls://" + s.hub.Addr()}); err != nil {
		t.Fatal(err)
	}
	nc, err := s.hub.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	to, err := bus.NewPublisher(nc)
	if err != nil {
		t.Fatal(err)
	}
	key, err := release.Key(hubDir)
	if err != nil {
		t.Fatal(err)
	}
	s.core = &versions{options: detectionOptions{noDefault: true, folder: filepath.Join(dir, "core", "rules")}, dir: hubDir, key: key, to: to}
	if err := os.MkdirAll(s.core.options.folder, 0o700); err != nil {
		t.Fatal(err)
	}
	return s
}

// write writes a file of the core's folder of rules.
func (s *rolloutSite) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.core.options.folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// smuggle publishes rules that nobody has checked, under a key.
func (s *rolloutSite) smuggle(t *testing.T, key ed25519.PrivateKey, number uint64, rules string) {
	t.Helper()
	packed, err := release.Pack([]release.File{{Name: "rules/own.rules", Data: []byte(rules)}})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := release.Sign(key, release.Head{Number: number, NoDefault: true}, packed)
	if err != nil {
		t.Fatal(err)
	}
	h, err := release.Open(key.Public().(ed25519.PublicKey), signed)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.core.to.Publish(t.Context(), h, signed, packed); err != nil {
		t.Fatal(err)
	}
}

// sensor starts a follower; what it tells of itself is what a restarted sensor would.
func (s *rolloutSite) sensor(t *testing.T) *follower {
	t.Helper()
	f, err := newFollower(s.data, s.token, detectionOptions{noDefault: true}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// link joins the hub as the sensor.
func (s *rolloutSite) link(t *testing.T) *bus.Link {
	t.Helper()
	nc, err := bus.Dial(s.token, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	link, err := bus.NewLink(nc, s.token.Name)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func tickRule(sid int) string {
	return fmt.Sprintf("alert udp any any -> any any (msg:\"tick\"; content:\"tick\"; sid:%d;)\n", sid)
}

// TestVersionsAreTakenLive: what a core publishes, sensors go on with at once and without losing or repeating a packet; what
// cannot be loaded, was signed by somebody else or is older changes nothing and is told.
func TestVersionsAreTakenLive(t *testing.T) {
	s := newRolloutSite(t)
	f := s.sensor(t)
	script, err := sensortest.Parse("udp 10.20.3.14:5000 > 203.0.113.9:514\n" + strings.Repeat("> tick\n~ 10ms\n", 100))
	if err != nil {
		t.Fatal(err)
	}
	r := &loopReader{packets: script.Packets()}
	count := &tally{bySID: map[string]int{}}
	link := s.link(t)
	publish := func() *outcome {
		t.Helper()
		res := s.core.publish(t.Context())
		if !res.OK {
			t.Fatalf("%+v", res)
		}
		return res
	}
	if res := s.core.publish(t.Context()); !res.OK || res.Version != 1 || res.Loaded != 0 { // --no-default-rules is something to publish
		t.Fatalf("%+v", res)
	}
	waitFor(t, 20*time.Second, "the hub is reached", func() bool { f.look(t.Context(), link); return f.status().Running != nil })
	s.write(t, "own.rules", tickRule(10)+`alert dns any any -> any any (msg:"list"; dns.query; dataset:isset,bad,type string,load bad.lst; sid:20;)`)
	s.write(t, "bad.lst", "dGluLmV4YW1wbGU=\n")
	publish()
	f.look(t.Context(), link)
	p, end, err := f.rules.pipeline(replayOptions{workers: 2}, count.record, nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- p.Run(r, "loop") }()
	running := func(number uint64, errorHas string) {
		t.Helper()
		st := f.status()
		if st.Running == nil || st.Running.Number != number || !strings.Contains(st.Error, errorHas) || (errorHas == "") != (st.Error == "") {
			t.Fatalf("%+v %+v, want version %d and %q", st, st.Running, number, errorHas)
		}
	}
	running(2, "")
	if res := publish(); !res.Same || res.Version != 2 {
		t.Errorf("the same rules are published again: %+v", res)
	}
	for i := range 10 { // live
		s.write(t, "own.rules", tickRule(10+(i+1)%2))
		publish()
		f.look(t.Context(), link)
		running(uint64(3+i), "")
		time.Sleep(50 * time.Millisecond)
	}
	// The core refuses what it cannot load itself.
	s.write(t, "own.rules", tickRule(10)+"alert udp any any -> any any (msg:\"x\"; nonsense; sid:2;)\n")
	if res := s.core.publish(t.Context()); res.OK || !strings.Contains(res.Errors, "rules/own.rules:2:") {
		t.Errorf("%+v", res)
	}
	f.look(t.Context(), link)
	running(12, "")
	// A core of another program may know more.
	s.smuggle(t, s.core.key, 13, "\n\nalert udp any any -> any any (msg:\"x\"; nonsense; sid:2;)\n")
	f.look(t.Context(), link)
	running(12, "rules/own.rules:3:")
	if w := f.status().Wanted; w == nil || w.Number != 13 {
		t.Errorf("wanted: %+v", w)
	}
	// Somebody with access to the hub, and the rules that were good yesterday.
	foreign, err := release.Key(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s.smuggle(t, foreign, 99, "")
	f.look(t.Context(), link)
	running(12, "not signed by the core")
	s.smuggle(t, s.core.key, 5, tickRule(10))
	f.look(t.Context(), link)
	running(12, "older than version 13")
	if entries, err := filepath.Glob(filepath.Join(s.data, "release", "*-*")); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v: want the running version alone", entries, err)
	}
	// Its uplink is cut and it starts again: it detects with what it had.
	again := s.sensor(t)
	if st := again.status(); st.Running == nil || st.Running.Number != 12 || st.Loaded != 1 {
		t.Errorf("after a restart: %+v", st)
	}
	// The core goes on behind the number that was used in its name.
	s.core.dir = t.TempDir() // it has forgotten its numbers, but the newest it sees
	s.smuggle(t, s.core.key, 14, tickRule(12))
	s.write(t, "own.rules", tickRule(11))
	if res := publish(); res.Version != 15 {
		t.Errorf("%+v", res)
	}
	f.look(t.Context(), link)
	running(15, "")
	r.stop.Store(true)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	p.Close()
	end()
	sum := count.bySID["10"] + count.bySID["11"]
	t.Logf("%d packets, %d changes of rules under them", sum, count.switches)
	if sum != r.ticks || count.twice != 0 || count.switches < 5 {
		t.Errorf("%d of %d packets were inspected, %d twice; %d changes of rules were seen", sum, r.ticks, count.twice, count.switches)
	}
}

// TestSensorBeginsWithoutItsVersion: one that is damaged or cannot be loaded any more does not keep a sensor from watching.
func TestSensorBeginsWithoutItsVersion(t *testing.T) {
	s := newRolloutSite(t)
	f := s.sensor(t)
	packed, err := release.Pack([]release.File{{Name: "rules/own.rules", Data: []byte(tickRule(1))}})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := release.Sign(s.core.key, release.Head{Number: 1}, packed)
	if err != nil {
		t.Fatal(err)
	}
	h, err := release.Open(f.key, signed)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.take(h, signed, packed); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(s.data, "release", "good")
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, whole[:len(whole)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	if st := s.sensor(t).status(); st.Running != nil || !strings.Contains(st.Error, "damaged") {
		t.Errorf("%+v", st)
	}
	if err := os.WriteFile(name, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	// Its own rules have come to hold what the version holds.
	own := filepath.Join(t.TempDir(), "own.rules")
	if err := os.WriteFile(own, []byte(tickRule(1)), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err = newFollower(s.data, s.token, detectionOptions{noDefault: true, rules: cli.List{own}}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if st := f.status(); st.Running != nil || st.Loaded != 1 || !strings.Contains(st.Error, "rules/own.rules:1:") {
		t.Errorf("%+v", st)
	}
	s.token.Signer = nil
	if st := s.sensor(t).status(); !strings.Contains(st.Error, "enrol it again") {
		t.Errorf("%+v", st)
	}
}

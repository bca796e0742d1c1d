package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"khien/detector/bus"
	"khien/detector/store/embedded"
	"khien/sensor/sensortest"
)

// packetSource sends packets with a word to whoever connects, as long as it is open.
type packetSource struct {
	addr string
	stop chan struct{}
	sent chan int
}

func newPacketSource(t *testing.T, word string) *packetSource {
	t.Helper()
	script, err := sensortest.Parse("udp 10.20.3.14:5000 > 203.0.113.9:514\n" + strings.Repeat("> "+word+"\n~ 10ms\n", 2))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &packetSource{addr: "pcap-over-ip://" + l.Addr().String(), stop: make(chan struct{}), sent: make(chan int, 1)}
	var sending sync.WaitGroup
	t.Cleanup(func() { // behind the one that ends the sensor: it tells what went wrong while there is a test to tell
		l.Close()
		sending.Wait()
	})
	sending.Go(func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		packets, n := script.Packets(), 0
		for {
			var out bytes.Buffer
			if err := sensortest.WritePCAP(&out, packets); err != nil {
				t.Error(err)
			}
			b := out.Bytes()
			if n > 0 {
				b = b[24:] // the file's header came already
			}
			if _, err := conn.Write(b); err != nil {
				t.Errorf("the sensor does not take packets: %v", err)
				s.sent <- n
				return
			}
			n += len(packets)
			for i := range packets {
				packets[i].Time += int64(20 * time.Millisecond)
			}
			select {
			case <-s.stop:
				s.sent <- n
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	return s
}

// end closes the connection and returns how many packets went over it.
func (s *packetSource) end() int {
	close(s.stop)
	return <-s.sent
}

// TestRulesAreRolledOut: the rules of a core reach a running sensor, and stay there when core and sensor have ended.
func TestRulesAreRolledOut(t *testing.T) {
	if testing.Short() {
		t.Skip("runs several processes")
	}
	s := &sites{hub: freeAddress(t)}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	writeRules := func(words map[int]string) {
		t.Helper()
		var b strings.Builder
		for sid, word := range words {
			fmt.Fprintf(&b, "alert udp any any -> any any (msg:\"%s\"; content:\"%s\"; sid:%d;)\n", word, word, sid)
		}
		if err := os.MkdirAll(at("core/rules"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at("core/rules/own.rules"), []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	writeRules(map[int]string{10: "tick"})
	core := func() *exec.Cmd {
		return s.start(t, 0, "core", "--data", at("core"), "--listen", s.hub, "--store", "embedded:"+at("store"), "--no-default-rules")
	}
	running := core()
	khien(t, "sensor", "enroll", "--data", at("sensor"), newToken(t, "--data", at("core"), "--url", "tls://"+s.hub, "so-y-te"))
	watch := func(src *packetSource) *exec.Cmd {
		return s.start(t, 0, "sensor", "--data", at("sensor"), "--no-default-rules", "--workers", "1", "-r", src.addr)
	}
	st, err := embedded.Open(at("store"))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	status := func() (doc bus.Status) {
		d, err := st.Document(t.Context(), "sensor", "so-y-te")
		if err == nil {
			err = json.Unmarshal(d.Body, &doc)
		}
		if err != nil || doc.Rules == nil || doc.Rules.Running == nil {
			doc.Rules = &bus.Rules{Running: &bus.Version{}}
		}
		return doc
	}
	findings := func(sid string) int { return findingsOf(t, st, sid) }
	silence := newPacketSource(t, "nothing")
	watching := watch(silence)
	waitFor(t, 60*time.Second, "the sensor tells of version 1", func() bool { return status().Rules.Running.Number == 1 })
	silence.end()
	if err := watching.Wait(); err != nil {
		t.Fatal(err)
	}
	ticks := newPacketSource(t, "tick")
	watching = watch(ticks) // begins with version 1
	waitFor(t, 60*time.Second, "findings of version 1", func() bool { return findings("10") > 0 })
	writeRules(map[int]string{11: "tick", 12: "tock"})
	if out := khien(t, "rules", "reload", "--data", at("core")); !strings.Contains(out, "version 2 published: 2 loaded, 0 rejected") {
		t.Errorf("%q", out)
	}
	waitFor(t, 60*time.Second, "findings of version 2", func() bool { return findings("11") > 0 })
	waitFor(t, 60*time.Second, "the sensor tells of version 2", func() bool {
		r := status().Rules
		return r.Running.Number == 2 && r.Wanted.Number == 2 && r.Error == "" && r.Loaded == 2
	})
	if h := status().Health; h == nil || h.State != "ok" {
		t.Errorf("the sensor is not well: %+v", h)
	}
	// Rules with an error: the core says so.
	if err := os.WriteFile(at("core/rules/bad.rules"), []byte("alert nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("khien", "rules", "reload", "--data", at("core")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "rules/bad.rules:1:") {
		t.Errorf("%v: %s", err, out)
	}
	n := ticks.end()
	if err := watching.Wait(); err != nil {
		t.Fatal(err)
	}
	kill(t, running)
	// Without a core the sensor starts with what it had, and what it finds waits.
	tocks := newPacketSource(t, "tock")
	watching = watch(tocks)
	time.Sleep(2 * time.Second)
	m := tocks.end()
	core()
	if err := watching.Wait(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, 60*time.Second, "everything is stored", func() bool { return findings("10")+findings("11") >= n && findings("12") >= m })
	t.Logf("%d and %d packets sent; %d findings of version 1, %d and %d of version 2", n, m, findings("10"), findings("11"), findings("12"))
	if findings("10")+findings("11") != n || findings("12") != m {
		t.Error("these are not the packets that were sent")
	}
	khien(t, "core", "revoke", "--data", at("core"), "so-y-te")
	if err := exec.Command("khien", "core", "revoke", "--data", at("core"), "so-y-te").Run(); err == nil {
		t.Error("an account was revoked twice")
	}
}

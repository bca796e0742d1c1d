package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSensorSaysThatItsHubIsAway: a sensor that finds nothing tells its operator that nothing would get through, and why, and
// when that is over.
func TestSensorSaysThatItsHubIsAway(t *testing.T) {
	if testing.Short() {
		t.Skip("runs several processes")
	}
	s := &sites{hub: freeAddress(t)}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	said := func(words string) func() bool {
		return func() bool {
			b, err := os.ReadFile(at("errors"))
			if err != nil {
				t.Fatal(err)
			}
			return strings.Contains(string(b), words)
		}
	}
	enroll := func(data string) {
		t.Helper()
		khien(t, "sensor", "enroll", "--data", at("sensor"), newToken(t, "--data", at(data), "--url", "tls://"+s.hub, "so-y-te"))
	}
	errors, err := os.Create(at("errors"))
	if err != nil {
		t.Fatal(err)
	}
	defer errors.Close()
	sensor := func() (end func()) {
		silence := newPacketSource(t, "nothing")
		cmd := exec.Command("khien", "sensor", "--data", at("sensor"), "--no-default-rules", "--workers", "1", "-r", silence.addr)
		cmd.Stderr = errors
		launch(t, cmd)
		return func() { silence.end(); kill(t, cmd) }
	}
	enroll("core")
	end := sensor()
	waitFor(t, 30*time.Second, "the hub is away", said("the hub cannot be reached"))
	s.start(t, 0, "core", "--data", at("core"), "--listen", s.hub, "--no-default-rules")
	waitFor(t, 30*time.Second, "it is there", said("gets through again"))
	end()
	enroll("another")
	end = sensor()
	waitFor(t, 30*time.Second, "it is another's", said("the hub shows another certificate"))
	end()
}

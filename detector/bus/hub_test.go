package bus

import (
	"strings"
	"testing"
	"time"
)

// TestFreePort: port 0 is a free port for each hub, and Addr names it.
func TestFreePort(t *testing.T) {
	taken := map[string]bool{}
	for range 2 {
		dir := t.TempDir()
		h := startHub(t, dir, "127.0.0.1:0")
		if taken[h.Addr()] || strings.HasSuffix(h.Addr(), ":0") {
			t.Errorf("a hub listens on %s, beside %v", h.Addr(), taken)
		}
		taken[h.Addr()] = true
		nc := dial(t, enroll(t, dir, "site", RoleSensor, h))
		waitFor(t, "a sensor is connected", nc.IsConnected)
	}
}

// TestTakenPort: a hub whose address is taken says so, and at once.
func TestTakenPort(t *testing.T) {
	taken := startHub(t, t.TempDir(), "127.0.0.1:0").Addr()
	start := time.Now()
	h, err := StartHub(t.Context(), HubConfig{Dir: t.TempDir(), Listen: taken, FindingsBytes: 1 << 20, EventsBytes: 1 << 20})
	if err == nil {
		h.Close()
		t.Fatal("two hubs have one address")
	}
	if !strings.Contains(err.Error(), taken) || !strings.Contains(err.Error(), "address already in use") {
		t.Error(err)
	}
	if took := time.Since(start); took > startsWithin/2 {
		t.Errorf("after %s", took)
	}
}

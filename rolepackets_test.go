package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
	"khien/detector/store/embedded"
	"khien/sensor"
)

// behindSection is a capture without the block that says where it was cut and for whom.
func behindSection(t *testing.T, b []byte) []byte {
	t.Helper()
	if len(b) < 12 || int(binary.LittleEndian.Uint32(b[4:])) > len(b) {
		t.Fatalf("%d bytes are no capture", len(b))
	}
	return b[binary.LittleEndian.Uint32(b[4:]):]
}

// TestConsoleGetsPacketsOfASensor: sensor, core and console are processes with folders of their own. The console gives out
// the packets and the file of a finding as the sensor has them, copies them into a case, and says who is away.
func TestConsoleGetsPacketsOfASensor(t *testing.T) {
	if testing.Short() {
		t.Skip("runs several processes")
	}
	s := &sites{hub: freeAddress(t)}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	token := func(role, name string) string {
		t.Helper()
		return newToken(t, "--data", at("core"), "--role", role, "--url", "tls://"+s.hub, name)
	}
	storeName := "embedded:" + at("store")
	core := func(printed string) *exec.Cmd {
		return launchPrinting(t, at(printed), "core", "--data", at("core"), "--listen", s.hub, "--store", storeName, "--console", "127.0.0.1:0")
	}
	sense := func() *exec.Cmd {
		return s.start(t, 0, "sensor", "--data", at("sensor"), "--workers", "1", "--store-files", "all", "--follow", "-r", at("captures"))
	}
	if err := os.WriteFile(at("console.token"), []byte(token("console", "trung-tam")), 0o600); err != nil {
		t.Fatal(err)
	}
	khien(t, "sensor", "enroll", "--data", at("sensor"), token("sensor", "so-y-te"))
	if err := os.Mkdir(at("captures"), 0o700); err != nil {
		t.Fatal(err)
	}
	traffic(t, at("captures"), 0, func(*sensor.Packet) bool { return true })
	hub, sensing := core("core.out"), sense()
	launchPrinting(t, at("console.out"), "console", "--data", at("console"), "--listen", "127.0.0.1:0", "--store", storeName, "--join", at("console.token"))
	if out, err := exec.Command("khien", "console", "--data", at("other"), "--store", storeName, "--join", at("sensor/token")).CombinedOutput(); err == nil || !bytes.Contains(out, []byte("is the token of a sensor: make one with khien core token --role console")) {
		t.Errorf("a console with the token of a sensor: %v: %s", err, out)
	}
	b, c := logIn(t, at("console.out")), logIn(t, at("core.out"))
	st, err := embedded.Open(at("store"))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var f detector.Finding // about a file
	waitFor(t, 120*time.Second, "a finding about a file is stored, and how the sensor is", func() bool {
		p, err := st.Find(t.Context(), store.Query{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range p.Findings {
			if x.SHA256 != "" && x.CommunityID != "" {
				f = x
			}
		}
		_, err = st.Document(t.Context(), "sensor", "so-y-te")
		return f.ID != "" && err == nil
	})
	if f.Sensor != "so-y-te" {
		t.Fatalf("found by %q", f.Sensor)
	}
	path := "/api/v1/findings/" + f.ID
	var got []byte
	waitFor(t, 60*time.Second, "the packets come", func() bool {
		status, h, body := b.do("GET", path+"/packets.pcapng", nil)
		if got = body; status != 200 {
			t.Log(status, string(body))
		}
		return status == 200 && h.Get("Content-Disposition") == fmt.Sprintf(`attachment; filename="khien-%s.pcapng"`, f.ID)
	})
	day := func(d time.Duration) string { return f.Time.Add(d).Format(time.RFC3339Nano) }
	want := []byte(khien(t, "packets", "--data", at("sensor"), "--flow", f.CommunityID, "--from", day(-24*time.Hour), "--to", day(24*time.Hour), "-o", "-"))
	if !bytes.Equal(behindSection(t, got), behindSection(t, want)) || len(got) < 1000 {
		t.Errorf("%d bytes through the hub, %d on the sensor", len(got), len(want))
	}
	if status, _, other := c.do("GET", path+"/packets.pcapng", nil); status != 200 || !bytes.Equal(other, got) {
		t.Errorf("the core's own console: %d, %d bytes", status, len(other))
	}
	if !bytes.Contains(got, []byte("finding "+f.ID)) {
		t.Error("the capture does not say for which finding it was cut")
	}
	list := b.want(200, "GET", path+"/packets", nil)
	if len(list["packets"].([]any)) < 5 || list["damaged"] != false {
		t.Errorf("%v", list)
	}
	if file := b.want(200, "GET", path+"/file", nil); file["kept"] != "yes" || file["sensor"] != "so-y-te" {
		t.Errorf("%v", file)
	}
	if status, _, zip := b.do("GET", path+"/file.zip", nil); status != 200 || !bytes.HasPrefix(zip, []byte("PK")) || !bytes.Contains(zip, []byte(f.SHA256)) {
		t.Errorf("%d, %d bytes of a zip", status, len(zip))
	}
	open := b.want(200, "POST", "/api/v1/cases", map[string]any{"title": "Ứng dụng giả", "findings": []string{f.ID}})
	evidence := fmt.Sprintf("/api/v1/cases/%s/evidence", open["id"])
	done := b.want(200, "POST", evidence, map[string]any{"findings": []string{f.ID}})
	if len(done["frozen"].([]any)) != 3 || len(done["skipped"].([]any)) != 0 {
		t.Errorf("finding, packets and file are not all frozen: %v", done)
	}
	kill(t, sensing)
	before := time.Now()
	status, h, text := b.do("GET", path+"/packets.pcapng", nil)
	var problem struct {
		Code, Sensor string
		Since        time.Time
	}
	if err := json.Unmarshal(text, &problem); err != nil {
		t.Fatal(err)
	}
	if status != 503 || h.Get("Content-Type") != "application/problem+json" || problem.Code != "sensor_away" || problem.Sensor != "so-y-te" ||
		problem.Since.IsZero() || before.Sub(problem.Since) > time.Minute {
		t.Errorf("%d %s", status, text)
	}
	if d := time.Since(before); d > 5*time.Second {
		t.Errorf("it took %v to say so", d)
	}
	b.want(503, "GET", path+"/packets", nil)
	b.want(503, "GET", path+"/file.zip", nil)
	if file := b.want(200, "GET", path+"/file", nil); file["kept"] != "sensor_away" || file["since"] == nil {
		t.Errorf("%v", file)
	}
	again := b.want(200, "POST", "/api/v1/cases", map[string]any{"title": "Lần hai", "findings": []string{f.ID}})
	done = b.want(200, "POST", fmt.Sprintf("/api/v1/cases/%s/evidence", again["id"]), map[string]any{"findings": []string{f.ID}})
	if why := fmt.Sprint(done["skipped"]); len(done["frozen"].([]any)) != 1 || strings.Count(why, "why:away") != 2 {
		t.Errorf("%v", done)
	}
	sense()
	waitFor(t, 60*time.Second, "the sensor is back", func() bool { status, _, _ := b.do("GET", path+"/packets.pcapng", nil); return status == 200 })
	kill(t, hub)
	waitFor(t, 60*time.Second, "the hub is away", func() bool {
		status, _, text := b.do("GET", path+"/packets", nil)
		return status == 503 && bytes.Contains(text, []byte(`"hub_away"`))
	})
	core("core2.out")
	waitFor(t, 60*time.Second, "the hub is back", func() bool { status, _, _ := b.do("GET", path+"/packets", nil); return status == 200 })
}

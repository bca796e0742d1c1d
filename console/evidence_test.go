package console

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"khien/console/api"
	"khien/detector"
	"khien/sensor"
	"khien/sensor/capture"
	"khien/sensor/sensortest"
)

// keptPackets gives the packets of a script, whatever finding is asked about.
func keptPackets(t *testing.T, script string) api.Packets {
	t.Helper()
	s, err := sensortest.Parse(script)
	if err != nil {
		t.Fatal(err)
	}
	return func(_ context.Context, w io.Writer, f *detector.Finding, max int64) (n api.PacketCount, err error) {
		if f.CommunityID == "" {
			return n, api.ErrNoFlow
		}
		if f.CommunityID == "1:gone" {
			return n, fmt.Errorf("ring: %w", fs.ErrNotExist)
		}
		out, err := capture.NewWriter(w, capture.Section{})
		if err != nil {
			return n, err
		}
		i, err := out.Interface(capture.Interface{Link: sensor.LinkEthernet})
		for _, p := range s.Packets() {
			if err == nil && f.CommunityID == "1:flow" {
				n.Packets++
				err = out.Packet(i, &p)
			}
		}
		return n, err
	}
}

// raw asks for what is no JSON.
func (d *desk) raw(path string) (int, http.Header, []byte) {
	d.t.Helper()
	resp, err := d.browser.Get(d.http.URL + path)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, b
}

// audited says that the audit log's newest entry is this.
func (d *desk) audited(action, object string) {
	d.t.Helper()
	log, err := os.ReadFile(filepath.Join(d.dir, "audit.jsonl"))
	if err != nil {
		d.t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	if last := lines[len(lines)-1]; !strings.Contains(last, fmt.Sprintf("%q", action)) || !strings.Contains(last, fmt.Sprintf("%q", object)) {
		d.t.Errorf("the log ends with %s, want %s %s", last, action, object)
	}
}

func (d *desk) role(name, role string) {
	d.t.Helper()
	d.login()
	d.want(200, "POST", "/api/v1/accounts", map[string]string{"name": name, "password": pass, "role": role})
	d.as(name)
}

// TestPackets: an analyst sees and takes away the packets of a finding's flow, secrets are masked on the page, and what is
// not there is told apart.
func TestPackets(t *testing.T) {
	const script = "http 10.0.0.1:51022 > 198.51.100.1:80\n> POST /dang-nhap HTTP/1.1\n> Host: vneid.example\n>\n> matkhau=bimat123&x=1\n< HTTP/1.1 200 OK\n<\n"
	d := newDesk(t, func(c *Config) { c.FlowPackets = keptPackets(t, script) })
	d.role("an", "analyst")
	flow := func(id string) detector.Finding {
		return sample(1, func(f *detector.Finding) {
			f.CommunityID, f.FlowID, f.SrcPort, f.DstPort = id, uint64(len(id)), 51022, 80
		})
	}
	f, gone, none, empty := flow("1:flow"), flow("1:gone"), flow(""), flow("1:empty")
	d.write(f, gone, none, empty)
	got := d.want(200, "GET", "/api/v1/findings/"+f.ID+"/packets", nil)
	d.audited("packets.view", f.ID)
	list := got["packets"].([]any)
	if len(list) < 7 || got["more"] != false {
		t.Fatalf("%v", got)
	}
	first, second := list[0].(map[string]any), list[1].(map[string]any)
	if first["from"] != "10.0.0.1:51022" || first["to"] != "198.51.100.1:80" || first["direction"] != "out" || first["protocol"] != "tcp" ||
		fmt.Sprint(first["flags"]) != "[SYN]" || first["size"] != 0.0 || second["direction"] != "in" || fmt.Sprint(second["flags"]) != "[ACK SYN]" {
		t.Errorf("%v\n%v", first, second)
	}
	content := ""
	for _, p := range list {
		b, err := base64.StdEncoding.DecodeString(p.(map[string]any)["bytes"].(string))
		if err != nil {
			t.Fatal(err)
		}
		content += string(b)
	}
	if !strings.Contains(content, "POST /dang-nhap") || !strings.Contains(content, "matkhau=********&x=1") || strings.Contains(content, "bimat123") {
		t.Errorf("content %q", content)
	}
	status, h, b := d.raw("/api/v1/findings/" + f.ID + "/packets.pcapng")
	r, err := capture.NewReader(bytes.NewReader(b), "download")
	if status != 200 || err != nil || h.Get("Content-Disposition") != `attachment; filename="khien-`+f.ID+`.pcapng"` || h.Get("Content-Length") != fmt.Sprint(len(b)) {
		t.Fatal(status, err, h)
	}
	n := 0
	for p := (sensor.Packet{}); r.Next(&p) == nil; n++ {
	}
	if n != len(list) {
		t.Errorf("%d packets in the file, %d on the page", n, len(list))
	}
	d.audited("packets.download", f.ID)
	for id, code := range map[string]string{gone.ID: "packets_none", empty.ID: "packets_none", none.ID: "packets_no_flow", "x": "not_found"} {
		for _, what := range []string{"/packets", "/packets.pcapng"} {
			if out := d.want(404, "GET", "/api/v1/findings/"+id+what, nil); out["code"] != code {
				t.Errorf("%s%s: %v, want %s", id, what, out, code)
			}
		}
	}
	d.role("xem", "viewer")
	d.want(403, "GET", "/api/v1/findings/"+f.ID+"/packets", nil)
	d.want(403, "GET", "/api/v1/findings/"+f.ID+"/packets.pcapng", nil)
}

// TestPacketLimit: the page shows so many and says that there are more.
func TestPacketLimit(t *testing.T) {
	d := newDesk(t, func(c *Config) {
		c.FlowPackets = keptPackets(t, "repeat 300 every 1s\nudp 10.0.0.1:1000 > 198.51.100.1:53\n> x\nend\n")
	})
	d.login()
	f := sample(1, func(f *detector.Finding) { f.CommunityID = "1:flow" })
	d.write(f)
	if got := d.want(200, "GET", "/api/v1/findings/"+f.ID+"/packets", nil); len(got["packets"].([]any)) != 200 || got["more"] != true {
		t.Errorf("%d packets, more %v", len(got["packets"].([]any)), got["more"])
	}
}

// TestFile: a kept file leaves only inside an encrypted zip, and its matches are told wherever it was seen.
func TestFile(t *testing.T) {
	content := []byte("dex\n035 not really an app")
	files, sha := keptFiles(t, content)
	d := newDesk(t, func(c *Config) { c.Files = files })
	d.role("an", "analyst")
	of := func(n int, sha, rule string, from detector.Source) detector.Finding {
		return sample(n, func(f *detector.Finding) {
			f.SHA256, f.FileName, f.FileMIME, f.FileSize, f.Source, f.Rule.ID = sha, "../VNeID.apk", "application/zip", 25, from, rule
		})
	}
	story, hit, again, lost := of(1, sha, "apk", detector.FromFraud), of(2, sha, "fake_apk", detector.FromYARA), of(3, sha, "fake_apk", detector.FromYARA),
		of(4, strings.Repeat("ab", 32), "apk", detector.FromFraud)
	plain := sample(5)
	d.write(story, hit, again, lost, plain)
	got := d.want(200, "GET", "/api/v1/findings/"+story.ID+"/file", nil)
	d.audited("file.view", sha)
	matches := got["matches"].([]any)
	if got["kept"] != "yes" || got["size"] != 25.0 || got["password"] != "infected" || len(matches) != 1 || matches[0].(map[string]any)["id"] != hit.ID {
		t.Errorf("%v", got)
	}
	status, h, b := d.raw("/api/v1/findings/" + story.ID + "/file.zip")
	if status != 200 || !bytes.HasPrefix(b, []byte("PK")) || bytes.Contains(b, content) || bytes.Contains(b, []byte("VNeID")) ||
		h.Get("Content-Disposition") != `attachment; filename="khien-`+sha+`.zip"` {
		t.Errorf("%d %v, %d bytes", status, h, len(b))
	}
	d.audited("file.download", sha)
	if got := d.want(200, "GET", "/api/v1/findings/"+lost.ID+"/file", nil); got["kept"] != "no" {
		t.Errorf("%v", got)
	}
	if out := d.want(404, "GET", "/api/v1/findings/"+lost.ID+"/file.zip", nil); out["code"] != "file_none" {
		t.Errorf("%v", out)
	}
	d.want(404, "GET", "/api/v1/findings/"+plain.ID+"/file", nil)
	d.role("xem", "viewer")
	d.want(403, "GET", "/api/v1/findings/"+story.ID+"/file.zip", nil)
	d.want(200, "GET", "/api/v1/findings/"+story.ID+"/file", nil)
}

// TestNothingKept: a console without stores says so.
func TestNothingKept(t *testing.T) {
	d := newDesk(t)
	d.login()
	f := sample(1, func(f *detector.Finding) {
		f.SHA256, f.DstIP = strings.Repeat("ab", 32), netip.MustParseAddr("203.0.113.9")
	})
	d.write(f)
	if out := d.want(404, "GET", "/api/v1/findings/"+f.ID+"/packets", nil); out["code"] != "packets_off" {
		t.Errorf("%v", out)
	}
	if out := d.want(200, "GET", "/api/v1/findings/"+f.ID+"/file", nil); out["kept"] != "off" {
		t.Errorf("%v", out)
	}
}

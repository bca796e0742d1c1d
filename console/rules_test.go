package console

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"khien/console/rulebook/rulebooktest"
	"khien/detector"
	"khien/detector/store"
)

const ownRule = `alert http any any -> any any (msg:"Đăng nhập giả"; http.uri; content:"/dang-nhap"; sid:1000001; rev:1;)`

const visitScript = "http 10.20.3.14:51022 > 198.51.100.7:80\n> GET /dang-nhap HTTP/1.1\n> Host: x.example\n>\n< HTTP/1.1 200 OK\n< Content-Length: 0\n<\n"

// visitCapture is a capture of one request.
func visitCapture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := keptPackets(t, visitScript)(t.Context(), &b, &detector.Finding{CommunityID: "1:flow"}, 0); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rulesDesk is a console whose sensor has two rules of others.
func rulesDesk(t *testing.T) *desk {
	dir := filepath.Join(t.TempDir(), "rules")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	text := "alert tcp any any -> any any (msg:\"Quét cổng\"; content:\"zzzz\"; metadata:attack_target Client; reference:url,example.org; sid:7; rev:2;)\n" +
		"alert tcp any any -> any any (msg:\"Other\"; content:\"yyyy\"; sid:8;)\n"
	if err := os.WriteFile(filepath.Join(dir, "others.rules"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := rulebooktest.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	packets := func(w io.Writer, from, to time.Time, max int64) (uint64, error) {
		_, err := w.Write(visitCapture(t))
		return 1, err
	}
	return newDesk(t, func(c *Config) {
		c.Rules = f.Live(packets)
		c.FlowPackets = keptPackets(t, visitScript)
	})
}

func signature(n int, sid string) detector.Finding {
	return sample(n, func(f *detector.Finding) {
		f.Source, f.Rule.ID, f.Rule.GID, f.Fraud = detector.FromSignature, sid, 1, nil
	})
}

func TestRulesAreListed(t *testing.T) {
	d := rulesDesk(t)
	d.role("an", "analyst")
	d.write(signature(5, "7"), signature(6, "7"), signature(3*24*60, "7"), signature(9, "8"))
	one := signature(9, "8")
	if _, err := d.store.PutTriage(t.Context(), store.Triage{Key: store.GroupKey(&one), Status: store.StatusClosed, Verdict: "false_positive"}); err != nil {
		t.Fatal(err)
	}
	d.want(200, "POST", "/api/v1/tunes", map[string]any{"rule": "8", "reason": "ồn", "days": 7})
	list := func(query string) string {
		t.Helper()
		out := ""
		for _, x := range d.want(200, "GET", "/api/v1/rules?"+query, nil)["rules"].([]any) {
			r := x.(map[string]any)
			out += fmt.Sprintf("%v %v %v %v %v|", r["id"], r["state"], r["hits_24h"], r["hits_7d"], r["false_positives"])
		}
		return out
	}
	first, second := "1:7 on 2 3 0|", "1:8 tuned 1 1 1|"
	for query, want := range map[string]string{"": first + second, "q=client": first, "q=sid:8": second, "q=nothing": "", "state=tuned": second, "state=off": "", "state=on": first + second,
		"sort=precision": second + first, "sort=file": first + second, "sort=cost&limit=1": first, "limit=1&cursor=1": second, "cursor=9": "", "set=none": ""} {
		if got := list(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	for _, bad := range []string{"limit=0", "limit=501", "limit=x", "cursor=-1", "state=x", "sort=x"} {
		d.want(400, "GET", "/api/v1/rules?"+bad, nil)
	}
	got := d.want(200, "GET", "/api/v1/rules/1:8", nil)
	if got["explained"].(map[string]any)["fast_pattern"] != "yyyy" || got["last_any"] == nil || got["verdicts"].(map[string]any)["false_positive"] != 1.0 || len(got["tunes"].([]any)) != 1 {
		t.Errorf("%v", got)
	}
	if got := d.want(200, "GET", "/api/v1/rules/7", nil); got["metadata"] == nil || !strings.Contains(got["text"].(string), "zzzz") {
		t.Errorf("%v", got)
	}
	d.want(404, "GET", "/api/v1/rules/1:9", nil)
	d.want(400, "GET", "/api/v1/rules/x", nil)
	d.want(400, "GET", "/api/v1/rules/1:-2", nil)
	sets := d.want(200, "GET", "/api/v1/rules/sets", nil)
	if f := sets["files"].([]any); len(f) != 1 || f[0].(map[string]any)["loaded"] != 2.0 || sets["last"].(map[string]any)["ok"] != true || sets["packets"] != true {
		t.Errorf("%v", sets)
	}
}

func TestRulesAreSwitched(t *testing.T) {
	d := rulesDesk(t)
	d.role("an", "analyst")
	d.want(403, "POST", "/api/v1/rules/1:7/off", map[string]any{"reason": "ồn"})
	d.role("lan", "lead")
	d.want(400, "POST", "/api/v1/rules/1:7/off", map[string]any{"reason": ""})
	d.want(400, "POST", "/api/v1/rules/x/off", map[string]any{"reason": "ồn"})
	d.want(404, "POST", "/api/v1/rules/1:99/off", map[string]any{"reason": "ồn"})
	if out := d.want(200, "POST", "/api/v1/rules/1:7/off", map[string]any{"reason": "ồn"}); out["ok"] != true || out["loaded"] != 1.0 {
		t.Errorf("%v", out)
	}
	d.want(409, "POST", "/api/v1/rules/1:7/off", map[string]any{"reason": "ồn"})
	got := d.want(200, "GET", "/api/v1/rules/1:7", nil)
	if off := got["off"].(map[string]any); got["state"] != "off" || off["by"] != "lan" || off["reason"] != "ồn" || got["explained"] != nil {
		t.Errorf("%v", got)
	}
	d.audited("rule.off", "1:7")
	d.want(200, "POST", "/api/v1/rules/1:7/on", map[string]any{"reason": "lại cần"})
	d.audited("rule.on", "1:7")
}

func TestOwnRulesAreSaved(t *testing.T) {
	d := rulesDesk(t)
	own := func() map[string]any { return d.want(200, "GET", "/api/v1/rules/own", nil) }
	d.role("an", "analyst")
	base := own()["base"]
	put := func(status int, text string, base any, reason string) map[string]any {
		t.Helper()
		return d.want(status, "PUT", "/api/v1/rules/own", map[string]any{"text": text, "base": base, "reason": reason})
	}
	put(403, ownRule, base, "mới")
	d.role("lan", "lead")
	put(400, ownRule, base, " ")
	put(409, ownRule, "x", "mới")
	if out := put(200, "alert x", base, "mới"); out["ok"] != false || len(out["faults"].([]any)) != 1 {
		t.Errorf("%v", out)
	}
	if out := put(200, ownRule, base, "mới"); out["ok"] != true || out["loaded"] != 3.0 {
		t.Errorf("%v", out)
	}
	d.audited("rule.save", "own.rules")
	got := own()
	if v := got["versions"].([]any); got["text"] != ownRule || len(v) != 1 || v[0].(map[string]any)["by"] != "lan" {
		t.Errorf("%v", got)
	}
	if v := d.want(200, "GET", "/api/v1/rules/own/1", nil); v["text"] != ownRule {
		t.Errorf("%v", v)
	}
	d.want(404, "GET", "/api/v1/rules/own/7", nil)
	d.want(400, "GET", "/api/v1/rules/own/x", nil)
	put(400, strings.Repeat("#", 512<<10+1), got["base"], "to")
	put(413, strings.Repeat("#", 2<<20), got["base"], "to")
}

// form is a capture as a browser sends it.
func (d *desk) form(status int, fields ...[2]string) map[string]any {
	d.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		p, err := w.CreateFormFile(f[0], "x")
		if err == nil {
			_, err = io.WriteString(p, f[1])
		}
		if err != nil {
			d.t.Fatal(err)
		}
	}
	w.Close()
	return d.want(status, "POST", "/api/v1/rules/try/capture", nil, func(r *http.Request) {
		r.Header.Set("Content-Type", w.FormDataContentType())
		r.Body, r.ContentLength = io.NopCloser(&b), int64(b.Len())
	})
}

func TestRulesAreTried(t *testing.T) {
	d := rulesDesk(t)
	f := sample(1, func(f *detector.Finding) { f.CommunityID = "1:flow" })
	d.write(f)
	now := time.Now().UTC()
	d.role("xem", "viewer")
	d.want(403, "POST", "/api/v1/rules/check", map[string]any{"text": ownRule})
	d.want(403, "POST", "/api/v1/rules/try", map[string]any{"text": ownRule, "finding": f.ID})
	d.form(403)
	d.role("an", "analyst")
	if out := d.want(200, "POST", "/api/v1/rules/check", map[string]any{"text": ownRule + "\nalert tcp any any -> any any (msg:\"x\"; sid:8;)\nalert x"}); len(out["rules"].([]any)) != 2 || len(out["faults"].([]any)) != 2 {
		t.Errorf("%v", out)
	}
	matched := func(out map[string]any) {
		t.Helper()
		if r := out["rules"].([]any)[0].(map[string]any); r["matches"] != 1.0 || len(r["hits"].([]any)) != 1 {
			t.Errorf("%v", out)
		}
	}
	matched(d.want(200, "POST", "/api/v1/rules/try", map[string]any{"text": ownRule, "finding": f.ID}))
	matched(d.want(200, "POST", "/api/v1/rules/try", map[string]any{"text": ownRule, "from": now.Add(-time.Hour), "to": now}))
	matched(d.form(200, [2]string{"text", ownRule}, [2]string{"capture", string(visitCapture(t))}))
	d.audited("rule.try", "capture")
	d.want(404, "POST", "/api/v1/rules/try", map[string]any{"text": ownRule, "finding": "none"})
	d.want(400, "POST", "/api/v1/rules/try", map[string]any{"text": ownRule})
	d.want(400, "POST", "/api/v1/rules/try", map[string]any{"text": ownRule, "from": now.Add(-48 * time.Hour), "to": now})
	d.want(400, "POST", "/api/v1/rules/try", map[string]any{"text": ownRule, "from": now, "to": now.Add(-time.Hour)})
	d.want(415, "POST", "/api/v1/rules/try/capture", map[string]any{"text": ownRule})
	d.form(400, [2]string{"text", ownRule})
	d.form(400, [2]string{"capture", "x"}, [2]string{"text", ownRule})
	d.form(400, [2]string{"text", ownRule}, [2]string{"capture", "no capture"})
	d.form(413, [2]string{"text", ownRule}, [2]string{"capture", strings.Repeat("x", 16<<20+1)})
	d.form(413, [2]string{"text", strings.Repeat("#", 600<<10)}, [2]string{"capture", "x"})
	d.want(403, "POST", "/api/v1/rules/measure", map[string]any{"minutes": 5})
	d.role("lan", "lead")
	for _, n := range []int{0, 61} {
		d.want(400, "POST", "/api/v1/rules/measure", map[string]any{"minutes": n})
	}
	d.want(200, "POST", "/api/v1/rules/measure", map[string]any{"minutes": 5})
	for range 200 {
		cost := d.want(200, "GET", "/api/v1/rules/sets", nil)["cost"].(map[string]any)
		if cost["running"] == false {
			if cost["by"] != "lan" || cost["packets"] == 0.0 || cost["error"] != nil {
				t.Errorf("%v", cost)
			}
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the measure does not end")
}

// TestRulesWithoutSensor: a console alone checks and tries, and says the rest plainly.
func TestRulesWithoutSensor(t *testing.T) {
	d := newDesk(t)
	for _, path := range []string{"rules", "rules/sets", "rules/1:7", "rules/own", "rules/own/1"} {
		d.want(401, "GET", "/api/v1/"+path, nil)
	}
	d.role("lan", "lead")
	for _, path := range []string{"rules", "rules/sets", "rules/1:7", "rules/own", "rules/own/1"} {
		if out := d.want(404, "GET", "/api/v1/"+path, nil); out["code"] != "rules_off" {
			t.Errorf("%s: %v", path, out)
		}
	}
	d.want(404, "PUT", "/api/v1/rules/own", map[string]any{"text": ownRule, "base": "", "reason": "x"})
	d.want(404, "POST", "/api/v1/rules/1:7/off", map[string]any{"reason": "x"})
	d.want(404, "POST", "/api/v1/rules/measure", map[string]any{"minutes": 5})
	d.want(200, "POST", "/api/v1/rules/check", map[string]any{"text": ownRule})
	if out := d.form(200, [2]string{"text", ownRule}, [2]string{"capture", string(visitCapture(t))}); out["packets"] == 0.0 {
		t.Errorf("%v", out)
	}
}

package console

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
)

func TestEverythingNeedsALogin(t *testing.T) {
	d := newDesk(t)
	for _, r := range [][2]string{{"GET", "me"}, {"GET", "groups"}, {"GET", "findings"}, {"GET", "findings/x"}, {"GET", "findings/x/packets"},
		{"GET", "findings/x/packets.pcapng"}, {"GET", "findings/x/file"}, {"GET", "findings/x/file.zip"}, {"GET", "overview"}, {"GET", "overview/waiting"}, {"GET", "events"},
		{"GET", "health"}, {"GET", "triage?key=x"}, {"PUT", "triage"}, {"POST", "triage/bulk"}, {"POST", "triage/query"},
		{"POST", "triage/query/preview"}, {"POST", "triage/undo"}, {"GET", "bundles"}, {"GET", "counts"}, {"GET", "findings.csv"}, {"GET", "accounts"}, {"POST", "accounts"},
		{"GET", "entity?kind=ip&value=10.0.0.1"}, {"GET", "views"}, {"POST", "views"}, {"DELETE", "views/x"}, {"GET", "tunes"}, {"PUT", "accounts/an"}, {"DELETE", "accounts/an"}, {"POST", "accounts/an/reset"}, {"POST", "totp"}, {"POST", "totp/confirm"}, {"POST", "totp/off"}, {"GET", "keys"}, {"POST", "keys"}, {"POST", "keys/confirm"}, {"POST", "keys/x/remove"},
		{"GET", "sessions"}, {"DELETE", "sessions/x"}, {"GET", "tokens"}, {"POST", "tokens"}, {"DELETE", "tokens/x"}, {"GET", "audit"}, {"POST", "tunes"}, {"POST", "tunes/preview"}, {"DELETE", "tunes/x"}, {"POST", "password"}, {"POST", "logout"}} {
		out := d.want(401, r[0], "/api/v1/"+r[1], nil)
		if out["code"] != "login" || out["title"] == "" {
			t.Errorf("%v: %v", r, out)
		}
	}
	d.want(200, "GET", "/healthz", nil)
	d.want(404, "GET", "/api/v1/nothing", nil)
}

func TestHealthTellsOfOutputs(t *testing.T) {
	d := newDesk(t, func(c *Config) {
		c.Outputs = func() any { return []map[string]any{{"output": "file:a", "error": "no room"}} }
	})
	d.login()
	outputs, _ := d.want(200, "GET", "/api/v1/health", nil)["outputs"].([]any)
	if len(outputs) != 1 || outputs[0].(map[string]any)["error"] != "no room" {
		t.Errorf("%v", outputs)
	}
	d = newDesk(t)
	d.login()
	if h := d.want(200, "GET", "/api/v1/health", nil); h["outputs"] != nil {
		t.Errorf("%v without outputs", h["outputs"])
	}
}

func TestNotFound(t *testing.T) {
	d := newDesk(t)
	d.login()
	for _, id := range []string{"nothing", "..%2f..%2fetc%2fpasswd", "%00", "'%20OR%201=1"} {
		if out := d.want(404, "GET", "/api/v1/findings/"+id, nil); out["code"] != "not_found" {
			t.Errorf("%s: %v", id, out)
		}
	}
}

// TestMarkupIsData: markup in any field comes back as a JSON string that a browser will not take for a page.
func TestMarkupIsData(t *testing.T) {
	d := newDesk(t)
	d.login()
	const x = `<script>alert(1)</script><img src=x onerror=alert(1)>`
	f := sample(1, func(f *detector.Finding) {
		f.Rule = detector.Rule{ID: x, Name: x, Category: x, Ruleset: x, Text: x, Reference: []string{"javascript:alert(1)"}, Action: x,
			Metadata: map[string][]string{x: {x}}}
		f.Summary, f.Domain, f.URL, f.UserAgent, f.JA4, f.FileName, f.FileMIME, f.SHA256 = detector.Text{VI: x, EN: x}, x, x, x, x, x, x, x
		f.Fraud = &detector.Fraud{Kind: x, Brand: x, Stage: x, Visibility: x}
		f.Steps, f.NotSeen = []detector.Step{{Stage: x, Visibility: x, What: detector.Text{VI: x, EN: x}, Evidence: x}}, []detector.Text{{VI: x, EN: x}}
		f.Reasons = []detector.Reason{{Text: detector.Text{VI: x, EN: x}, Buffer: x, Excerpt: []byte(x), Length: 8}}
		f.Sensor, f.Interface, f.Capture, f.ChainID, f.CampaignID, f.App, f.Transport = x, x, x, x, x, x, x
		f.RelatedHosts, f.RelatedIPs = []string{x}, []string{x}
	})
	d.write(f)
	d.want(200, "PUT", "/api/v1/triage", map[string]any{"key": store.GroupKey(&f), "comment": x, "reason": x, "version": 0})
	for _, path := range []string{"groups", "findings/" + f.ID, "overview", "findings", "triage?key=" + url.QueryEscape(store.GroupKey(&f))} {
		resp, err := d.browser.Get(d.http.URL + "/api/v1/" + path)
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 || bytes.Contains(raw, []byte("<script")) || !bytes.Contains(raw, []byte(`\u003cscript`)) {
			t.Errorf("%s: %d %.300s", path, resp.StatusCode, raw)
		}
		if ct := resp.Header.Get("Content-Type"); ct != "application/json" || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %s", path, ct)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	d := newDesk(t)
	for _, path := range []string{"/", "/inbox?q=x", "/api/v1/me"} {
		_, _, h := d.do("GET", path, nil)
		csp := h.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") || h.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %q", path, csp)
		}
	}
}

func TestInboxAndTriage(t *testing.T) {
	d := newDesk(t)
	d.login()
	if out := d.want(200, "GET", "/api/v1/groups", nil); out["empty"] != true || out["total"] != 0.0 {
		t.Errorf("an empty store: %v", out)
	}
	f, g := sample(1), sample(2)
	d.write(f, g)
	out := d.want(200, "GET", "/api/v1/groups?range=24h&q="+url.QueryEscape("severity>=high brand:vneid src:10.0.0.0/8"), nil)
	if out["total"] != 2.0 {
		t.Fatalf("%v", out)
	}
	bad := d.want(400, "GET", "/api/v1/groups?q=brnd:x", nil)
	if bad["reason"] != "unknown_field" || bad["offset"] != 0.0 || bad["length"] != 6.0 {
		t.Errorf("%v", bad)
	}
	key := store.GroupKey(&f)
	d.want(400, "PUT", "/api/v1/triage", map[string]any{"key": key, "version": 0, "status": "closed"}) // without a verdict
	done := d.want(200, "PUT", "/api/v1/triage", map[string]any{"key": key, "version": 0, "status": "closed", "verdict": "false_positive", "reason": "thử"})
	if done["version"] != 1.0 || len(done["history"].([]any)) != 2 {
		t.Errorf("%v", done)
	}
	late := d.want(409, "PUT", "/api/v1/triage", map[string]any{"key": key, "version": 0, "status": "seen"})
	if late["changed_by"] != "admin" || late["current"].(map[string]any)["status"] != "closed" {
		t.Errorf("%v", late)
	}
	bulk := d.want(200, "POST", "/api/v1/triage/bulk", map[string]any{"changes": []map[string]any{
		{"key": key, "version": 1, "status": "new"}, {"key": store.GroupKey(&g), "version": 7, "status": "seen"}}})
	results := bulk["results"].([]any)
	if results[0].(map[string]any)["triage"].(map[string]any)["verdict"] != nil || results[1].(map[string]any)["problem"].(map[string]any)["code"] != "conflict" {
		t.Errorf("%v", bulk)
	}
	over := d.want(200, "GET", "/api/v1/overview", nil)
	if over["waiting"] != 2.0 {
		t.Errorf("%v", over)
	}
	view := d.want(200, "GET", "/api/v1/findings/"+f.ID, nil)
	if view["group"] != key || view["finding"].(map[string]any)["event"].(map[string]any)["id"] != f.ID {
		t.Errorf("%v", view)
	}
}

func TestRoles(t *testing.T) {
	d := newDesk(t)
	d.login()
	d.want(200, "POST", "/api/v1/accounts", map[string]string{"name": "khach", "password": "a long password", "role": "viewer"})
	d.want(409, "POST", "/api/v1/accounts", map[string]string{"name": "khach", "password": "a long password", "role": "viewer"})
	d.want(200, "POST", "/api/v1/logout", nil)
	d.want(200, "POST", "/api/v1/login", map[string]string{"name": "khach", "password": "a long password"})
	d.want(200, "GET", "/api/v1/groups", nil)
	d.want(403, "PUT", "/api/v1/triage", map[string]any{"key": "k", "version": 0, "status": "seen"})
	d.want(403, "POST", "/api/v1/accounts", map[string]string{"name": "x", "password": "a long password", "role": "admin"})
}

func TestEvents(t *testing.T) {
	d := newDesk(t)
	d.login()
	resp, err := d.browser.Get(d.http.URL + "/api/v1/events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := make(chan string, 100)
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := resp.Body.Read(b)
			if n > 0 {
				lines <- string(b[:n])
			}
			if err != nil {
				close(lines)
				return
			}
		}
	}()
	wait := func(part string) {
		t.Helper()
		timeout := time.After(5 * time.Second)
		got := ""
		for !strings.Contains(got, part) {
			select {
			case s, ok := <-lines:
				if !ok {
					t.Fatalf("the stream ended before %q: %q", part, got)
				}
				got += s
			case <-timeout:
				t.Fatalf("no %q in %q", part, got)
			}
		}
	}
	wait("event: hello")
	f := sample(1, func(f *detector.Finding) { f.Rule.Name = "line\n\nevent: forged" })
	d.srv.Notify([]detector.Finding{f})
	wait(f.ID)
	d.srv.api.Close()
	for range lines {
	}
}

func TestConfig(t *testing.T) {
	f := func(c Config, field string) {
		t.Helper()
		err := c.Validate()
		if field == "" && err != nil || field != "" && (err == nil || !strings.Contains(err.Error(), field)) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	f(Config{DataDir: "x"}, "")
	f(Config{}, "DataDir")
	f(Config{DataDir: "x", SessionIdle: time.Second}, "SessionIdle")
	f(Config{DataDir: "x", SessionIdle: time.Hour, SessionMax: time.Minute}, "SessionMax")
}

// TestTunes: a preview counts, a tune closes what comes after it and only that, and its end is an end.
func TestTunes(t *testing.T) {
	d := newDesk(t)
	d.login()
	scan := func(n int, src string) detector.Finding {
		return sample(n, func(f *detector.Finding) {
			f.Rule, f.SrcIP = detector.Rule{ID: "scan", Name: "Scan"}, netip.MustParseAddr(src)
		})
	}
	old := scan(10, "10.7.0.1")
	d.write(old, scan(11, "10.8.0.1"))
	want := map[string]any{"rule": "scan", "name": "Scan", "src": "10.7.0.0/16", "reason": "máy quét", "days": 30}
	p := d.want(200, "POST", "/api/v1/tunes/preview", want)
	if p["groups"] != 1.0 || p["findings"] != 1.0 || p["severities"].([]any)[2] != 1.0 {
		t.Errorf("preview: %v", p)
	}
	made := d.want(200, "POST", "/api/v1/tunes", want)
	fresh, outside := scan(1, "10.7.0.2"), scan(2, "10.8.0.2")
	d.write(fresh, outside)
	d.srv.Notify([]detector.Finding{fresh, outside})
	if tr := d.want(200, "GET", "/api/v1/triage?key="+url.QueryEscape(store.GroupKey(&fresh)), nil); tr["status"] != "closed" || tr["reason"] != "máy quét" {
		t.Errorf("what the tune covers: %v", tr)
	}
	for _, f := range []detector.Finding{old, outside} {
		if tr := d.want(200, "GET", "/api/v1/triage?key="+url.QueryEscape(store.GroupKey(&f)), nil); tr["status"] != "new" {
			t.Errorf("what it does not cover: %v", tr)
		}
	}
	list := d.want(200, "GET", "/api/v1/tunes", nil)["tunes"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["hits"] != 1.0 || list[0].(map[string]any)["owner"] != "admin" {
		t.Errorf("list: %v", list)
	}
	d.want(200, "DELETE", "/api/v1/tunes/"+made["id"].(string), nil)
	d.want(404, "DELETE", "/api/v1/tunes/"+made["id"].(string), nil)
	for _, bad := range []map[string]any{{"rule": "", "reason": "x", "days": 1}, {"rule": "scan", "days": 1}, {"rule": "scan", "reason": "x", "days": 0},
		{"rule": "scan", "reason": "x", "days": 1000}, {"rule": "scan", "reason": "x", "days": 1, "src": "10.0.0.0/99"}} {
		d.want(400, "POST", "/api/v1/tunes", bad)
	}
}

// TestViews: an account sees its own and shared views, and removes only its own.
func TestViews(t *testing.T) {
	d := newDesk(t)
	d.login()
	d.want(200, "POST", "/api/v1/accounts", map[string]string{"name": "an", "password": "a long password of an", "role": "analyst"})
	view := func(name string, shared bool) map[string]any {
		return map[string]any{"name": name, "q": "severity>=high", "range": "24h", "sort": "worst", "shared": shared}
	}
	own := d.want(200, "POST", "/api/v1/views", view("own", false))
	shared := d.want(200, "POST", "/api/v1/views", view("shared", true))
	d.want(400, "POST", "/api/v1/views", map[string]any{"name": "x", "q": "nonsense:1", "range": "24h", "sort": "worst"})
	d.want(400, "POST", "/api/v1/views", map[string]any{"name": " ", "q": "", "range": "24h", "sort": "worst"})
	if n := len(d.want(200, "GET", "/api/v1/views", nil)["views"].([]any)); n != 2 {
		t.Errorf("the owner sees %d views", n)
	}
	d.want(200, "POST", "/api/v1/login", map[string]string{"name": "an", "password": "a long password of an"})
	list := d.want(200, "GET", "/api/v1/views", nil)["views"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["name"] != "shared" {
		t.Errorf("another sees %v", list)
	}
	for _, v := range []map[string]any{own, shared} {
		d.want(404, "DELETE", "/api/v1/views/"+v["id"].(string), nil)
	}
	d.login()
	d.want(200, "DELETE", "/api/v1/views/"+own["id"].(string), nil)
}

// TestEntity: one page tells what is known of an address or a name.
func TestEntity(t *testing.T) {
	d := newDesk(t)
	d.login()
	a := sample(30, func(f *detector.Finding) {
		f.Domain, f.SHA256, f.JA4 = "vneid-gov.example", strings.Repeat("ab", 32), "t13d"
	})
	b := sample(20, func(f *detector.Finding) { f.DstIP, f.Severity = netip.MustParseAddr("203.0.113.9"), detector.Low })
	d.write(a, b, sample(10, func(f *detector.Finding) { f.SrcIP = netip.MustParseAddr("10.0.0.2") }))
	e := d.want(200, "GET", "/api/v1/entity?kind=ip&value=10.0.0.1", nil)
	if e["findings"] != 2.0 || len(e["peers"].([]any)) != 2 || len(e["groups"].([]any)) != 2 || len(e["files"].([]any)) != 1 || e["partial"] != false {
		t.Errorf("%v", e)
	}
	first, _ := time.Parse(time.RFC3339Nano, e["first"].(string))
	if !first.Equal(a.Time.UTC().Truncate(1)) {
		t.Errorf("first %v, want %v", first, a.Time)
	}
	if e := d.want(200, "GET", "/api/v1/entity?kind=host&value=VNEID-gov.example.", nil); e["findings"] != 1.0 || e["value"] != "vneid-gov.example" {
		t.Errorf("%v", e)
	}
	if e := d.want(200, "GET", "/api/v1/entity?kind=ip&value=10.9.9.9", nil); e["findings"] != 0.0 || e["first"] != nil {
		t.Errorf("%v", e)
	}
	if e := d.want(200, "GET", "/api/v1/entity?kind=sha256&value="+strings.Repeat("AB", 32), nil); e["findings"] != 1.0 || len(e["files"].([]any)) != 0 || len(e["peers"].([]any)) != 2 {
		t.Errorf("%v", e)
	}
	if e := d.want(200, "GET", "/api/v1/entity?kind=ja4&value=t13d", nil); e["findings"] != 1.0 || len(e["files"].([]any)) != 1 {
		t.Errorf("%v", e)
	}
	for _, bad := range []string{"kind=ip&value=x", "kind=host&value=", "kind=sha256&value=abc", "kind=ja4&value=", "kind=x&value=y", ""} {
		d.want(400, "GET", "/api/v1/entity?"+bad, nil)
	}
}

// TestNoRoadAround: what an account may not do it cannot do by any road.
func TestNoRoadAround(t *testing.T) {
	d := newDesk(t)
	d.login()
	const pass = "a long password of an"
	d.want(200, "POST", "/api/v1/accounts", map[string]string{"name": "an", "password": pass, "role": "analyst"})
	d.want(409, "POST", "/api/v1/accounts", map[string]string{"name": "an", "password": pass, "role": "analyst"})
	d.want(409, "PUT", "/api/v1/accounts/admin", map[string]string{"role": "viewer"})
	d.want(404, "PUT", "/api/v1/accounts/nobody", map[string]string{"role": "viewer"})
	sessions := d.want(200, "GET", "/api/v1/sessions", nil)["sessions"].([]any)
	admins := sessions[0].(map[string]any)["id"].(string)
	d.want(200, "POST", "/api/v1/login", map[string]string{"name": "an", "password": pass})
	for _, r := range [][2]string{{"POST", "accounts"}, {"PUT", "accounts/an"}, {"DELETE", "accounts/admin"}, {"POST", "accounts/admin/reset"}, {"GET", "audit"}} {
		d.want(403, r[0], "/api/v1/"+r[1], map[string]string{"role": "admin"})
	}
	d.want(404, "DELETE", "/api/v1/sessions/"+admins, nil)
	d.want(400, "POST", "/api/v1/tokens", map[string]any{"name": "x", "role": "admin", "days": 1})
	made := d.want(200, "POST", "/api/v1/tokens", map[string]any{"name": "x", "role": "viewer", "days": 1})
	bear := func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+made["text"].(string))
		r.Header.Del("Sec-Fetch-Site")
	}
	d.browser.Jar, _ = cookiejar.New(nil)
	if me := d.want(200, "GET", "/api/v1/me", nil, bear); me["name"] != "an" || me["role"] != "viewer" {
		t.Errorf("%v", me)
	}
	d.want(403, "PUT", "/api/v1/triage", map[string]any{"key": "k", "status": "seen"}, bear)
	d.want(403, "POST", "/api/v1/tokens", map[string]any{"name": "y", "role": "viewer", "days": 1}, bear)
	d.want(401, "GET", "/api/v1/me", nil, func(r *http.Request) { r.Header.Set("Authorization", "Bearer khien_nothing") })
	d.login()
	if log := d.want(200, "GET", "/api/v1/audit", nil); len(log["entries"].([]any)) < 10 || log["entries"].([]any)[0].(map[string]any)["action"] != "audit.view" {
		t.Errorf("%v", log)
	}
	if n := len(d.want(200, "GET", "/api/v1/tokens", nil)["tokens"].([]any)); n != 1 {
		t.Errorf("an admin sees %d tokens", n)
	}
	fresh := d.want(200, "POST", "/api/v1/accounts/an/reset", nil)["password"].(string)
	d.want(401, "POST", "/api/v1/login", map[string]string{"name": "an", "password": pass})
	d.want(200, "POST", "/api/v1/login", map[string]string{"name": "an", "password": fresh})
	d.login()
	d.want(200, "DELETE", "/api/v1/accounts/an", nil)
	d.want(401, "GET", "/api/v1/me", nil, bear)
}

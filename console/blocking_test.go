package console

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"khien/console/hook/gate"
	"khien/detector/store/teststore"
)

// newBlockingDesk is a desk whose console has a gate; files are those of the data folder.
func newBlockingDesk(t *testing.T, files map[string]string) *desk {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	st, err := teststore.Open(t.Context(), filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	g, err := gate.Open(t.Context(), gate.Config{DataDir: dir, Store: st})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	srv, err := New(Config{DataDir: dir, Version: "test", Blocking: g}, st)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	h := httptest.NewServer(srv.Handler())
	t.Cleanup(h.Close)
	jar, _ := cookiejar.New(nil)
	return &desk{t: t, srv: srv, http: h, store: st, dir: dir, browser: &http.Client{Jar: jar}, password: srv.FirstPassword()}
}

// TestBlockingRoles: analysts propose and take back, leads approve and turn the switch, each act is audited, and what must
// not be blocked is refused with a reason.
func TestBlockingRoles(t *testing.T) {
	d := newBlockingDesk(t, nil)
	d.want(401, "GET", "/api/v1/blocking", nil)
	d.login()
	for _, role := range []string{"viewer", "analyst", "lead"} {
		d.want(200, "POST", "/api/v1/accounts", map[string]string{"name": role, "password": "a long password", "role": role})
	}
	as := func(name string) {
		password := "a long password"
		if name == "admin" {
			password = d.password
		}
		d.want(200, "POST", "/api/v1/login", map[string]string{"name": name, "password": password})
	}
	const decisions = "/api/v1/blocking/decisions"
	proposal := map[string]any{"value": "bad.example", "reason": "giả mạo", "ttl": "2h", "finding": "4f2a-1"}
	as("viewer")
	d.want(403, "POST", decisions, proposal)
	if out := d.want(200, "GET", "/api/v1/blocking", nil); out["off"] != true {
		t.Errorf("without hooks.yaml blocking is off: %v", out)
	}
	as("analyst")
	x := d.want(200, "POST", decisions, proposal)["decision"].(map[string]any)
	id := x["id"].(string)
	if seen := x["evidence"].([]any)[0].(map[string]any); x["state"] != "dry_run" || x["proposer"] != "analyst" || seen["finding"] != "4f2a-1" || seen["kind"] != "person" {
		t.Errorf("%v", x)
	}
	for value, code := range map[string]string{"8.8.8.8": "never", "com.vn": "brake", "nothing": "bad_value", "bad.example": "exists"} {
		status := 409
		if code == "bad_value" {
			status = 400
		}
		if out := d.want(status, "POST", decisions, map[string]any{"value": value, "reason": "x"}); out["code"] != code || out["detail"] == "" {
			t.Errorf("%s: %v", value, out)
		}
	}
	for value, name := range map[string]string{"8.8.8.8": "block.never", "com.vn": "block.suffix", "12.0.0.0/8": "block.wide"} {
		if out := d.want(409, "POST", decisions, map[string]any{"value": value, "reason": "x"}); out["token"] != name || out["hint"] == "" {
			t.Errorf("%s: %v, want %s", value, out, name)
		}
		if out := d.want(200, "GET", "/api/v1/blocking/why?value="+value, nil)["report"].(map[string]any); out["token"] != name || out["refused"] == "" {
			t.Errorf("why %s: %v, want %s", value, out, name)
		}
	}
	d.want(400, "POST", decisions, map[string]any{"value": "other.example", "reason": "x", "ttl": "soon"})
	for _, finding := range []string{"<b>", "../x", strings.Repeat("a", 65)} {
		d.want(400, "POST", decisions, map[string]any{"value": "other.example", "reason": "x", "finding": finding})
	}
	d.want(403, "POST", decisions+"/"+id+"/approve", map[string]any{})
	d.want(403, "POST", "/api/v1/blocking/kill", map[string]any{"reason": "x"})
	as("lead")
	out := d.want(200, "POST", decisions+"/"+id+"/approve", map[string]any{})
	if out["decision"].(map[string]any)["state"] != "active" {
		t.Errorf("%v", out)
	}
	ip := d.want(200, "POST", decisions, map[string]any{"value": "203.0.113.7", "reason": "x"})["decision"].(map[string]any)["id"].(string)
	if out := d.want(200, "POST", decisions+"/"+ip+"/approve", map[string]any{}); out["needs_second"] != true {
		t.Errorf("one person blocks an address: %v", out)
	}
	if out := d.want(200, "GET", "/api/v1/blocking/why?value=www.bad.example", nil); out["report"].(map[string]any)["blocked"] != true {
		t.Errorf("%v", out)
	}
	if out := d.want(200, "GET", "/api/v1/blocking/render/edl-domain", nil); out["text"] != "bad.example\n" {
		t.Errorf("%v", out)
	}
	if out := d.want(200, "GET", decisions+"?state=active", nil); out["page"].(map[string]any)["total"] != 1.0 {
		t.Errorf("%v", out)
	}
	d.want(200, "POST", "/api/v1/blocking/kill", map[string]any{"reason": "x"})
	if out := d.want(200, "GET", "/api/v1/blocking", nil); out["status"].(map[string]any)["killed"] != true {
		t.Errorf("%v", out)
	}
	d.want(200, "POST", "/api/v1/blocking/resume", map[string]any{"reason": "x"})
	as("analyst")
	u := d.want(200, "POST", "/api/v1/blocking/requests", map[string]any{"value": "bad.example", "contact": "so 0900-lien-he", "reason": "của tôi"})["unblock"].(map[string]any)
	d.want(200, "POST", "/api/v1/blocking/requests/"+u["id"].(string)+"/answer", map[string]any{"grant": true, "reason": "đúng"})
	if out := d.want(200, "GET", decisions+"/"+id, nil); out["decision"].(map[string]any)["state"] != "revoked" {
		t.Errorf("%v", out)
	}
	d.want(404, "GET", decisions+"/nothing", nil)
	log, err := os.ReadFile(filepath.Join(d.dir, "audit.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, act := range []string{"blocking.propose", "blocking.approve", "blocking.kill", "blocking.resume", "blocking.answer", "denied"} {
		if !strings.Contains(string(log), `"action":"`+act+`"`) {
			t.Errorf("the audit log lacks %s", act)
		}
	}
	if strings.Contains(string(log), "0900-lien-he") {
		t.Error("the audit log holds a citizen's contact")
	}
}

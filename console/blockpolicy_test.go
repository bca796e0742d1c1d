package console

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"khien/console/hook/gate"
)

// TestBlockingPolicy: leads change the policies within what hooks.yaml allows, everybody reads them, no consumer is in them,
// each change is audited, and a mistake names its field.
func TestBlockingPolicy(t *testing.T) {
	yaml := "listen: 127.0.0.1:0\nunits: [{name: so-y-te, prefixes: [10.20.0.0/16], mode: suggest}]\n" +
		"consumers: [{name: pa-edge, kind: edl, format: edl-ip, secret_file: token, address: '198.51.100.99'}]\n"
	d := newBlockingDesk(t, map[string]string{gate.FileName: yaml, "token": "0123456789abcdef-token\n"})
	d.login()
	for _, role := range []string{"viewer", "analyst", "lead"} {
		d.want(200, "POST", "/api/v1/accounts", map[string]string{"name": role, "password": "a long password", "role": role})
	}
	as := func(name string) {
		d.want(200, "POST", "/api/v1/login", map[string]string{"name": name, "password": "a long password"})
	}
	const at = "/api/v1/blocking/policy"
	overlay := map[string]any{"units": []any{map[string]any{"name": "so-y-te", "mode": "auto"}},
		"never": []any{map[string]any{"names": []string{"benhvien.example"}, "reason": map[string]any{"vi": "bệnh viện"}, "owner": "Sở Y tế"}}}
	change := map[string]any{"overlay": overlay, "on": 0, "reason": "diễn tập"}
	for _, role := range []string{"viewer", "analyst"} {
		as(role)
		d.want(200, "GET", at, nil)
		d.want(403, "PUT", at, change)
		d.want(403, "POST", at+"/preview", map[string]any{"overlay": overlay})
		d.want(403, "POST", at+"/restore", map[string]any{"version": 0, "on": 0, "reason": "x"})
	}
	as("lead")
	trial := d.want(200, "POST", at+"/preview", map[string]any{"overlay": overlay})["trial"].(map[string]any)
	if trial["findings"] != 0.0 {
		t.Errorf("%v", trial)
	}
	out := d.want(200, "PUT", at, change)["policy"].(map[string]any)
	if out["version"] != 1.0 || out["units"].([]any)[0].(map[string]any)["mode"] != "auto" {
		t.Errorf("%v", out)
	}
	d.want(409, "PUT", at, change) // an old version
	d.want(409, "POST", "/api/v1/blocking/decisions", map[string]any{"value": "www.benhvien.example", "reason": "x"})
	wrong := map[string]any{"overlay": map[string]any{"policies": []any{map[string]any{"name": "fraud-names", "off": false, "min_score": 0.8, "min_severity": 0,
		"auto": map[string]any{"min_score": 0.5, "evidence": 2}}}}, "on": 1, "reason": "x"}
	if p := d.want(400, "PUT", at, wrong); p["token"] != "policies[0].auto.min_score" {
		t.Errorf("%v", p)
	}
	// What is no part of the policies cannot be written.
	for _, field := range []string{"consumers", "brakes", "listen", "four_eyes"} {
		d.want(400, "PUT", at, map[string]any{"overlay": map[string]any{field: []any{}}, "on": 1, "reason": "x"})
	}
	out = d.want(200, "POST", at+"/restore", map[string]any{"version": 0, "on": 1, "reason": "xong"})["policy"].(map[string]any)
	if out["version"] != 2.0 || out["units"].([]any)[0].(map[string]any)["mode"] != "suggest" || len(out["versions"].([]any)) != 3 {
		t.Errorf("%v", out)
	}
	for _, secret := range []string{"0123456789abcdef", "pa-edge", "198.51.100.99", "secret_file"} {
		resp, err := d.browser.Get(d.http.URL + at)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := resp.Write(&b); err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if strings.Contains(b.String(), secret) {
			t.Errorf("the policies hold %s", secret)
		}
	}
	log, err := os.ReadFile(filepath.Join(d.dir, "audit.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, act := range []string{"blocking.policy.try", "blocking.policy.set", "blocking.policy.restore"} {
		if !strings.Contains(string(log), `"action":"`+act+`"`) {
			t.Errorf("the audit log lacks %s", act)
		}
	}
}

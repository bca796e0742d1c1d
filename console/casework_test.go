package console

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"khien/console/api"
	"khien/detector"
	"khien/sensor/file"
)

const pass = "a long password of somebody"

// as logs another account in.
func (d *desk) as(name string) {
	d.t.Helper()
	d.want(200, "POST", "/api/v1/login", map[string]string{"name": name, "password": pass})
}

// team is a desk with an account of each role but admin, logged in as the analyst, and a case.
func team(t *testing.T, change ...func(*Config)) (*desk, string) {
	t.Helper()
	d := newDesk(t, change...)
	d.login()
	for name, role := range map[string]string{"xem": "viewer", "an": "analyst", "lan": "lead"} {
		d.want(200, "POST", "/api/v1/accounts", map[string]string{"name": name, "password": pass, "role": role})
	}
	d.as("an")
	return d, "/api/v1/cases/" + d.want(200, "POST", "/api/v1/cases", map[string]any{"title": "Mạo danh VNeID"})["id"].(string)
}

func TestCaseWork(t *testing.T) {
	d, at := team(t)
	out := d.want(200, "PUT", at+"/owner", map[string]string{"owner": "lan"})
	d.audited("case.owner", strings.TrimPrefix(at, "/api/v1/cases/"))
	if out["owner"] != "lan" {
		t.Errorf("%v", out)
	}
	d.want(400, "PUT", at+"/owner", map[string]string{"owner": "ai"})
	d.want(400, "PUT", at+"/members/ai", nil)
	if out = d.want(200, "PUT", at+"/members/an", nil); fmt.Sprint(out["members"]) != "[an]" {
		t.Errorf("%v", out)
	}
	d.want(404, "DELETE", at+"/members/lan", nil)
	d.want(200, "DELETE", at+"/members/an", nil)

	task := map[string]any{"text": "gọi ngân hàng", "assignee": "lan", "due": "2026-11-30T09:00:00+07:00"}
	d.want(200, "POST", at+"/tasks", task)
	d.want(400, "POST", at+"/tasks", map[string]any{"text": "x", "assignee": "ai"})
	d.want(400, "POST", at+"/tasks", map[string]any{"text": ""})
	d.want(400, "POST", at+"/tasks", map[string]any{"text": "x", "due": "mai"})
	d.want(400, "PUT", at+"/tasks/x", task)
	d.want(404, "PUT", at+"/tasks/9", task)
	task["done"] = true
	got := d.want(200, "PUT", at+"/tasks/1", task)["tasks"].([]any)[0].(map[string]any)
	if got["done_by"] != "an" || got["due"] != "2026-11-30T02:00:00Z" {
		t.Errorf("%v", got)
	}
	if out = d.want(200, "DELETE", at+"/tasks/1", nil); out["tasks"] != nil {
		t.Errorf("%v", out["tasks"])
	}

	f := sample(1, func(f *detector.Finding) { f.Domain, f.JA4 = "XAU.example", "t13d1516h2_8daaf6152771_b186095e22b6" })
	g := sample(2, func(f *detector.Finding) { f.Domain = "xau.example" })
	d.write(f, g)
	d.want(200, "POST", at+"/findings", map[string]any{"findings": []string{f.ID, g.ID}})
	list := d.want(200, "GET", at+"/entities/found", nil)["entities"].([]any)
	if len(list) != 4 || fmt.Sprint(list[0]) != "map[findings:2 kind:host value:xau.example]" {
		t.Errorf("%v", list)
	}
	entity := map[string]any{"kind": "host", "value": "Xau.Example", "note": "trang giả"}
	d.want(200, "POST", at+"/entities", entity)
	if p := d.want(400, "POST", at+"/entities", map[string]any{"kind": "ip", "value": "<script>"}); p["token"] != "entity.ip" || p["hint"] != "<script>" {
		t.Errorf("the pages are told %v, want the mistake and the value", p)
	}
	if list = d.want(200, "GET", at+"/entities/found", nil)["entities"].([]any); len(list) != 3 {
		t.Errorf("what the case holds is offered: %v", list)
	}
	watch := map[string]any{"kind": "host", "value": "xau.example", "note": "đổi địa chỉ thì báo", "until": time.Now().Add(time.Hour)}
	d.want(200, "PUT", at+"/entities/watch", watch)
	watch["until"] = time.Now().Add(-time.Hour)
	if p := d.want(400, "PUT", at+"/entities/watch", watch); p["token"] != "watch.until" {
		t.Errorf("the pages are told %v", p)
	}
	d.want(200, "DELETE", at+"/entities?"+url.Values{"kind": {"host"}, "value": {"xau.example"}}.Encode(), nil)
	d.want(404, "DELETE", at+"/entities?kind=host&value=xau.example", nil)

	d.want(200, "POST", at+"/close", map[string]string{"reason": "xong"})
	d.want(409, "POST", at+"/tasks", map[string]any{"text": "x"})
	d.want(400, "POST", at+"/reopen", map[string]string{"reason": ""})
	if out = d.want(200, "POST", at+"/reopen", map[string]string{"reason": "có nạn nhân mới"}); out["status"] != "open" {
		t.Errorf("%v", out)
	}
	d.want(400, "POST", at+"/reopen", map[string]string{"reason": "nữa"})
}

// TestCaseWorkRoles: who only looks changes nothing, and sees no evidence.
func TestCaseWorkRoles(t *testing.T) {
	d, at := team(t)
	d.as("xem")
	sum := strings.Repeat("ab", 32)
	for _, r := range []struct {
		method, path string
		body         any
		want         int
	}{
		{"POST", at + "/reopen", map[string]string{"reason": "x"}, 403},
		{"PUT", at + "/owner", map[string]string{"owner": "xem"}, 403},
		{"PUT", at + "/members/xem", nil, 403},
		{"DELETE", at + "/members/xem", nil, 403},
		{"POST", at + "/tasks", map[string]string{"text": "x"}, 403},
		{"PUT", at + "/tasks/1", map[string]string{"text": "x"}, 403},
		{"DELETE", at + "/tasks/1", nil, 403},
		{"POST", at + "/entities", map[string]string{"kind": "host", "value": "x.example"}, 403},
		{"DELETE", at + "/entities?kind=host&value=x", nil, 403},
		{"PUT", at + "/entities/watch", map[string]string{"kind": "host", "value": "x"}, 403},
		{"GET", at + "/evidence", nil, 403},
		{"POST", at + "/evidence", map[string]any{}, 403},
		{"GET", at + "/evidence/" + sum, nil, 403},
		{"POST", "/api/v1/handovers", map[string]string{"text": "x"}, 403},
		{"POST", "/api/v1/handovers/BG-2026-11-29-1/take", map[string]string{}, 403},
		{"GET", at + "/entities/found", nil, 200},
		{"GET", at + "/timeline", nil, 200},
		{"GET", "/api/v1/handover", nil, 200},
		{"GET", "/api/v1/handovers", nil, 200},
		{"GET", "/api/v1/handovers/BG-1999-01-01-1", nil, 404},
	} {
		d.want(r.want, r.method, r.path, r.body)
	}
	d.want(200, "POST", "/api/v1/logout", nil)
	for _, p := range []string{at + "/timeline", at + "/evidence", at + "/evidence/" + sum, at + "/entities/found", "/api/v1/handover", "/api/v1/handovers"} {
		d.want(401, "GET", p, nil)
	}
}

// keptFiles is a store that holds one file, and its SHA-256.
func keptFiles(t *testing.T, content []byte) (api.LocalFiles, string) {
	t.Helper()
	dir := t.TempDir()
	sum := sha256.Sum256(content)
	sha := hex.EncodeToString(sum[:])
	err := errors.Join(os.MkdirAll(filepath.Join(dir, sha[:2]), 0o700), os.WriteFile(filepath.Join(dir, sha[:2], sha), content, 0o400))
	if err != nil {
		t.Fatal(err)
	}
	files, err := file.OpenStore(file.StoreConfig{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(files.Close)
	return api.LocalFiles{Store: files}, sha
}

const flowScript = "http 10.0.0.1:51022 > 198.51.100.1:80\n> GET /x.apk HTTP/1.1\n> Host: xau.example\n>\n< HTTP/1.1 200 OK\n<\n"

// TestFreezeEvidence: one action freezes what a finding is about; it is there when the originals are gone, leaves only
// encrypted, and a copy that was changed is told and given to nobody.
func TestFreezeEvidence(t *testing.T) {
	content := []byte("PK\x03\x04 not really an app")
	files, sha := keptFiles(t, content)
	var ring api.Packets
	d, at := team(t, func(c *Config) {
		ring = keptPackets(t, flowScript)
		c.FlowPackets, c.Files = ring, files
	})
	id := strings.TrimPrefix(at, "/api/v1/cases/")
	f := sample(1, func(f *detector.Finding) { f.CommunityID, f.SHA256, f.FileName = "1:flow", sha, "../VNeID.apk" })
	gone := sample(2, func(f *detector.Finding) { f.CommunityID, f.SHA256 = "1:gone", strings.Repeat("ab", 32) })
	d.write(f, gone)
	d.want(404, "POST", at+"/evidence", map[string]any{"findings": []string{"none"}})
	d.want(404, "POST", "/api/v1/cases/SC-1999-0001/evidence", map[string]any{})
	out := d.want(200, "POST", at+"/evidence", map[string]any{"findings": []string{f.ID, gone.ID}})
	if len(out["frozen"].([]any)) != 4 || fmt.Sprint(out["skipped"]) != fmt.Sprintf("[map[finding:%s of:packets why:gone] map[finding:%s of:file why:gone]]", gone.ID, gone.ID) || out["more"] != false {
		t.Errorf("%v", out)
	}
	d.audited("evidence.freeze", id)
	if c := d.want(200, "GET", at, nil); len(c["findings"].([]any)) != 2 {
		t.Errorf("the findings belong to no case: %v", c["findings"])
	}
	if out = d.want(200, "POST", at+"/evidence", map[string]any{}); len(out["frozen"].([]any)) != 0 || out["known"] != 4.0 {
		t.Errorf("again: %v", out)
	}
	list := d.want(200, "GET", at+"/evidence", nil)
	d.audited("evidence.view", id)
	state := func(of string) (sum, state string) {
		t.Helper()
		for _, x := range d.want(200, "GET", at+"/evidence", nil)["frozen"].([]any) {
			if m := x.(map[string]any); m["of"] == of {
				return m["sha256"].(string), m["state"].(string)
			}
		}
		t.Fatalf("no copy of %s", of)
		return "", ""
	}
	if len(list["frozen"].([]any)) != 4 || list["used"].(float64) < float64(len(content)) || list["password"] != "infected" {
		t.Errorf("%v", list)
	}
	status, h, b := d.raw(at + "/evidence/" + sha)
	if status != 200 || !bytes.HasPrefix(b, []byte("PK")) || bytes.Contains(b, content) || bytes.Contains(b, []byte("VNeID")) || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") {
		t.Errorf("%d %v, %d bytes", status, h, len(b))
	}
	d.audited("evidence.download", sha)
	d.want(404, "GET", at+"/evidence/"+strings.Repeat("ab", 32), nil)
	d.want(404, "GET", at+"/evidence/..%2F..%2Faudit.jsonl", nil)
	events := d.want(200, "GET", at+"/custody", nil)["events"].([]any)
	if last := events[len(events)-1].(map[string]any); len(events) != 5 || last["action"] != "sao chép" || last["evidence"] != sha {
		t.Errorf("%v", events)
	}
	moments := d.want(200, "GET", at+"/timeline", nil)["moments"].([]any)
	kinds := ""
	for _, m := range moments {
		kinds += m.(map[string]any)["kind"].(string) + " "
	}
	if kinds != "finding finding opened evidence " {
		t.Errorf("timeline %s", kinds)
	}

	sum, whole := state("packets")
	if whole != "whole" {
		t.Errorf("a copy is %s", whole)
	}
	name := filepath.Join(d.dir, "report", "frozen", sum[:2], sum)
	if err := errors.Join(os.Chmod(name, 0o600), os.WriteFile(name, []byte("other packets"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, s := state("packets"); s != "broken" {
		t.Errorf("a changed copy is %s", s)
	}
	if out := d.want(409, "GET", at+"/evidence/"+sum, nil); out["code"] != "evidence_broken" {
		t.Errorf("%v", out)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if _, s := state("packets"); s != "missing" {
		t.Errorf("a copy that is gone is %s", s)
	}
	if out := d.want(404, "GET", at+"/evidence/"+sum, nil); out["code"] != "evidence_missing" {
		t.Errorf("%v", out)
	}
	d.want(200, "POST", at+"/close", map[string]string{"reason": "xong"})
	d.want(409, "POST", at+"/evidence", map[string]any{})
}

// TestFreezeQuota: a full quota is a clear refusal and freezes nothing.
func TestFreezeQuota(t *testing.T) {
	d, at := team(t, func(c *Config) { c.FrozenMax = 8 })
	f := sample(1)
	d.write(f)
	if out := d.want(507, "POST", at+"/evidence", map[string]any{"findings": []string{f.ID}}); out["code"] != "evidence_full" || !strings.Contains(out["detail"].(string), "0 of 8 bytes") {
		t.Errorf("%v", out)
	}
	if list := d.want(200, "GET", at+"/evidence", nil); len(list["frozen"].([]any)) != 0 || list["max"] != 8.0 {
		t.Errorf("%v", list)
	}
}

func TestTimeline(t *testing.T) {
	d, at := team(t)
	begin := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	step := func(n int, visibility, what, evidence string) detector.Step {
		return detector.Step{Time: begin.Add(time.Duration(n) * time.Minute), Stage: "visit", Visibility: visibility, What: detector.Text{VI: what, EN: what}, Evidence: evidence}
	}
	page := sample(50, func(f *detector.Finding) { f.Summary = detector.Text{VI: "trang giả", EN: "a fake page"} })
	alone := sample(55, func(f *detector.Finding) { f.Fraud = nil })
	reported := detector.Step{Stage: "transfer", Visibility: "reported", What: detector.Text{VI: "mất tiền", EN: "money lost"}}
	story := sample(30, func(f *detector.Finding) {
		f.Steps = []detector.Step{step(20, "inferred", "tải ứng dụng", ""), step(10, "seen", "vào trang", page.ID), reported}
	})
	again := sample(29, func(f *detector.Finding) { f.Steps = []detector.Step{step(10, "seen", "vào trang", page.ID)} })
	d.write(page, alone, story, again)
	d.want(200, "POST", at+"/findings", map[string]any{"findings": []string{page.ID, alone.ID, story.ID, again.ID}})
	d.want(200, "POST", at+"/notes", map[string]string{"text": "đã gọi"})
	d.want(200, "POST", at+"/tasks", map[string]any{"text": "hỏi nhà mạng", "done": true})
	out := d.want(200, "GET", at+"/timeline", nil)
	got := ""
	for _, x := range out["moments"].([]any) {
		m := x.(map[string]any)
		what := m["text"]
		if w, ok := m["what"].(map[string]any); ok {
			what = w["vi"]
		}
		got += fmt.Sprintf("%v/%v/%v\n", m["kind"], m["visibility"], what)
	}
	want := "finding/seen/name\nstep/seen/vào trang\nstep/inferred/tải ứng dụng\nopened/<nil>/<nil>\nnote/<nil>/đã gọi\ntask/<nil>/hỏi nhà mạng\ntask_done/<nil>/hỏi nhà mạng\nstep/reported/mất tiền\n"
	if got != want || out["more"] != false {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestHandover(t *testing.T) {
	d, at := team(t)
	id := strings.TrimPrefix(at, "/api/v1/cases/")
	now := time.Now().UTC()
	old := sample(600, func(f *detector.Finding) { f.Rule.ID = "old" })
	fresh := sample(10, func(f *detector.Finding) { f.Rule.ID = "fresh" })
	low := sample(10, func(f *detector.Finding) { f.Rule.ID, f.Severity = "low", detector.Low })
	loss := func(minutes int) detector.Finding {
		return sample(minutes, func(f *detector.Finding) {
			f.Source, f.Sensor, f.Rule.ID, f.Fraud, f.Severity = detector.FromHealth, "mirror0", fmt.Sprint("loss", minutes), nil, detector.Low
			f.First, f.Last = f.Time.Add(-3*time.Minute), f.Time
		})
	}
	d.write(old, fresh, low, loss(60), loss(60*20))
	d.want(200, "PUT", at+"/owner", map[string]string{"owner": "an"})
	d.want(200, "POST", at+"/tasks", map[string]any{"text": "quá hạn", "due": now.Add(-time.Hour)})
	d.want(200, "POST", at+"/tasks", map[string]any{"text": "sắp tới", "due": now.Add(time.Hour)})
	d.want(200, "POST", at+"/tasks", map[string]any{"text": "tuần sau", "due": now.Add(7 * 24 * time.Hour)})
	d.want(200, "POST", at+"/tasks", map[string]any{"text": "đã xong", "due": now.Add(time.Hour), "done": true})
	for value, until := range map[string]time.Duration{"xau.example": 24 * time.Hour, "xau2.example": time.Second} {
		d.want(200, "POST", at+"/entities", map[string]string{"kind": "host", "value": value})
		d.want(200, "PUT", at+"/entities/watch", map[string]any{"kind": "host", "value": value, "note": "đổi địa chỉ thì báo", "until": now.Add(until + time.Second)})
	}
	s := d.want(200, "GET", "/api/v1/handover?to="+url.QueryEscape(now.Add(3*time.Second).Format(time.RFC3339)), nil)
	names := func(list any, field string) (out string) {
		for _, x := range list.([]any) {
			out += fmt.Sprint(x.(map[string]any)[field], " ")
		}
		return out
	}
	if got := names(s["tasks"], "text"); got != "quá hạn sắp tới " {
		t.Errorf("tasks: %s", got)
	}
	if got := names(s["watch"], "value"); got != "xau.example " {
		t.Errorf("watch: %s", got)
	}
	if got := names(s["gaps"], "sensor"); got != "mirror0 " {
		t.Errorf("gaps: %s", got)
	}
	if c := s["cases"].([]any)[0].(map[string]any); c["id"] != id || c["owner"] != "an" || c["tasks"] != 3.0 {
		t.Errorf("%v", c)
	}
	aging := s["aging"].(map[string]any)
	if fmt.Sprint(aging["new"]) != "map[bands:[1 0 0 1 0] total:2]" || aging["unassigned"] != 2.0 || names(aging["oldest"], "finding") != old.ID+" "+fresh.ID+" " {
		t.Errorf("%v", aging)
	}
	for _, q := range []string{"from=x", "from=2026-11-29T00:00:00Z&to=2026-11-28T00:00:00Z", "from=2020-01-01T00:00:00Z"} {
		d.want(400, "GET", "/api/v1/handover?"+q, nil)
	}

	d.want(400, "POST", "/api/v1/handovers", map[string]string{"text": ""})
	h := d.want(200, "POST", "/api/v1/handovers", map[string]string{"text": "Theo dõi xau.example."})
	d.audited("handover.sign", h["to"].(string))
	hid := h["id"].(string)
	if out := d.want(409, "POST", "/api/v1/handovers/"+hid+"/take", map[string]string{}); out["code"] != "same_person" {
		t.Errorf("%v", out)
	}
	d.as("lan")
	d.want(200, "POST", at+"/notes", map[string]string{"text": "after the shift"})
	d.want(200, "POST", at+"/tasks", map[string]any{"text": "sau ca", "due": now})
	d.want(200, "POST", "/api/v1/handovers/"+hid+"/take", map[string]string{"text": "Đã nhận."})
	d.audited("handover.take", hid)
	if out := d.want(409, "POST", "/api/v1/handovers/"+hid+"/take", map[string]string{}); out["code"] != "taken" {
		t.Errorf("%v", out)
	}
	signed := d.want(200, "GET", "/api/v1/handovers/"+hid, nil)
	if got := names(signed["sheet"].(map[string]any)["tasks"], "text"); got != "quá hạn sắp tới " || signed["whole"] != true {
		t.Errorf("the sheet that was signed has tasks %s, whole %v", got, signed["whole"])
	}
	if list := d.want(200, "GET", "/api/v1/handovers", nil)["handovers"].([]any); len(list) != 1 || list[0].(map[string]any)["taking"].(map[string]any)["by"] != "lan" {
		t.Errorf("%v", list)
	}
	doc, err := d.store.Document(t.Context(), "handover_sheet", hid)
	if err != nil {
		t.Fatal(err)
	}
	doc.Body = json.RawMessage(strings.Replace(string(doc.Body), "sắp tới", "chưa tới", 1))
	if _, err := d.store.PutDocument(t.Context(), doc); err != nil {
		t.Fatal(err)
	}
	if out := d.want(200, "GET", "/api/v1/handovers/"+hid, nil); out["whole"] != false {
		t.Error("a sheet that was changed passes for the one that was signed")
	}
}

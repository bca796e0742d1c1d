package console

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"khien/console/audit"
)

const unitProfile = `
agency: Trung tâm Giám sát an ninh mạng
symbol: TTGS
domain: soc.example.vn
contact: soc@soc.example.vn
facts: {reporter.address: Số 1, reporter.phone: "024", reporter.email: a@b.vn, contact.name: Trần Thị Ửng, contact.phone: "090",
  contact.email: c@b.vn, system.operator: Trung tâm, incident.notified: police}
`

// TestReports goes from a finding to an issued report and its file, as the pages do.
func TestReports(t *testing.T) {
	d := newDesk(t)
	d.login()
	f := sample(30)
	f.Domain = "xau.example"
	d.write(f)
	made := d.want(200, "POST", "/api/v1/cases", map[string]any{"title": "Mạo danh VNeID", "findings": []string{f.ID}})
	id := made["id"].(string)
	d.want(400, "POST", "/api/v1/cases", map[string]any{"title": ""})
	d.want(404, "GET", "/api/v1/cases/SC-1999-0001", nil)
	d.want(404, "GET", "/api/v1/cases/"+id+"/preview?form=mau-99", nil)
	d.want(400, "GET", "/api/v1/cases/"+id+"/preview?form=initial&pack=vn-1975", nil)
	if out := d.want(200, "GET", "/api/v1/cases/"+id+"/preview?form=initial", nil); len(out["missing"].([]any)) == 0 {
		t.Error("nothing is missing without a profile")
	}
	body := map[string]any{"case": id, "form": "initial"}
	if out := d.want(422, "POST", "/api/v1/reports", body); out["code"] != "missing_fields" {
		t.Errorf("%v", out)
	}
	if err := os.MkdirAll(filepath.Join(d.dir, "report"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.dir, "report", "profile.yaml"), []byte(unitProfile), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := d.want(422, "POST", "/api/v1/reports", body); out["code"] != "unconfirmed" {
		t.Errorf("%v", out)
	}
	version := func() any {
		return d.want(200, "GET", "/api/v1/cases/"+id+"/incident", nil)["incident"].(map[string]any)["version"]
	}
	edit := map[string]any{"version": version(), "facts": []any{map[string]any{"key": "incident.detected", "values": []string{"2026-01-02T08:00:00+07:00"}}}}
	out := d.want(200, "PUT", "/api/v1/cases/"+id+"/incident", edit)
	clocks := out["clocks"].([]any)
	if due := clocks[len(clocks)-1].(map[string]any)["due_at"].(string); !strings.HasPrefix(due, "2026-01-05T01:00:00") {
		t.Errorf("the clock is due %s", due)
	}
	d.want(409, "PUT", "/api/v1/cases/"+id+"/incident", edit)
	bad := map[string]any{"version": version(), "facts": []any{map[string]any{"key": "incident.cause", "values": []string{"a\u202eb"}}}}
	d.want(400, "PUT", "/api/v1/cases/"+id+"/incident", bad)
	d.want(200, "POST", "/api/v1/cases/"+id+"/confirm", map[string]any{"version": version(), "what": "severity", "reason": "đã xem"})
	d.want(400, "POST", "/api/v1/cases/"+id+"/sent", map[string]any{"version": version(), "duty": "D3", "via": "công văn"})
	d.want(200, "POST", "/api/v1/cases/"+id+"/sent", map[string]any{"version": version(), "duty": "D3", "via": "công văn", "late_reason": "phát hiện muộn"})
	issued := d.want(200, "POST", "/api/v1/reports", body)
	if issued["printed_number"] != "01/TB-TTGS" || issued["by"] != "admin" {
		t.Errorf("%v", issued)
	}
	if list := d.want(200, "GET", "/api/v1/reports?case="+id, nil)["reports"].([]any); len(list) != 1 || list[0].(map[string]any)["shared"] != nil {
		t.Errorf("%v", list)
	}
	path := "/api/v1/reports/" + issued["id"].(string) + "/files/"
	if status, _, head := d.do("GET", path+"initial.pdf", nil); status != 200 || !strings.HasPrefix(head.Get("Content-Disposition"), "attachment") {
		t.Errorf("%d %v", status, head)
	}
	d.want(404, "GET", path+"..%2Fsigning.key", nil)
	if events := d.want(200, "GET", "/api/v1/cases/"+id+"/custody", nil)["events"].([]any); len(events) != 3 {
		t.Errorf("%d custody events", len(events))
	}
	if all := d.want(200, "GET", "/api/v1/reports/clocks", nil)["clocks"].([]any); len(all) == 0 {
		t.Error("no clocks in the overview")
	}
	if status, _, head := d.do("GET", "/api/v1/cases/"+id+"/preview.pdf?form=report72", nil); status != 200 || head.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(head.Get("Content-Disposition"), "inline") {
		t.Errorf("preview %d %v", status, head)
	}
	d.want(200, "GET", "/api/v1/cases/"+id+"/clocks.ics", nil)
	d.want(200, "GET", "/api/v1/reports/forms", nil)
	d.want(200, "POST", "/api/v1/cases/"+id+"/close", map[string]any{"reason": "xong"})
	d.want(409, "POST", "/api/v1/cases/"+id+"/notes", map[string]any{"text": "x"})
	if _, err := audit.Verify(filepath.Join(d.dir, "audit.jsonl")); err != nil {
		t.Error(err)
	}
}

func TestReportRoles(t *testing.T) {
	d := newDesk(t)
	d.login()
	d.want(200, "POST", "/api/v1/accounts", map[string]any{"name": "xem", "password": "mat khau rat dai 1", "role": "viewer"})
	d.want(200, "POST", "/api/v1/accounts", map[string]any{"name": "pt", "password": "mat khau rat dai 1", "role": "analyst"})
	pack := d.want(200, "GET", "/api/v1/reports/packs/vn-2026", nil)
	d.want(400, "PUT", "/api/v1/reports/packs/vn-2026", map[string]any{"text": "id: x", "version": 0})
	d.want(200, "PUT", "/api/v1/reports/packs/vn-2026", map[string]any{"text": pack["text"], "version": pack["version"]})
	d.want(409, "PUT", "/api/v1/reports/packs/vn-2026", map[string]any{"text": pack["text"], "version": pack["version"]})
	d.want(404, "PUT", "/api/v1/reports/packs/vn-1975", map[string]any{"text": "", "version": 0})
	d.want(200, "POST", "/api/v1/login", map[string]string{"name": "pt", "password": "mat khau rat dai 1"})
	d.want(403, "PUT", "/api/v1/reports/packs/vn-2026", map[string]any{"text": pack["text"], "version": 1})
	d.want(200, "POST", "/api/v1/cases", map[string]any{"title": "x"})
	d.want(200, "POST", "/api/v1/login", map[string]string{"name": "xem", "password": "mat khau rat dai 1"})
	d.want(200, "GET", "/api/v1/cases", nil)
	d.want(403, "POST", "/api/v1/cases", map[string]any{"title": "x"})
	d.want(403, "GET", "/api/v1/cases/SC-2026-0001/incident", nil)
	d.want(403, "POST", "/api/v1/reports", map[string]any{"case": "SC-2026-0001", "form": "initial"})
}

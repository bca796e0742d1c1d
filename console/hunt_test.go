package console

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"khien/console/account"
	"khien/detector"
	"khien/detector/store"
)

// TestCounts: the histogram and the values of a query.
func TestCounts(t *testing.T) {
	d := newDesk(t)
	d.login()
	for i := range 5 {
		d.write(sample(i*10, func(f *detector.Finding) { f.Rule.ID, f.Sensor = "scan", fmt.Sprint("s", i%2) }))
	}
	d.write(sample(5))
	got := d.want(200, "GET", "/api/v1/counts?q=rule:scan&range=1h&parts=6", nil)
	sum := 0.0
	for _, n := range got["parts"].([]any) {
		sum += n.(float64)
	}
	top := got["top"].(map[string]any)
	if got["total"] != 5.0 || sum != 5 || len(got["parts"].([]any)) != 6 || got["counted"] != 5.0 || fmt.Sprint(top["sensor"]) != "[map[count:3 name:s0] map[count:2 name:s1]]" {
		t.Errorf("%v", got)
	}
	if got := d.want(200, "GET", "/api/v1/counts?q=rule:none", nil); got["total"] != 0.0 || len(got["parts"].([]any)) != 0 {
		t.Errorf("%v", got)
	}
	for _, bad := range []string{"parts=0", "parts=x", "parts=100000", "q=x:y"} {
		d.want(400, "GET", "/api/v1/counts?"+bad, nil)
	}
}

// TestExport: what a peer chose is no formula in a spreadsheet, and the export is the analyst's.
func TestExport(t *testing.T) {
	d := newDesk(t)
	d.role("an", "analyst")
	for i, nasty := range []string{`=cmd|'/c calc'!A1`, "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", `a,"b"`, "bình thường"} {
		d.write(sample(i, func(f *detector.Finding) { f.Domain, f.FileName, f.Summary.VI = nasty, nasty, nasty }))
	}
	status, h, b := d.raw("/api/v1/findings.csv?range=24h")
	if status != 200 || !strings.HasPrefix(h.Get("Content-Type"), "text/csv") || h.Get("Content-Disposition") != `attachment; filename="khien-findings.csv"` {
		t.Fatal(status, h)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\ufeff")))).ReadAll()
	if err != nil || len(rows) != 10 {
		t.Fatal(len(rows), err)
	}
	for _, row := range rows {
		for _, c := range row {
			if c != "" && strings.ContainsAny(c[:1], "=+-@\t\r") || strings.HasPrefix(c, "＝") {
				t.Errorf("cell %q", c)
			}
		}
	}
	if got := rows[9][2]; got != "bình thường" {
		t.Errorf("an ordinary cell: %q", got)
	}
	d.audited("finding.export", "finding.export")
	d.role("xem", "viewer")
	d.want(403, "GET", "/api/v1/findings.csv", nil)
}

// TestBundles: the inbox by story.
func TestBundles(t *testing.T) {
	d := newDesk(t)
	d.login()
	d.write(sample(1, func(f *detector.Finding) { f.ChainID = "c-1" }), sample(2, func(f *detector.Finding) { f.ChainID = "c-1" }), sample(3))
	got := d.want(200, "GET", "/api/v1/bundles?by=chain&range=24h", nil)["bundles"].([]any)
	if len(got) != 1 || got[0].(map[string]any)["value"] != "c-1" || got[0].(map[string]any)["groups"] != 2.0 {
		t.Errorf("%v", got)
	}
	d.want(400, "GET", "/api/v1/bundles?by=color", nil)
	d.want(400, "GET", "/api/v1/bundles", nil)
}

// TestDecideQuery: a decision about a query is previewed, done for the groups of the preview and no others, and taken back.
func TestDecideQuery(t *testing.T) {
	d := newDesk(t)
	d.role("an", "analyst")
	var fs []detector.Finding
	for i := range 120 { // more than a page of the inbox
		fs = append(fs, sample(i, func(f *detector.Finding) {
			f.Rule.ID, f.SrcIP = "scan", netip.AddrFrom4([4]byte{10, 7, 0, byte(i)})
		}))
	}
	other := sample(1)
	d.write(append(fs, other)...)
	d.want(200, "PUT", "/api/v1/triage", map[string]any{"key": store.GroupKey(&fs[3]), "version": 0, "status": "escalated", "assignee": "an"})
	status := func(f *detector.Finding) string {
		t.Helper()
		return d.want(200, "GET", "/api/v1/triage?key="+url.QueryEscape(store.GroupKey(f)), nil)["status"].(string)
	}
	ask := map[string]any{"q": "rule:scan", "range": "24h"}
	p := d.want(200, "POST", "/api/v1/triage/query/preview", ask)
	if p["groups"] != 120.0 || p["findings"] != 120.0 || fmt.Sprint(p["statuses"]) != "map[escalated:1 new:119]" || len(p["sample"].([]any)) != 5 || p["from"] == nil {
		t.Fatalf("%v", p)
	}
	late := sample(0, func(f *detector.Finding) { f.Rule.ID = "scan"; f.Time = f.Time.Add(1e9) })
	d.write(late)
	do := map[string]any{"q": "rule:scan", "from": p["from"], "to": p["to"], "expect": 120, "change": map[string]any{"status": "closed", "verdict": "benign", "reason": "máy quét"}}
	done := d.want(200, "POST", "/api/v1/triage/query", do)
	if done["done"] != 120.0 || done["left"] != 0.0 {
		t.Fatalf("%v", done)
	}
	d.audited("triage.query", "rule:scan")
	if status(&fs[0]) != "closed" || status(&fs[119]) != "closed" || status(&late) != "new" || status(&other) != "new" {
		t.Error("not what was decided")
	}
	d.want(200, "PUT", "/api/v1/triage", map[string]any{"key": store.GroupKey(&fs[5]), "version": 1, "comment": "sau đó"})
	back := d.want(200, "POST", "/api/v1/triage/undo", map[string]any{"undo": done["undo"]})
	if back["done"] != 119.0 || back["left"] != 1.0 || status(&fs[0]) != "new" || status(&fs[3]) != "escalated" || status(&fs[5]) != "closed" {
		t.Errorf("%v", back)
	}
	d.want(404, "POST", "/api/v1/triage/undo", map[string]any{"undo": done["undo"]})
	do["expect"] = 119
	if out := d.want(409, "POST", "/api/v1/triage/query", do); out["code"] != "preview_old" {
		t.Errorf("%v", out)
	}
	do["expect"] = 120
	for name, bad := range map[string]any{"change": nil, "to": "", "q": "x:y"} {
		was := do[name]
		do[name] = bad
		d.want(400, "POST", "/api/v1/triage/query", do)
		do[name] = was
	}
	do["change"] = map[string]any{"status": "closed"} // without a verdict
	d.want(400, "POST", "/api/v1/triage/query", do)
	do["change"] = map[string]any{"status": "seen"}
	mine := d.want(200, "POST", "/api/v1/triage/query", do)
	d.role("xem", "viewer")
	for _, path := range []string{"query", "query/preview", "undo"} {
		d.want(403, "POST", "/api/v1/triage/"+path, ask)
	}
	d.role("binh", string(account.Analyst))
	d.want(404, "POST", "/api/v1/triage/undo", map[string]any{"undo": mine["undo"]})
}

// TestDecideQueryLimit: a query that selects too much decides nothing.
func TestDecideQueryLimit(t *testing.T) {
	d := newDesk(t)
	d.login()
	fs := make([]detector.Finding, 1001)
	for i := range fs {
		fs[i] = sample(i%50, func(f *detector.Finding) { f.Rule.ID, f.FlowID = fmt.Sprint("r", i), uint64(i) })
	}
	d.write(fs...)
	got, out, _ := d.do("POST", "/api/v1/triage/query/preview", map[string]any{"q": "", "range": "all"})
	if got != http.StatusBadRequest || out["code"] != "too_many_groups" || out["detail"] != "1001" || out["hint"] != "1000" {
		t.Errorf("%d %v", got, out)
	}
}

// TestResponses: the overview tells how long people took, and leaves out what tunes closed.
func TestResponses(t *testing.T) {
	d := newDesk(t)
	d.login()
	empty := d.want(200, "GET", "/api/v1/overview", nil)["responses"].(map[string]any)
	if empty["taken"] != nil || empty["closed"] != nil {
		t.Errorf("of nothing: %v", empty)
	}
	d = newDesk(t)
	d.login()
	long, short, tuned := sample(30), sample(10), sample(20)
	d.write(long, short, tuned, sample(5))
	for _, f := range []detector.Finding{long, short} {
		d.want(200, "PUT", "/api/v1/triage", map[string]any{"key": store.GroupKey(&f), "version": 0, "status": "closed", "verdict": "benign"})
	}
	if _, err := d.store.PutTriage(t.Context(), store.Triage{Key: store.GroupKey(&tuned), Status: "closed",
		History: []store.Change{{Time: tuned.Time, User: "khien", What: "status:closed"}, {Time: tuned.Time, User: "khien", What: "tune:x"}}}); err != nil {
		t.Fatal(err)
	}
	got := d.want(200, "GET", "/api/v1/overview", nil)["responses"].(map[string]any)
	for _, what := range []string{"taken", "closed"} {
		r := got[what].(map[string]any)
		if s := r["seconds"].(float64); r["groups"] != 2.0 || s < 1795 || s > 1830 {
			t.Errorf("%s: %v", what, r)
		}
	}
}

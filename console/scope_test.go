package console

import (
	"bufio"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// TestUnits: what belongs to another unit is on no route, by no id, in no count, and nothing of it can be changed.
func TestUnits(t *testing.T) { withAgencies(t, units) }

func units(t *testing.T, x *agencies) {
	tries, before := x.tries(), x.state()
	if got := slices.Sorted(maps.Keys(tries)); !slices.Equal(got, x.described()) {
		t.Errorf("the table does not have the routes there are: %v\n%v", got, x.described())
	}
	marks := []string{"10.2.0.", "b-sensor", "secret-b", "Secret agency", "Bí mật", "binh", `"b"`, x.fb.ID, x.seen.ID, x.caseB, x.tuneB, x.viewB, x.decisionB, x.tokenB,
		x.sessionB, x.frozenB, x.handoverB, x.fb.Rule.ID + `"`, x.seen.Rule.ID + `"`}
	for _, pattern := range slices.Sorted(maps.Keys(tries)) {
		for _, c := range tries[pattern] {
			method, _, _ := strings.Cut(pattern, " ")
			status, _, raw := x.send(method, "/api/v1/"+c.path, c.body)
			body := string(raw)
			if status != c.want {
				t.Errorf("%s %s: %d, want %d: %.300s", method, c.path, status, c.want, body)
			}
			if status == 200 && c.path != "openapi.json" && !strings.HasPrefix(c.path, "reports/forms") {
				for _, m := range marks {
					if strings.Contains(body, m) && (c.may == "" || !strings.Contains(c.may, m)) && !strings.Contains(c.may, strings.Trim(m, `"`)) {
						t.Errorf("%s %s tells %q: %.600s", method, c.path, m, body)
					}
				}
			}
		}
	}
	if after := x.state(); after != before {
		t.Errorf("something of b has changed:\n%s\nbefore:\n%s", after, before)
	}
	x.b.want(200, "GET", "/api/v1/me", nil)
	for _, path := range []string{"findings/" + x.fb.ID, "findings/" + x.seen.ID, "cases/" + x.caseB, "cases/" + x.caseB + "/incident", "cases/" + x.caseB + "/custody",
		"cases/" + x.caseB + "/timeline", "cases/" + x.caseB + "/evidence", "handovers/" + x.handoverB,
		"blocking/decisions/" + x.decisionB, "triage?key=" + url.QueryEscape(store.GroupKey(&x.seen))} {
		x.b.want(200, "GET", "/api/v1/"+path, nil)
	}
	if out := x.b.want(200, "GET", "/api/v1/reports/takedown", nil); len(out["targets"].([]any)) != 1 {
		t.Errorf("b does not see its own: %v", out)
	}
}

// TestUnitsAsIfNothing: the answer about another unit's things is the one about things that do not exist, to the byte but for
// the id.
func TestUnitsAsIfNothing(t *testing.T) { withAgencies(t, unitsAsIfNothing) }

func unitsAsIfNothing(t *testing.T, x *agencies) {
	for _, c := range [][2]string{{"findings/%s", x.fb.ID}, {"findings/%s/packets", x.fb.ID}, {"findings/%s/file", x.fb.ID}, {"cases/%s", x.caseB}, {"cases/%s/incident", x.caseB},
		{"cases/%s/custody", x.caseB}, {"cases/%s/timeline", x.caseB}, {"cases/%s/evidence", x.caseB}, {"handovers/%s", x.handoverB}, {"reports/%s/files/r.pdf", "r-1"}, {"blocking/decisions/%s", x.decisionB}, {"triage?key=%s", url.QueryEscape(store.GroupKey(&x.fb))}} {
		status, _, there := x.send("GET", "/api/v1/"+fmt.Sprintf(c[0], c[1]), nil)
		none, _, not := x.send("GET", "/api/v1/"+fmt.Sprintf(c[0], "nothing-x"), nil)
		if status != none || strings.ReplaceAll(string(there), c[1], "X") != strings.ReplaceAll(string(not), "nothing-x", "X") {
			t.Errorf("%s: %d %s, and of nothing: %d %s", c[0], status, there, none, not)
		}
	}
}

// TestUnitsOwn: what touches the account's unit is there, from both sides where it lies between two.
func TestUnitsOwn(t *testing.T) { withAgencies(t, unitsOwn) }

func unitsOwn(t *testing.T, x *agencies) {
	total := func(d *desk, q string, want float64) {
		t.Helper()
		if out := d.want(200, "GET", "/api/v1/groups?q="+url.QueryEscape(q), nil); out["total"] != want {
			t.Errorf("%q: %v groups, want %v", q, out["total"], want)
		}
	}
	total(x.desk, "", 3)
	total(x.desk, "unit:a", 3)
	total(x.desk, "unit:b", 0)
	total(x.desk, "unit:a,b", 3)
	total(x.b, "", 3)
	if out := x.want(200, "GET", "/api/v1/counts?range=all", nil); out["total"] != 3.0 {
		t.Errorf("%v", out)
	}
	f := x.want(200, "GET", "/api/v1/findings/"+x.campaign.ID, nil)
	if got := fmt.Sprint(f["units"]); got != "[a]" {
		t.Errorf("units of the campaign: %s", got)
	}
	if got := fmt.Sprint(f["finding"].(map[string]any)["related"].(map[string]any)["ip"]); strings.Contains(got, "10.2.") || !strings.Contains(got, "198.51.100.1") {
		t.Errorf("the campaign's addresses: %s", got)
	}
	x.want(200, "GET", "/api/v1/findings/"+x.both.ID, nil)
	x.b.want(200, "GET", "/api/v1/findings/"+x.both.ID, nil)
	if out := x.want(200, "GET", "/api/v1/bundles?by=unit", nil); len(out["bundles"].([]any)) != 1 {
		t.Errorf("%v", out)
	}
	x.want(200, "GET", "/api/v1/findings/"+x.fa.ID+"/packets", nil)
	x.want(200, "POST", "/api/v1/tunes", map[string]any{"rule": "1", "src": "10.1.2.0/24", "reason": "x", "days": 3})
	x.want(200, "POST", "/api/v1/views", map[string]any{"name": "mine", "q": "", "range": "24h", "sort": "worst"})
	id := x.want(200, "POST", "/api/v1/cases", map[string]any{"title": "của a", "findings": []string{x.both.ID}})["id"].(string)
	x.want(404, "POST", "/api/v1/cases/"+id+"/findings", map[string]any{"findings": []string{x.fb.ID}})
	x.want(200, "POST", "/api/v1/cases/"+id+"/findings", map[string]any{"findings": []string{x.fa.ID}})
	x.want(200, "GET", "/api/v1/cases/"+id+"/incident", nil)
	x.b.want(404, "GET", "/api/v1/cases/"+id, nil) // of a, although it holds a finding that touches b
	if d := x.want(200, "POST", "/api/v1/blocking/decisions", map[string]any{"value": "bad.example", "reason": "x", "finding": x.fa.ID})["decision"].(map[string]any); d["scope"] != "a" {
		t.Errorf("a decision of a limited account: %v", d)
	}
	if s := x.want(200, "GET", "/api/v1/blocking", nil)["status"].(map[string]any); fmt.Sprint(s["states"]) != "map[dry_run:1]" {
		t.Errorf("%v", s)
	}
	change := map[string]any{"q": "", "range": "all", "to": time.Now().Format(time.RFC3339), "expect": 3, "change": map[string]any{"status": "seen"}}
	done := x.want(200, "POST", "/api/v1/triage/query", change)
	if done["done"] != 3.0 {
		t.Errorf("%v", done)
	}
	if tr, err := x.store.Triage(t.Context(), store.GroupKey(&x.seen)); err != nil || tr.Status != store.StatusNew {
		t.Errorf("%+v, %v", tr, err)
	}
	if out := x.want(200, "POST", "/api/v1/triage/undo", map[string]any{"undo": done["undo"]}); out["done"] != 3.0 {
		t.Errorf("%v", out)
	}
	// An admin moves the network to b: at once it is a's no more.
	x.login()
	if out := x.want(200, "GET", "/api/v1/groups", nil); out["total"] != 5.0 {
		t.Errorf("an admin sees %v groups", out["total"])
	}
	if out := x.want(200, "GET", "/api/v1/bundles?by=unit", nil); len(out["bundles"].([]any)) != 2 { // nothing is outside
		t.Errorf("%v", out)
	}
	total(x.desk, "-unit:a", 2)
	x.want(409, "PUT", "/api/v1/units", map[string]any{"version": 0, "units": []any{}})
	x.want(200, "PUT", "/api/v1/units", map[string]any{"version": 1, "units": []any{map[string]any{"id": "b", "name": map[string]string{"vi": "B"}, "networks": []string{"10.0.0.0/8"}}}})
	an := x.another("an")
	total(an, "", 0)
	an.want(404, "GET", "/api/v1/findings/"+x.fa.ID, nil)
	// A change of units ends the sessions.
	x.want(200, "PUT", "/api/v1/accounts/an", map[string]any{"role": "lead", "units": []string{"b"}})
	an.want(401, "GET", "/api/v1/me", nil)
	x.want(400, "PUT", "/api/v1/accounts/an", map[string]any{"role": "lead", "units": []string{"nowhere"}})
	x.want(409, "PUT", "/api/v1/accounts/an", map[string]any{"role": "admin"})
	for _, bad := range []map[string]any{{"id": "A"}, {"id": "x", "name": map[string]string{}}, {"id": "x", "name": map[string]string{"vi": "X"}, "networks": []string{"10.0.0.0/33"}},
		{"id": "x", "name": map[string]string{"vi": "X"}, "networks": []string{"::ffff:10.0.0.0/104"}}, {"id": "x", "name": map[string]string{"vi": "X"}, "sensors": []string{""}}} {
		x.want(400, "PUT", "/api/v1/units", map[string]any{"version": 2, "units": []any{bad}})
	}
}

// TestUnitsHandover: a shift is handed over within the units of who signs, to people who have all of them.
func TestUnitsHandover(t *testing.T) { withAgencies(t, unitsHandover) }

func unitsHandover(t *testing.T, x *agencies) {
	x.login()
	for name, of := range map[string][]string{"chung": {"a", "b"}, "nhan": {"a"}} {
		x.want(200, "POST", "/api/v1/accounts", map[string]any{"name": name, "password": unitPassword, "role": "lead", "units": of})
	}
	admin := x.want(200, "POST", "/api/v1/handovers", map[string]any{"text": "of all"})["id"].(string)
	an, chung, nhan := x.another("an"), x.another("chung"), x.another("nhan")
	own := an.want(200, "POST", "/api/v1/handovers", map[string]any{"text": "of a"})["id"].(string)
	both := chung.want(200, "POST", "/api/v1/handovers", map[string]any{"text": "of a and b"})["id"].(string)
	for _, c := range []struct {
		who  *desk
		sees string
	}{{x.desk, strings.Join([]string{x.handoverB, admin, own, both}, " ")}, {an, own}, {nhan, own}, {chung, x.handoverB + " " + own + " " + both}, {x.b, x.handoverB}} {
		got := []string{}
		for _, h := range c.who.want(200, "GET", "/api/v1/handovers", nil)["handovers"].([]any) {
			got = append(got, h.(map[string]any)["id"].(string))
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.sees {
			t.Errorf("sees %v, want %s", got, c.sees)
		}
		for _, id := range []string{x.handoverB, admin, own, both} {
			want := 404
			if strings.Contains(c.sees, id) {
				want = 200
			}
			c.who.want(want, "GET", "/api/v1/handovers/"+id, nil)
		}
	}
	nhan.want(200, "POST", "/api/v1/handovers/"+own+"/take", map[string]any{})
	an.want(200, "GET", "/api/v1/handovers/"+own, nil)
	x.b.want(404, "GET", "/api/v1/handovers/"+own, nil) // who took over changed nothing about who sees it
	chung.want(200, "POST", "/api/v1/handovers/"+x.handoverB+"/take", map[string]any{})
	an.want(404, "GET", "/api/v1/handovers/"+x.handoverB, nil)
}

// TestUnitsLive: an open page is told of what touches its units, and of nothing else.
func TestUnitsLive(t *testing.T) { withAgencies(t, unitsLive) }

func unitsLive(t *testing.T, x *agencies) {
	text := x.want(200, "POST", "/api/v1/tokens", map[string]any{"name": "x", "role": "viewer", "days": 3})["text"].(string)
	open := func(c *http.Client, head string) *bufio.Scanner {
		r, err := http.NewRequest("GET", x.http.URL+"/api/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", head)
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() && lines.Text() != "data: {}" {
		}
		return lines
	}
	page, program := open(x.browser, ""), open(&http.Client{}, "Bearer "+text)
	x.srv.Notify([]detector.Finding{x.fb, x.seen})
	x.b.want(200, "PUT", "/api/v1/triage", map[string]any{"key": store.GroupKey(&x.seen), "version": 0, "status": "seen"})
	x.srv.Notify([]detector.Finding{x.fb, x.fa})
	x.b.want(200, "PUT", "/api/v1/triage", map[string]any{"key": store.GroupKey(&x.both), "version": 0, "status": "seen"})
	for _, lines := range []*bufio.Scanner{page, program} {
		told := ""
		for lines.Scan() && !strings.Contains(told, `"user"`) {
			told += lines.Text() + "\n"
		}
		if strings.Contains(told, "10.2.0.1") || strings.Contains(told, "192.0.2.1") || !strings.Contains(told, x.fa.ID) || !strings.Contains(told, "10.2.3.4") {
			t.Errorf("told:\n%s", told)
		}
	}
	// Other units end what is open: nothing more is told of the old ones.
	x.login()
	x.want(200, "PUT", "/api/v1/accounts/an", map[string]any{"role": "lead", "units": []string{"b"}})
	x.srv.Notify([]detector.Finding{x.fa})
	for _, lines := range []*bufio.Scanner{page, program} {
		told := ""
		for lines.Scan() {
			told += lines.Text()
		}
		if strings.Contains(told, x.fa.ID) {
			t.Errorf("told after the change: %s", told)
		}
	}
}

// TestEscalation: nobody reaches a role by the API that an admin did not give.
func TestEscalation(t *testing.T) { withAgencies(t, escalation) }

func escalation(t *testing.T, x *agencies) {
	x.login()
	x.want(200, "POST", "/api/v1/accounts", map[string]any{"name": "viewer", "password": unitPassword, "role": "viewer", "units": []string{"a"}})
	v := x.another("viewer")
	before := x.state()
	roles := map[string]bool{}
	for _, pattern := range slices.Sorted(maps.Keys(x.tries())) {
		for _, c := range x.tries()[pattern] {
			method, path, _ := strings.Cut(pattern, " ")
			if method == "GET" || strings.HasPrefix(path, "views") || strings.HasPrefix(path, "sessions") || strings.HasPrefix(path, "tokens") {
				continue
			}
			if status, _, body := v.send(method, "/api/v1/"+c.path, c.body); status != 403 {
				t.Errorf("a viewer: %s %s: %d %s", method, c.path, status, body)
			}
			roles[pattern] = true
		}
	}
	if len(roles) < 30 {
		t.Errorf("only %d routes were tried", len(roles))
	}
	if x.state() != before {
		t.Error("a viewer has changed something")
	}
	// Tokens: no wider than their owner when they are made, nor after it has lost a role, nor beyond its units.
	v.want(400, "POST", "/api/v1/tokens", map[string]any{"name": "x", "role": "lead", "days": 3})
	an := x.another("an")
	text := an.want(200, "POST", "/api/v1/tokens", map[string]any{"name": "x", "role": "lead", "days": 3})["text"].(string)
	bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+text); r.Header.Del("Cookie") }
	program := *x.desk
	program.browser = &http.Client{}
	program.want(404, "GET", "/api/v1/findings/"+x.fb.ID, nil, bearer)
	program.want(200, "GET", "/api/v1/findings/"+x.fa.ID, nil, bearer)
	program.want(403, "POST", "/api/v1/tokens", map[string]any{"name": "y", "role": "viewer", "days": 3}, bearer)
	x.want(200, "PUT", "/api/v1/accounts/an", map[string]any{"role": "viewer"})
	program.want(403, "PUT", "/api/v1/triage", map[string]any{"key": store.GroupKey(&x.fa), "version": 0, "status": "seen"}, bearer)
	x.want(200, "PUT", "/api/v1/accounts/an", map[string]any{"role": "viewer", "units": []string{"b"}})
	program.want(404, "GET", "/api/v1/findings/"+x.fa.ID, nil, bearer)
	x.want(200, "DELETE", "/api/v1/accounts/an", nil)
	program.want(401, "GET", "/api/v1/me", nil, bearer)
}

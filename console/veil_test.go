package console

import (
	"encoding/json"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"khien/console/reveal"
	"khien/detector"
	"khien/detector/store"
)

const purpose = "to call the victim back"

// veiled is the console of two agencies, opened again with a policy that hides their addresses.
func veiled(t *testing.T, x *agencies, policy string) {
	t.Helper()
	x.srv.Close()
	if err := os.WriteFile(filepath.Join(x.dir, reveal.FileName), []byte("networks: [10.0.0.0/8]\n"+policy), 0o600); err != nil {
		t.Fatal(err)
	}
	again := deskOn(t, x.dir, x.store, func(c *Config) {
		c.FlowPackets = keptPackets(t, "udp 10.2.0.1:1000 > 198.51.100.1:53\n> x\n")
	})
	again.password = x.password
	x.desk = again
	x.b = again.another("binh")
	again.login()
}

var (
	plainAddress = regexp.MustCompile(`\b10\.[0-9]+\.[0-9]+\.[0-9]+\b(/?)`)
	pseudonymOf  = regexp.MustCompile(`K-[0-9A-F]{8}`)
)

// TestVeil: whatever is asked for, and by whomever, no answer holds a hidden address.
func TestVeil(t *testing.T) { withAgencies(t, veil) }

func veil(t *testing.T, x *agencies) {
	veiled(t, x, "second_person: true\n") // the tries ask to see things, too
	covered := 0
	tries := x.tries()
	for _, who := range []*desk{x.b, x.desk} {
		for _, pattern := range slices.Sorted(maps.Keys(tries)) {
			method, path, _ := strings.Cut(pattern, " ")
			top, _, _ := strings.Cut(path, "/")
			if method == "DELETE" || pattern == "POST logout" || slices.Contains([]string{"accounts", "units", "rules", "sessions", "audit"}, top) {
				continue
			}
			for _, try := range tries[pattern] {
				_, _, raw := who.send(method, "/api/v1/"+try.path, try.body)
				for _, m := range plainAddress.FindAllSubmatch(raw, -1) {
					if string(m[1]) == "" {
						t.Errorf("%s: %s holds %s", pattern, raw, m[0])
					}
				}
				if pseudonymOf.Match(raw) {
					covered++
				}
			}
		}
	}
	if covered < 20 {
		t.Errorf("only %d answers hold a pseudonym", covered)
	}
}

// names returns the first pseudonym of a finding as an account sees it.
func nameOf(t *testing.T, d *desk, id string) string {
	t.Helper()
	f := d.want(200, "GET", "/api/v1/findings/"+id, nil)["finding"].(map[string]any)
	return f["source"].(map[string]any)["ip"].(string)
}

// TestReveal: a pseudonym is worked with like an address; the address is shown to who asked, once another person agreed.
func TestReveal(t *testing.T) { withAgencies(t, reveals) }

func reveals(t *testing.T, x *agencies) {
	veiled(t, x, "second_person: true\nrole: lead\nhours: 2\n")
	x.want(200, "POST", "/api/v1/accounts", map[string]any{"name": "hai", "password": unitPassword, "role": "lead", "units": []string{"b"}})
	x.want(200, "POST", "/api/v1/accounts", map[string]any{"name": "ngoai", "password": unitPassword, "role": "lead", "units": []string{"a"}})
	x.want(200, "POST", "/api/v1/accounts", map[string]any{"name": "nhan", "password": unitPassword, "role": "analyst", "units": []string{"b"}})
	b, second, other, analyst := x.b, x.another("hai"), x.another("ngoai"), x.another("nhan")
	name := nameOf(t, b, x.fb.ID)
	if !pseudonymOf.MatchString(name) {
		t.Fatalf("source.ip is %q", name)
	}
	// Queries by pseudonym, by network, and not by address.
	if out := b.want(200, "GET", "/api/v1/groups?q=src:"+name, nil); out["total"] != 1.0 {
		t.Errorf("%v", out)
	}
	if out := b.want(200, "GET", "/api/v1/groups?q=src:10.2.0.0/24", nil); out["total"] != 1.0 {
		t.Errorf("%v", out)
	}
	for path, body := range map[string]any{"groups?q=src:10.2.0.1": nil, "groups?q=src:10.2.0.1/32": nil, "groups?q=src:10.2.0.0/31": nil, "entity?kind=ip&value=10.2.0.1": nil,
		"views": map[string]any{"name": "x", "q": "src:10.2.0.1", "range": "24h", "sort": "worst"}} {
		method := "GET"
		if body != nil {
			method = "POST"
		}
		if out := b.want(403, method, "/api/v1/"+path, body); out["code"] != "hidden_address" {
			t.Errorf("%s: %v", path, out)
		}
	}
	lease := store.Event{Time: x.fb.Time, Type: "dhcp", Src: netip.MustParseAddrPort("10.2.0.254:67"), Dst: netip.AddrPortFrom(x.fb.SrcIP, 68),
		Body: []byte(`{"event_type":"dhcp","dhcp":{"type":"reply","hostname":"ke-toan","client_mac":"aa:00:00:00:00:01"}}`)}
	if err := x.store.WriteEvents(t.Context(), []store.Event{lease}); err != nil {
		t.Fatal(err)
	}
	machines := func() int {
		t.Helper()
		out := b.want(200, "GET", "/api/v1/entity?kind=ip&value="+name, nil)
		return len(out["machines"].([]any))
	}
	if out := b.want(200, "GET", "/api/v1/entity?kind=ip&value="+name, nil); out["value"] != name || machines() != 0 {
		t.Errorf("%v, %v", out["value"], out["machines"])
	}
	key := b.want(200, "GET", "/api/v1/groups?q=src:"+name, nil)["groups"].([]any)[0].(map[string]any)["key"].(string)
	b.want(200, "PUT", "/api/v1/triage", map[string]any{"key": key, "version": 1, "status": "escalated", "comment": "called " + name})
	if tr, err := x.store.Triage(t.Context(), store.GroupKey(&x.fb)); err != nil || tr.Status != store.StatusEscalated {
		t.Errorf("%+v, %v", tr, err)
	}
	// Packets show addresses.
	if out := b.want(403, "GET", "/api/v1/findings/"+x.fb.ID+"/packets", nil); out["code"] != "hidden_content" {
		t.Errorf("%v", out)
	}
	b.want(403, "GET", "/api/v1/findings/"+x.fb.ID+"/packets.pcapng", nil)
	b.want(403, "GET", "/api/v1/cases/"+x.caseB+"/evidence/"+x.frozenB, nil)

	ask := map[string]any{"of": "address", "subject": name, "purpose": purpose}
	analyst.want(403, "POST", "/api/v1/reveals", ask)
	analyst.want(403, "GET", "/api/v1/reveals", nil)
	other.want(404, "POST", "/api/v1/reveals", ask)
	b.want(400, "POST", "/api/v1/reveals", map[string]any{"of": "address", "subject": name, "purpose": "          x"})
	b.want(400, "POST", "/api/v1/reveals", map[string]any{"of": "address", "subject": "198.51.100.1", "purpose": purpose})
	first := b.want(200, "POST", "/api/v1/reveals", ask)
	if first["state"] != "waiting" || first["subject"] != name {
		t.Errorf("%v", first)
	}
	id := first["id"].(string)
	if again := b.want(200, "POST", "/api/v1/reveals", ask); again["id"] != id {
		t.Errorf("asked twice: %v", again)
	}
	if got := nameOf(t, b, x.fb.ID); got != name {
		t.Errorf("shown before anybody agreed: %s", got)
	}
	b.want(409, "POST", "/api/v1/reveals/"+id+"/agree", nil)
	other.want(404, "POST", "/api/v1/reveals/"+id+"/agree", nil)
	list := second.want(200, "GET", "/api/v1/reveals", nil)["reveals"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["purpose"] != purpose {
		t.Errorf("%v", list)
	}
	if out := second.want(200, "POST", "/api/v1/reveals/"+id+"/agree", nil); out["state"] != "open" || out["answered"] != "hai" {
		t.Errorf("%v", out)
	}
	second.want(409, "POST", "/api/v1/reveals/"+id+"/refuse", nil)
	if got := nameOf(t, b, x.fb.ID); got != "10.2.0.1" {
		t.Errorf("shown as %s", got)
	}
	if got := nameOf(t, second, x.fb.ID); got != name {
		t.Errorf("who agreed sees %s", got)
	}
	if machines() != 1 {
		t.Error("who may see the address is not told whose it was")
	}
	b.want(200, "GET", "/api/v1/groups?q=src:10.2.0.1", nil)
	if out := b.want(200, "GET", "/api/v1/findings/"+x.fb.ID+"/packets", nil); !strings.Contains(text(out), "10.2.0.1") {
		t.Errorf("%v", out)
	}
	b.want(403, "GET", "/api/v1/cases/"+x.caseB+"/evidence/"+x.frozenB, nil)
	b.want(200, "DELETE", "/api/v1/reveals/"+id, nil)
	if got := nameOf(t, b, x.fb.ID); got != name {
		t.Errorf("shown after its end: %s", got)
	}
	// A case, with its evidence.
	ofCase := b.want(200, "POST", "/api/v1/reveals", map[string]any{"of": "case", "subject": x.caseB, "purpose": purpose})
	second.want(200, "POST", "/api/v1/reveals/"+ofCase["id"].(string)+"/agree", nil)
	if status, _, _ := b.send("GET", "/api/v1/cases/"+x.caseB+"/evidence/"+x.frozenB, nil); status != 200 {
		t.Errorf("evidence: status %d", status)
	}
	// What is refused stays hidden.
	no := second.want(200, "POST", "/api/v1/reveals", map[string]any{"of": "finding", "subject": x.fb.ID, "purpose": purpose})
	b.want(200, "POST", "/api/v1/reveals/"+no["id"].(string)+"/refuse", nil)
	second.want(403, "GET", "/api/v1/findings/"+x.fb.ID+"/packets.pcapng", nil)

	log, err := os.ReadFile(filepath.Join(x.dir, "audit.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"action":"reveal.ask","object":"address ` + name + `","detail":"` + purpose, `"action":"reveal.agree"`, `"action":"reveal.end"`, `"action":"reveal.refuse"`} {
		if !strings.Contains(string(log), want) {
			t.Errorf("the audit log does not hold %s", want)
		}
	}
	for _, line := range strings.Split(string(log), "\n") {
		if strings.Contains(line, `"reveal.`) && plainAddress.MatchString(line) {
			t.Errorf("the audit log holds an address: %s", line)
		}
	}
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestRevealEndsByItself: after its hours an address is hidden again, without a second person where none is wanted.
func TestRevealEndsByItself(t *testing.T) {
	now := time.Now()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, reveal.FileName), []byte("networks: [10.0.0.0/8]\nhours: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, func(c *Config) { c.DataDir, c.Now = dir, func() time.Time { return now } })
	d.login()
	f := sample(1)
	d.write(f)
	name := nameOf(t, d, f.ID)
	if out := d.want(200, "POST", "/api/v1/reveals", map[string]any{"of": "address", "subject": name, "purpose": purpose}); out["state"] != "open" {
		t.Fatalf("%v", out)
	}
	if got := nameOf(t, d, f.ID); got != "10.0.0.1" {
		t.Errorf("shown as %s", got)
	}
	now = now.Add(time.Hour + time.Second)
	if got := nameOf(t, d, f.ID); got != name {
		t.Errorf("shown as %s after its hour", got)
	}
	if list := d.want(200, "GET", "/api/v1/reveals", nil)["reveals"].([]any); len(list) != 1 || list[0].(map[string]any)["state"] != "ended" {
		t.Errorf("%v", list)
	}
}

// TestVeilOfBytes: addresses in the bytes that matched, in sentences and in what is told of live are hidden as well.
func TestVeilOfBytes(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, reveal.FileName), []byte("networks: [10.0.0.0/8]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, func(c *Config) { c.DataDir = dir })
	d.login()
	f := sample(1, func(f *detector.Finding) {
		f.CommunityID, f.RelatedIPs = "1:abc", []string{"10.0.0.1", "10.0.0.2"}
		f.Summary = detector.Text{VI: "Máy 10.0.0.1 dò 10.0.0.2.", EN: "Host 10.0.0.1 scans 10.0.0.2."}
		f.Reasons = []detector.Reason{{Text: detector.Text{VI: "10.0.0.1", EN: "10.0.0.1"}, Excerpt: []byte("Host: 10.0.0.2\r\n")}}
		f.URL = "http://10.0.0.2:8080/<10.0.0.3>"
		f.DstIP = netip.MustParseAddr("10.0.0.2")
	})
	d.write(f)
	out := d.want(200, "GET", "/api/v1/findings/"+f.ID, nil)
	if s := text(out); plainAddress.MatchString(s) || strings.Contains(s, "1:abc") || strings.Contains(s, "SG9zdDogMTAuMC4wLjI") {
		t.Errorf("%s", s)
	}
	_, _, csv := d.send("GET", "/api/v1/findings.csv?range=all", nil)
	if plainAddress.Match(csv) || !pseudonymOf.Match(csv) {
		t.Errorf("%s", csv)
	}
}

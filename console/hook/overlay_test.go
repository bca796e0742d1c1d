package hook_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"khien/console/hook"
	"khien/console/hook/hooktest"
	"khien/detector"
)

const withUnit = "units: [{name: so-y-te, prefixes: [10.20.0.0/16], mode: suggest}]\nnever: [{names: [tinh.example], reason: {vi: x}, owner: x}]\n"

func protect(names ...string) []hook.Protected {
	return []hook.Protected{{Names: names, Reason: detector.Text{VI: "trang của bệnh viện"}, Owner: "Bệnh viện"}}
}

func fraudNames(off bool, score float64) []hook.PolicyChange {
	return []hook.PolicyChange{{Name: "fraud-names", Off: off, MinScore: score, Auto: &hook.AutoApproval{MinScore: 0.95, Evidence: 2}}}
}

func TestOverlayErrors(t *testing.T) {
	d := hooktest.New(t, withUnit)
	f := func(o hook.Overlay, field string) {
		t.Helper()
		err := d.SetPolicy(t.Context(), o, 0, "an", "x")
		if !errors.Is(err, hook.ErrInput) || hook.FieldOf(err) != field {
			t.Errorf("%v, want %s", err, field)
		}
	}
	policy := func(change func(*hook.PolicyChange)) hook.Overlay {
		ps := fraudNames(false, 0.8)
		change(&ps[0])
		return hook.Overlay{Policies: ps}
	}
	never := func(change func(*hook.Protected)) hook.Overlay {
		ps := protect("a.example")
		change(&ps[0])
		return hook.Overlay{Never: ps}
	}
	f(hook.Overlay{Mode: "all"}, "mode")
	f(hook.Overlay{Units: []hook.UnitMode{{Name: "x", Mode: hook.Auto}}}, "units[0].name")
	f(hook.Overlay{Units: []hook.UnitMode{{Name: "so-y-te", Mode: hook.Auto}, {Name: "so-y-te", Mode: hook.Off}}}, "units[1].name")
	f(hook.Overlay{Units: []hook.UnitMode{{Name: "so-y-te"}}}, "units[0].mode")
	f(policy(func(p *hook.PolicyChange) { p.Name = "x" }), "policies[0].name")
	f(policy(func(p *hook.PolicyChange) { p.MinScore = 1.1 }), "policies[0].min_score")
	f(policy(func(p *hook.PolicyChange) { p.MinSeverity = 5 }), "policies[0].min_severity")
	f(policy(func(p *hook.PolicyChange) { p.Auto.MinScore = 0.89 }), "policies[0].auto.min_score")
	f(policy(func(p *hook.PolicyChange) { p.Auto.MinScore = 0 }), "policies[0].auto.min_score")
	f(policy(func(p *hook.PolicyChange) { p.Auto.Evidence = 1 }), "policies[0].auto.evidence")
	f(policy(func(p *hook.PolicyChange) { p.Name = "fraud-apps" }), "policies[0].auto") // the file does not let it
	f(never(func(p *hook.Protected) { p.Names = nil }), "never[0].names")
	f(never(func(p *hook.Protected) { p.Names = []string{"a b.example"} }), "never[0].names[0]")
	f(never(func(p *hook.Protected) { p.Names = []string{"vn"} }), "never[0].names[0]")
	f(never(func(p *hook.Protected) { p.Prefixes = []string{"0.0.0.0/0"} }), "never[0].prefixes[0]")
	f(never(func(p *hook.Protected) { p.Prefixes = []string{"::/8"} }), "never[0].prefixes[0]")
	f(never(func(p *hook.Protected) { p.Prefixes = []string{"x"} }), "never[0].prefixes[0]")
	f(never(func(p *hook.Protected) { p.Owner = " " }), "never[0].owner")
	f(never(func(p *hook.Protected) { p.Reason = detector.Text{} }), "never[0].reason")
	f(never(func(p *hook.Protected) { p.Names = slices.Repeat([]string{"a.example"}, 1001) }), "never[0].names")
	f(hook.Overlay{Never: slices.Repeat(protect("a.example"), 501)}, "never")
	p, err := d.Policy(t.Context())
	if err != nil || p.Version != 0 || len(p.Versions) != 1 {
		t.Errorf("after mistakes only: %+v %v", p, err)
	}
}

// TestPolicyChange: a change counts at once, survives a restart while the store is down, and is taken back.
func TestPolicyChange(t *testing.T) {
	d := hooktest.New(t, withUnit)
	d.MustBlock("hospital.example", 0)
	set := func(o hook.Overlay, on uint64) {
		t.Helper()
		if err := d.SetPolicy(t.Context(), o, on, "an", "diễn tập"); err != nil {
			t.Fatal(err)
		}
	}
	_, changed := d.Changed()
	set(hook.Overlay{Units: []hook.UnitMode{{Name: "so-y-te", Mode: hook.Auto}}, Never: protect("hospital.example")}, 0)
	select {
	case <-changed:
	default:
		t.Error("consumers are not told to look again")
	}
	wantValues(t, d)
	if _, err := d.Propose(t.Context(), hook.Proposal{Value: "www.hospital.example", User: "an", Reason: d.Reason()}); !errors.Is(err, hook.ErrNever) {
		t.Errorf("proposed what is protected: %v", err)
	}
	if err := d.SetPolicy(t.Context(), hook.Overlay{}, 0, "binh", "x"); !errors.Is(err, hook.ErrState) {
		t.Errorf("a change of an old version: %v", err)
	}
	// The unit is automatic now.
	observe := func(name string) {
		t.Helper()
		if err := d.Observe(t.Context(), []detector.Finding{d.Finding(1, "lookalike", name, 0.99), d.Finding(2, "phishing_page", name, 0.99)}); err != nil {
			t.Fatal(err)
		}
	}
	observe("auto.example")
	wantValues(t, d, "auto.example")
	// What is protected stays so while the store is down, and what the file and the program protect always.
	d.Shelf.SetDown(true)
	d.Restart()
	wantValues(t, d, "auto.example")
	if err := d.SetPolicy(t.Context(), hook.Overlay{}, 1, "an", "x"); err == nil {
		t.Error("changed without a store")
	}
	d.Shelf.SetDown(false)
	d.Clock.Pass(time.Second)
	if err := d.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	set(hook.Overlay{Policies: fraudNames(true, 0.8), Never: protect("other.example")}, 1)
	wantValues(t, d, "auto.example", "hospital.example")
	observe("off.example")
	if p := d.Decisions(hook.Filter{Text: "off.example"}); p.Total != 0 {
		t.Errorf("a policy that is off proposed: %+v", p.Decisions[0])
	}
	for _, v := range []string{"tinh.example", "x.gov.vn", "8.8.8.8"} {
		if r, err := d.Why(v); err != nil || r.Protected == nil {
			t.Errorf("%s is not protected: %v", v, err)
		}
	}
	if err := d.RestorePolicy(t.Context(), 1, 2, "an", "nhầm"); err != nil {
		t.Fatal(err)
	}
	wantValues(t, d, "auto.example")
	if err := d.RestorePolicy(t.Context(), 0, 3, "an", "nhầm"); err != nil {
		t.Fatal(err)
	}
	wantValues(t, d, "auto.example", "hospital.example")
	if err := d.RestorePolicy(t.Context(), 9, 4, "an", "x"); !errors.Is(err, hook.ErrInput) {
		t.Errorf("a version that never was: %v", err)
	}
	p, err := d.Policy(t.Context())
	if err != nil || p.Version != 4 || len(p.Versions) != 5 || p.Units[0].Mode != hook.Suggest || len(p.Added) != 0 || p.Policies[0].Changed {
		t.Errorf("%+v %v", p, err)
	}
	// A data folder that lost or spoiled its copy gets it from the store, with an alarm meanwhile.
	set(hook.Overlay{Never: protect("hospital.example")}, 4)
	if err := os.WriteFile(filepath.Join(d.Dir, "policy.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.Restart()
	wantValues(t, d, "auto.example")
	if s := d.Status(); slices.ContainsFunc(s.Alarms, func(a hook.Alarm) bool { return a.Key == "policy" }) {
		t.Errorf("%+v", s.Alarms)
	}
	raw, err := os.ReadFile(filepath.Join(d.Dir, "history.jsonl"))
	if err != nil || strings.Count(string(raw), `"policy.changed"`) != 5 || !strings.Contains(string(raw), "diễn tập: unit so-y-te auto; never hospital.example (1 values)") {
		t.Errorf("%v\n%s", err, raw)
	}
}

// TestOverlayOutlivesTheFile: units, policies and approvals that hooks.yaml no longer has are left out, and what people
// protected stays.
func TestOverlayOutlivesTheFile(t *testing.T) {
	d := hooktest.New(t, withUnit)
	o := hook.Overlay{Units: []hook.UnitMode{{Name: "so-y-te", Mode: hook.Auto}}, Policies: fraudNames(false, 0.5), Never: protect("hospital.example")}
	if err := d.SetPolicy(t.Context(), o, 0, "an", "x"); err != nil {
		t.Fatal(err)
	}
	cfg, err := hook.ParseConfig([]byte("policies: [{name: fraud-names, block: server}]\n"), "hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d.Cfg = cfg
	d.Restart()
	p, err := d.Policy(t.Context())
	if err != nil || p.Version != 1 || p.Policies[0].Auto != nil || p.Policies[0].When.MinScore != 0.5 || len(p.Units) != 0 || p.Added[0].Reason.EN != p.Added[0].Reason.VI {
		t.Errorf("%+v %v", p, err)
	}
	if r, err := d.Why("hospital.example"); err != nil || r.Protected == nil {
		t.Errorf("%+v %v", r, err)
	}
}

func TestTrial(t *testing.T) {
	d := hooktest.New(t, withUnit)
	d.MustBlock("hospital.example", 0)
	tr, err := d.Try(hook.Overlay{Units: []hook.UnitMode{{Name: "so-y-te", Mode: hook.Auto}}, Policies: fraudNames(false, 0.6),
		Never: protect("hospital.example", "b.example")}, d.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []detector.Finding{d.Finding(1, "lookalike", "a.example", 0.99), d.Finding(2, "phishing_page", "a.example", 0.99),
		d.Finding(3, "lookalike", "b.example", 0.99), d.Finding(4, "lookalike", "c.example", 0.7), d.Finding(5, "lookalike", "d.gov.vn", 0.99)} {
		tr.Add(&f)
	}
	r := tr.Report(false)
	if r.Findings != 5 || r.Partial || r.Hidden != 1 || r.Now != (hook.TrialCount{Proposed: 2, Protected: 1}) || r.Then != (hook.TrialCount{Proposed: 2, Automatic: 1, Protected: 2}) {
		t.Errorf("%+v", r)
	}
	if len(r.Added) != 2 || r.Added[0].Value != "a.example" || !r.Added[0].Automatic || r.Added[1].Value != "c.example" || len(r.Gone) != 1 || r.Gone[0].Value != "b.example" {
		t.Errorf("%+v %+v", r.Added, r.Gone)
	}
	if p := d.Decisions(hook.Filter{}); p.Total != 1 {
		t.Errorf("a trial made %d decisions", p.Total-1)
	}
}

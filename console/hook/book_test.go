package hook_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"khien/console/audit"
	"khien/console/hook"
	"khien/console/hook/hooktest"
	"khien/detector"
)

var all = hook.Selection{Canary: true}

func wantValues(t *testing.T, d *hooktest.Desk, want ...string) {
	t.Helper()
	if got := d.Values(all); !slices.Equal(got, want) {
		t.Errorf("served: %v, want %v", got, want)
	}
}

func TestLife(t *testing.T) {
	d := hooktest.New(t, "")
	x := d.MustPropose("Bad.Example.", 2*time.Hour)
	if x.State != hook.DryRun || x.Value != "bad.example" || x.Impact == nil {
		t.Fatalf("%+v", x)
	}
	wantValues(t, d)
	if _, err := d.Propose(t.Context(), hook.Proposal{Value: "bad.example", User: "an", Reason: detector.Text{VI: "x"}}); !errors.Is(err, hook.ErrExists) {
		t.Errorf("twice: %v", err)
	}
	d.Clock.Pass(time.Hour)
	x, err := d.Approve(t.Context(), x.ID, "binh", false)
	if err != nil || x.State != hook.Active || !x.Expires.Equal(d.Clock.Now().Add(2*time.Hour)) {
		t.Fatalf("%+v %v", x, err)
	}
	wantValues(t, d, "bad.example")
	d.Clock.Pass(2*time.Hour - time.Second)
	wantValues(t, d, "bad.example")
	d.Clock.Pass(time.Second)
	wantValues(t, d) // before anybody writes it down
	if err := d.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if x, _ := d.Decision(x.ID); x.State != hook.Expired {
		t.Errorf("%+v", x)
	}
	if _, err := d.Revoke(t.Context(), x.ID, "binh", "x"); !errors.Is(err, hook.ErrState) {
		t.Errorf("revoke what has expired: %v", err)
	}
	// Its history tells each step, and cannot be changed unnoticed.
	events, _, err := d.Hist.Read(hook.Cursor{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		if e.Object == x.ID {
			got = append(got, strings.TrimPrefix(e.Type, "decision."))
		}
	}
	if want := []string{"proposed", "dry_run", "approved", "active", "expired"}; !slices.Equal(got, want) {
		t.Errorf("history %v, want %v", got, want)
	}
	if _, err := audit.Verify(d.Dir + "/history.jsonl"); err != nil {
		t.Error(err)
	}
}

func TestMandatoryExpiry(t *testing.T) {
	d := hooktest.New(t, "")
	x := d.MustPropose("bad.example", 0)
	if x.TTL != 24*time.Hour {
		t.Errorf("default %v", x.TTL)
	}
	for _, ttl := range []time.Duration{-1, time.Second, 31 * 24 * time.Hour} {
		if _, err := d.Propose(t.Context(), hook.Proposal{Value: "other.example", TTL: ttl, User: "an", Reason: detector.Text{VI: "x"}}); !errors.Is(err, hook.ErrInput) {
			t.Errorf("%v: %v", ttl, err)
		}
	}
}

func TestNeverBlockWins(t *testing.T) {
	d := hooktest.New(t, `
never:
  - {names: [tinh.example], prefixes: [203.0.113.64/26], reason: {vi: "của tỉnh", en: "of the province"}, owner: Sở TTTT}
`)
	for _, v := range []string{"10.0.0.1", "192.168.3.0/24", "8.8.8.8", "1.1.1.0/24", "www.chinhphu.vn", "ubnd.gov.vn", "tinh.example", "a.b.tinh.example",
		"login.bank.example.vn", "https://login.bank.example.vn/x", "https://8.8.8.8/x", "203.0.113.65", "203.0.113.0/24", "203.0.113.64/28", "2606:4700::1", "one.one.one"} {
		_, err := d.Propose(t.Context(), hook.Proposal{Value: v, User: "an", Reason: detector.Text{VI: "x"}})
		if !errors.Is(err, hook.ErrNever) {
			t.Errorf("%s: %v, want ErrNever", v, err)
		}
	}
	for _, v := range []string{"xtinh.example", "203.0.113.63", "203.0.113.128/25", "example.vn.bad.example"} {
		d.MustPropose(v, 0)
	}
}

// TestNeverBlockLater: what becomes protected after it was blocked is not served any more, and cannot be approved.
func TestNeverBlockLater(t *testing.T) {
	d := hooktest.New(t, "")
	d.MustBlock("bad.example", 0)
	d.MustBlock("other.example", 0)
	waits := d.MustPropose("third.example", 0)
	cfg, err := hook.ParseConfig([]byte(`never: [{names: [bad.example, third.example], reason: {vi: x, en: x}, owner: x}]`), "h")
	if err != nil {
		t.Fatal(err)
	}
	if d.Never, err = hook.NewNever(cfg.Never, nil); err != nil {
		t.Fatal(err)
	}
	d.Restart()
	wantValues(t, d, "other.example")
	if _, err := d.Approve(t.Context(), waits.ID, "binh", false); !errors.Is(err, hook.ErrNever) {
		t.Errorf("approve: %v", err)
	}
	if !slices.ContainsFunc(d.Status().Alarms, func(a hook.Alarm) bool { return a.Key == "never" }) {
		t.Errorf("half of the list is hidden: %+v", d.Status().Alarms)
	}
}

func TestBrakes(t *testing.T) {
	d := hooktest.New(t, "")
	for _, v := range []string{"198.51.0.0/16", "203.0.112.0/23", "2001:db8::/47", "com.vn", "web.app", "co.uk"} {
		if _, err := d.Propose(t.Context(), hook.Proposal{Value: v, User: "an", Reason: detector.Text{VI: "x"}}); !errors.Is(err, hook.ErrBrake) {
			t.Errorf("%s: %v, want ErrBrake", v, err)
		}
	}
	for _, v := range []string{"198.51.100.0/24", "2001:db8::/48", "x.web.app"} {
		d.MustPropose(v, 0)
	}
}

func TestFourEyes(t *testing.T) {
	d := hooktest.New(t, "")
	x := d.MustPropose("203.0.113.7", 0)
	if x, err := d.Approve(t.Context(), x.ID, "an", false); !errors.Is(err, hook.ErrFourEyes) || x.State != hook.DryRun {
		t.Errorf("the proposer alone: %v %+v", err, x)
	}
	wantValues(t, d)
	if x, err := d.Approve(t.Context(), x.ID, "binh", false); err != nil || x.State != hook.Active {
		t.Errorf("%v %+v", err, x)
	}
	// An address that serves many, though the configuration asks for one person only.
	e := hooktest.New(t, "four_eyes: [cidr]")
	e.Flows.Serve = 11
	x = e.MustPropose("203.0.113.7", 0)
	if _, err := e.Approve(t.Context(), x.ID, "an", false); !errors.Is(err, hook.ErrFourEyes) {
		t.Errorf("%d names: %v", e.Flows.Serve, err)
	}
	// In an emergency one is enough, for an hour that cannot be made longer.
	x, err := e.Approve(t.Context(), x.ID, "an", true)
	if err != nil || x.Expires.Sub(e.Clock.Now()) != time.Hour {
		t.Errorf("%v %+v", err, x)
	}
	if _, err := e.Renew(t.Context(), x.ID, "an", time.Hour); !errors.Is(err, hook.ErrFourEyes) {
		t.Errorf("renew: %v", err)
	}
}

const auto = "mode: suggest\nunits: [{name: so-y-te, prefixes: [10.20.0.0/16], mode: auto}, {name: truong, prefixes: [10.30.0.0/16], mode: 'off'}]\n"

func TestPolicies(t *testing.T) {
	d := hooktest.New(t, auto)
	observe := func(fs ...detector.Finding) {
		t.Helper()
		if err := d.Observe(t.Context(), fs); err != nil {
			t.Fatal(err)
		}
	}
	state := func(domain string) hook.State {
		t.Helper()
		p := d.Decisions(hook.Filter{Text: domain})
		if len(p.Decisions) != 1 {
			return ""
		}
		return p.Decisions[0].State
	}
	// One kind of evidence, however often, is not enough.
	for i := range 5 {
		observe(d.Finding(i, "lookalike", "a.example", 0.99))
	}
	if s := state("a.example"); s != hook.DryRun {
		t.Errorf("the name alone: %s", s)
	}
	observe(d.Finding(9, "phishing_page", "a.example", 0.9))
	if s := state("a.example"); s != hook.Active {
		t.Errorf("the name and its page: %s", s)
	}
	wantValues(t, d, "a.example")
	// Two kinds below 0.95.
	observe(d.Finding(1, "lookalike", "b.example", 0.94), d.Finding(1, "credential_post", "b.example", 0.94))
	if s := state("b.example"); s != hook.DryRun {
		t.Errorf("0.94: %s", s)
	}
	// Units by the victim's address.
	for addr, want := range map[string]hook.State{"30": "", "40": hook.DryRun} {
		name := "c" + addr + ".example"
		f, g := d.Finding(1, "lookalike", name, 0.99), d.Finding(1, "credential_post", name, 0.99)
		f.SrcIP = hooktest.Addr("10." + addr + ".0.1")
		g.SrcIP = f.SrcIP
		observe(f, g)
		if s := state(name); s != want {
			t.Errorf("unit 10.%s: %q, want %q", addr, s, want)
		}
	}
	// Protected names are refused, and told once.
	observe(d.Finding(1, "lookalike", "x.gov.vn", 0.99), d.Finding(2, "lookalike", "x.gov.vn", 0.99))
	if s := state("x.gov.vn"); s != "" {
		t.Errorf("x.gov.vn: %s", s)
	}
	// Old captures propose nothing.
	old := d.Finding(1, "lookalike", "old.example", 0.99)
	old.Time = old.Time.Add(-25 * time.Hour)
	observe(old)
	if s := state("old.example"); s != "" {
		t.Errorf("old: %s", s)
	}
	// After a person has unblocked it, no policy blocks it by itself.
	x := d.Decisions(hook.Filter{Text: "a.example"}).Decisions[0]
	if _, err := d.Revoke(t.Context(), x.ID, "an", "nhầm"); err != nil {
		t.Fatal(err)
	}
	d.Clock.Pass(time.Minute)
	observe(d.Finding(20, "lookalike", "a.example", 0.99), d.Finding(21, "phishing_page", "a.example", 0.99))
	wantValues(t, d)
	if p := d.Decisions(hook.Filter{Text: "a.example", State: []hook.State{hook.DryRun}}); len(p.Decisions) != 1 {
		t.Errorf("it is still suggested: %+v", p)
	}
}

// TestOwnBlockIsNoSighting: that a blocked name is still asked for does not keep it blocked; that a page of it is seen does.
func TestOwnBlockIsNoSighting(t *testing.T) {
	d := hooktest.New(t, auto)
	obs := func(f detector.Finding) time.Time {
		t.Helper()
		if err := d.Observe(t.Context(), []detector.Finding{f}); err != nil {
			t.Fatal(err)
		}
		return d.Decisions(hook.Filter{}).Decisions[0].Expires
	}
	obs(d.Finding(1, "lookalike", "a.example", 0.99))
	end := obs(d.Finding(2, "phishing_page", "a.example", 0.99))
	d.Clock.Pass(12 * time.Hour)
	if got := obs(d.Finding(3, "lookalike", "a.example", 0.99)); !got.Equal(end) {
		t.Errorf("a lookup moves the end by %v", got.Sub(end))
	}
	if got := obs(d.Finding(4, "credential_post", "a.example", 0.99)); got.Sub(end) != 12*time.Hour {
		t.Errorf("a fresh submission moves the end by %v, want 12h", got.Sub(end))
	}
}

func TestAutomaticBrake(t *testing.T) {
	d := hooktest.New(t, auto)
	for i := range 60 {
		name := fmt.Sprintf("n%02d.example", i)
		if err := d.Observe(t.Context(), []detector.Finding{d.Finding(i, "lookalike", name, 0.99), d.Finding(i, "phishing_page", name, 0.99)}); err != nil {
			t.Fatal(err)
		}
	}
	if s := d.Status(); s.States[hook.Active] != 50 || s.States[hook.DryRun] != 10 || len(s.Alarms) != 1 || s.Alarms[0].Key != "automatic" {
		t.Errorf("%+v", s)
	}
	d.Clock.Pass(11 * time.Minute)
	if err := d.Observe(t.Context(), []detector.Finding{d.Finding(99, "credential_post", "n59.example", 0.99)}); err != nil {
		t.Fatal(err)
	}
	if s := d.Status(); s.States[hook.Active] != 51 {
		t.Errorf("after the window: %+v", s.States)
	}
}

func TestKillAndRollback(t *testing.T) {
	d := hooktest.New(t, "")
	d.MustBlock("a.example", 0)
	b := d.MustBlock("b.example", 0)
	if err := d.Rollback(t.Context(), 0, "an", "nhầm"); err != nil {
		t.Fatal(err)
	}
	wantValues(t, d, "a.example")
	if err := d.Rollback(t.Context(), 0, "an", "không nhầm"); err != nil {
		t.Fatal(err)
	}
	wantValues(t, d, "a.example", "b.example")
	if x, _ := d.Decision(b.ID); x.State != hook.Active {
		t.Errorf("%+v", x)
	}
	if err := d.Kill(t.Context(), "an", "sự cố"); err != nil {
		t.Fatal(err)
	}
	if v := d.View(all); v.Len() != 0 || !v.Killed {
		t.Errorf("killed: %d entries", v.Len())
	}
	d.Restart()
	wantValues(t, d)
	if err := d.Resume(t.Context(), "an", "xong"); err != nil {
		t.Fatal(err)
	}
	wantValues(t, d, "a.example", "b.example")
	if err := d.Rollback(t.Context(), 12345, "an", "x"); !errors.Is(err, hook.ErrInput) {
		t.Errorf("an unknown version: %v", err)
	}
}

func TestCanary(t *testing.T) {
	d := hooktest.New(t, "brakes: {canary: 1m}")
	d.MustBlock("a.example", 0)
	if got := d.Values(hook.Selection{}); len(got) != 0 {
		t.Errorf("others already have %v", got)
	}
	wantValues(t, d, "a.example")
	d.Clock.Pass(time.Minute)
	if got := d.Values(hook.Selection{}); len(got) != 1 {
		t.Errorf("others have %v", got)
	}
}

func TestWhy(t *testing.T) {
	d := hooktest.New(t, "")
	d.MustBlock("bad.example", 0)
	d.MustBlock("203.0.113.0/24", 0)
	f := func(value string, blocked bool, decisions int) {
		t.Helper()
		r, err := d.Why(value)
		if err != nil || r.Blocked != blocked || len(r.Decisions) != decisions {
			t.Errorf("%s: %+v %v", value, r, err)
		}
	}
	f("www.bad.example", true, 1)
	f("bad.example", true, 1)
	f("notbad.example", false, 0)
	f("203.0.113.77", true, 1)
	f("https://bad.example/x", true, 1)
	f("203.0.112.1", false, 0)
	if r, err := d.Test(t.Context(), "dichvucong.gov.vn"); err != nil || r.Protected == nil || r.Refused == "" {
		t.Errorf("%+v %v", r, err)
	}
}

func TestUnblockRequests(t *testing.T) {
	d := hooktest.New(t, "unblock_after: 4h")
	x := d.MustBlock("bad.example", 0)
	u, err := d.RequestUnblock(t.Context(), hook.Unblock{Value: "www.bad.example", Contact: "0900 000 000", Text: "Đây là trang của tôi"})
	if err != nil || u.Decision != x.ID || u.Due.Sub(u.Created) != 4*time.Hour {
		t.Fatalf("%+v %v", u, err)
	}
	if again, err := d.RequestUnblock(t.Context(), hook.Unblock{Value: "www.bad.example", Text: "lần nữa"}); err != nil || again.ID != u.ID {
		t.Errorf("%+v %v", again, err)
	}
	if _, err := d.AnswerUnblock(t.Context(), u.ID, "an", "đúng là nhầm, đã gọi 0900 000 000", true); err != nil {
		t.Fatal(err)
	}
	wantValues(t, d)
	if _, err := d.AnswerUnblock(t.Context(), u.ID, "an", "x", false); !errors.Is(err, hook.ErrState) {
		t.Errorf("answered twice: %v", err)
	}
	events, _, err := d.Hist.Read(hook.Cursor{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if strings.Contains(fmt.Sprint(e), "0900") {
			t.Errorf("the history holds the contact: %+v", e)
		}
	}
}

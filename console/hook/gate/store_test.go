package gate_test

import (
	"testing"

	"khien/console/hook"
	"khien/console/hook/hooktest"
	"khien/detector"
	"khien/detector/store/teststore"
)

// TestEmbeddedStore: the same decisions over the store that ships.
func TestEmbeddedStore(t *testing.T) {
	st, err := teststore.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	d := hooktest.New(t, "units: [{name: so-y-te, prefixes: [10.20.0.0/16], mode: auto}]")
	b := d.On(st, hook.FindingFlows{Store: st})
	defer b.Close()
	f, g := d.Finding(1, "lookalike", "www.a.example", 0.99), d.Finding(1, "phishing_page", "a.example", 0.99)
	h := d.Finding(2, "lookalike", "a.example", 0.99)
	if err := st.Write(t.Context(), []detector.Finding{f, g, h}); err != nil {
		t.Fatal(err)
	}
	if err := b.Observe(t.Context(), []detector.Finding{g, h}); err != nil {
		t.Fatal(err)
	}
	p := b.Decisions(hook.Filter{})
	if len(p.Decisions) != 1 || p.Decisions[0].State != hook.Active || p.Decisions[0].Impact.Hits != 3 {
		t.Fatalf("%+v", p.Decisions)
	}
	r, err := b.Test(t.Context(), "203.0.113.9")
	if err != nil || r.Impact.Hits != 3 || r.Names != 1 || !r.FourEyes {
		t.Errorf("%+v %v", r, err)
	}
	again := d.On(st, hook.FindingFlows{Store: st})
	defer again.Close()
	if v := again.View(hook.Selection{Canary: true}); v.Len() != 1 {
		t.Errorf("opened again: %d entries", v.Len())
	}
}

package hook

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestConfigErrors(t *testing.T) {
	f := func(yaml, want string) {
		t.Helper()
		_, err := ParseConfig([]byte(yaml), "hooks.yaml")
		if err == nil || !strings.HasPrefix(err.Error(), "hooks.yaml:"+want) {
			t.Errorf("%q: %v, want hooks.yaml:%s…", yaml, err, want)
		}
	}
	f("mode: fast\n", `1:7: mode: no mode "fast"`)
	f("\nmodus: auto\n", "2:1: unknown field")
	f("mode: [\n", "1:")
	f("units:\n  - name: a\n    mode: auto\n    prefixes: [10.0.0.0/8, x]\n", `4:28: units[0].prefixes[1]: "x"`)
	f("policies:\n  - name: p\n    block: server\n    auto: {min_score: 0.99}\n", "4:12: policies[0].auto: an address is never blocked")
	f("policies:\n  - name: p\n    block: domain\n    auto: {evidence: 1}\n", "4:22: policies[0].auto.evidence: at least 2")
	f("policies:\n  - name: p\n    block: domain\n    auto: {min_score: 0.5}\n", "4:23: policies[0].auto.min_score")
	f("policies:\n  - name: p\n    block: domain\n    ttl: 1000h\n", "4:10: policies[0].ttl")
	f("policies:\n  - block: domain\n", "2:5: policies[0].name")
	f("consumers:\n  - name: a\n    kind: edl\n  - name: a\n    kind: edl\n", "4:11: consumers[1].name")
	f("brakes:\n  prefix_v4: 8\n", "2:14: brakes.prefix_v4")
	f("four_eyes: [ip, dns]\n", `1:17: four_eyes[1]: no kind "dns"`)
}

func TestDefaults(t *testing.T) {
	c, err := ParseConfig([]byte(""), "hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if c.Mode != Suggest || c.Brakes.Automatic != 50 || c.Brakes.PrefixV4 != 24 || c.Brakes.PrefixV6 != 48 || c.Brakes.Shrink != 0.3 || len(c.Consumers) != 0 {
		t.Errorf("%+v", c)
	}
	for _, p := range c.Policies {
		if p.Auto != nil && (p.Block != "domain" || p.Auto.MinScore != 0.95 || p.Auto.Evidence != 2 || len(p.When.Source) != 1 || p.When.Source[0] != "fraud") {
			t.Errorf("the default policy %+v blocks by itself", p)
		}
	}
}

// FuzzConfig: what is read has been validated, and an error is one line with a place.
func FuzzConfig(f *testing.F) {
	if b, err := os.ReadFile("../../deploy/config/hooks.yaml"); err == nil {
		f.Add(b)
	}
	f.Add([]byte("mode: auto\nunits: [{name: a, mode: auto, prefixes: [10.0.0.0/8]}]\n"))
	f.Add([]byte("policies: [{name: p, block: domain, auto: {}}]\nnever: [{names: [a.b], owner: x, reason: {vi: x}}]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseConfig(b, "h")
		if err != nil {
			if c != nil || !strings.HasPrefix(err.Error(), "h:") || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%v %q", c, err)
			}
			return
		}
		if err := c.Validate(); err != nil {
			t.Fatalf("valid once, not twice: %v", err)
		}
		for _, p := range c.Policies {
			if p.Auto != nil && (p.Auto.MinScore < 0.9 || p.Auto.Evidence < 2 || targets[p.Block] == IP) {
				t.Fatalf("%+v", p)
			}
		}
	})
}

// TestExampleConfig: what is shown to operators is read, and says the defaults where it says so.
func TestExampleConfig(t *testing.T) {
	b, err := os.ReadFile("../../deploy/config/hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseConfig(b, "hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	def := &Config{}
	if err := def.Validate(); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c.Policies, def.Policies) || c.Brakes != def.Brakes || c.Unblock != def.Unblock || !reflect.DeepEqual(c.FourEyes, def.FourEyes) || c.Mode != def.Mode {
		t.Errorf("the example differs from the defaults:\n%+v\n%+v", c, def)
	}
	if _, err := NewNever(c.Never, nil); err != nil {
		t.Error(err)
	}
}

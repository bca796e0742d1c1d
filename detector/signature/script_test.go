package signature_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"khien/detector"
	"khien/detector/detectortest"
	"khien/detector/signature"
	"khien/sensor"
)

// found returns the sids that rules find in a case.
func found(t *testing.T, set *signature.Set, c *detectortest.Case, workers int) string {
	t.Helper()
	packets, err := c.Packets()
	if err != nil {
		t.Fatalf("%s/%s: %v", c.Rule, c.Kind, err)
	}
	list, err := detectortest.Run(detectortest.Setup{Workers: workers,
		Handlers: func(rec *detector.Recorder) ([]sensor.Handler, error) {
			return []sensor.Handler{set.NewMatcher(rec)}, nil
		}}, packets)
	if err != nil {
		t.Fatal(err)
	}
	var sids []string
	for _, f := range list {
		sids = append(sids, f.Rule.ID)
	}
	slices.Sort(sids)
	return strings.Join(sids, " ")
}

// TestScripts runs the archives of testdata: a section has the rules, the others are scripts. Each rule must be found in
// its own and in no other.
func TestScripts(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range archives {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var rules []byte
		for _, f := range txtar.Parse(data).Files {
			if f.Name == "rules" {
				rules = f.Data
			}
		}
		set, errs := signature.Load(signature.Options{}, []signature.File{{Name: name, Data: rules}})
		for _, e := range errs {
			t.Error(e)
		}
		for _, c := range detectortest.Cases(data) {
			got := found(t, set, &c, 1)
			if want := strings.TrimSpace(c.Want); got != want {
				t.Errorf("%s: %s/%s: found %q, want %q", name, c.Rule, c.Kind, got, want)
			}
			if three := found(t, set, &c, 3); three != got {
				t.Errorf("%s: %s/%s: three workers find %q, one finds %q", name, c.Rule, c.Kind, three, got)
			}
		}
	}
}

package rules_test

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"khien/detector"
	"khien/detector/detectortest"
	"khien/detector/fraud"
	"khien/sensor"
)

// TestStories runs the scripted stories of rules/fraud and their innocent twins with everything that ships: each story is
// one growing finding, no twin gives a finding that is worth an analyst's time by itself.
func TestStories(t *testing.T) {
	archives, err := fs.Glob(os.DirFS("."), "fraud/*.txtar")
	if err != nil || len(archives) < 4 {
		t.Fatalf("%v: %v", archives, err)
	}
	setup := everything(t)
	for _, archive := range archives {
		t.Run(archive, func(t *testing.T) {
			data, err := os.ReadFile(archive)
			if err != nil {
				t.Fatal(err)
			}
			cases, want := detectortest.Cases(data), map[string]string{}
			if len(cases) != 6 {
				t.Errorf("%d cases, want a story and a twin each for clear, tls and ech", len(cases))
			}
			for _, c := range cases {
				packets, err := c.Packets()
				if err != nil {
					t.Errorf("%s: %v", archive, err)
					continue
				}
				found, err := detectortest.Run(setup(1), packets)
				if err != nil {
					t.Fatal(err)
				}
				name, got := c.Rule+"/"+c.Kind, tell(t, found)
				want[name] = got
				switch n := strings.Count(got, "story "); {
				case c.Kind == "fire" && n != 1:
					t.Errorf("%s: %d stories:\n%s", name, n, got)
				case c.Kind == "silent":
					for _, f := range found {
						if f.Severity >= detector.High {
							t.Errorf("%s: %s %s %s: %s", name, f.Severity, f.Rule.ID, f.Domain, f.Summary.EN)
						}
					}
				}
				if !*update && got != c.Want {
					t.Errorf("%s: found\n%swant\n%s(go test ./rules -update writes what is found)", name, got, c.Want)
				}
				if found, err = detectortest.Run(setup(3), packets); err != nil || tell(t, found) != got {
					t.Errorf("%s: three workers find %v\n%s", name, err, tell(t, found))
				}
			}
			if *update {
				if err := os.WriteFile(archive, detectortest.Update(data, want), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// everything sets up the engine with all that ships.
func everything(t *testing.T) func(workers int) detectortest.Setup {
	t.Helper()
	yara := yaraRules(t)
	brands := &fraud.Brands{}
	for name, data := range read(t, "fraud/*.yaml") {
		b, err := fraud.LoadBrands(data, name)
		if err != nil {
			t.Fatal(err)
		}
		brands = brands.Merge(b)
	}
	return func(workers int) detectortest.Setup {
		// Thresholds and memory belong to a run.
		set, names, stories := signatures(t), fraud.NewNames(brands), fraud.NewStories()
		return detectortest.Setup{Workers: workers, After: []func(*detector.Finding) []*detector.Finding{stories.Observe},
			Watch: []func(any) []*detector.Finding{fraud.Watch},
			Handlers: func(rec *detector.Recorder) ([]sensor.Handler, error) {
				scanner, err := yara.NewScanner(rec)
				return []sensor.Handler{set.NewMatcher(rec), scanner, fraud.New(fraud.Config{CacheBytes: 1 << 20}, names, rec)}, err
			}}
	}
}

// tell writes findings as the archives show them: one line each, a story as it ended with its steps.
func tell(t *testing.T, found []*detector.Finding) string {
	var b strings.Builder
	last := map[string]*detector.Finding{}
	var order []string
	for _, f := range found {
		if f.Rule.ID != "fraud.story" && f.Rule.ID != "fraud.campaign" {
			fmt.Fprintf(&b, "%s %s %s\n", f.Severity, f.Rule.ID, f.Domain)
			continue
		}
		if before := last[f.ID]; before == nil {
			order = append(order, f.ID)
		} else if len(f.Steps) < len(before.Steps) {
			t.Errorf("%s lost steps: %d, then %d", f.Rule.ID, len(before.Steps), len(f.Steps))
		}
		last[f.ID] = f
	}
	for _, id := range order {
		f := last[id]
		fmt.Fprintf(&b, "%s %s %s %s\n", strings.TrimPrefix(f.Rule.ID, "fraud."), f.Severity, f.SrcIP, f.Fraud.Brand)
		if !slices.IsSortedFunc(f.Steps, func(x, y detector.Step) int { return x.Time.Compare(y.Time) }) {
			t.Errorf("steps are out of order: %+v", f.Steps)
		}
		for _, s := range f.Steps {
			if s.What.VI == "" || s.What.EN == "" || s.Time.IsZero() {
				t.Errorf("step %+v", s)
			}
			if s.Visibility != "inferred" && s.Evidence == "" && s.Stage != "member" {
				t.Errorf("step without evidence: %+v", s)
			}
			fmt.Fprintf(&b, "  %s %s, %s: %s\n", s.Time.Format("15:04:05"), s.Stage, s.Visibility, s.What.EN)
		}
	}
	return b.String()
}

package main

import (
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"khien/detector"
	"khien/detector/cli"
	"khien/detector/detectortest"
	"khien/detector/wholefile"
	"khien/sensor"
)

// scriptMax is how large an archive of scripts may be.
const scriptMax = 64 << 20

// rulesTest carries out khien rules test: it runs the scripts that stand beside rule files.
func rulesTest(args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("khien rules test", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintln(stderr, "Usage: khien rules test [FLAGS] DIR…\n\n"+
			"Runs each script X.txtar against the rules of X.rules and X.yar beside it. A section RULE/fire has to make the rule fire,\n"+
			"RULE/silent must not; where RULE/fire.want or RULE/silent.want stands, nothing else may be found. RULE is a sid or a name.")
		fs.PrintDefaults()
	}
	update := fs.Bool("update", false, "write what is found into the scripts")
	if err := fs.Parse(args); err != nil {
		return cli.FlagStatus(err)
	}
	if fs.NArg() == 0 {
		fmt.Fprintln(stderr, "khien rules test: name at least one folder")
		return cli.Usage
	}
	archives, err := findScripts(fs.Args())
	if err != nil {
		fmt.Fprintf(stderr, "khien rules test: %v\n", err)
		return cli.Usage
	}
	t := scriptRun{stdout: stdout, stderr: stderr, update: *update}
	for _, a := range archives {
		if err := t.archive(a); err != nil {
			fmt.Fprintf(stderr, "khien rules test: %v\n", err)
			t.failed++
		}
	}
	fmt.Fprintf(stdout, "%d passed, %d failed\n", t.passed, t.failed)
	if t.failed > 0 || t.passed == 0 {
		return cli.Input
	}
	return cli.Done
}

// findScripts returns the archives below folders, sorted.
func findScripts(dirs []string) ([]string, error) {
	var out []string
	for _, dir := range dirs {
		n := len(out)
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(name, ".txtar") {
				out = append(out, name)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(out) == n {
			return nil, fmt.Errorf("%s: no script (X.txtar beside X.rules or X.yar)", dir)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// scriptRun runs archives and counts.
type scriptRun struct {
	stdout, stderr io.Writer
	update         bool
	passed, failed int
}

// archive runs the scripts of one archive.
func (t *scriptRun) archive(name string) error {
	data, err := cli.ReadFile(name, scriptMax)
	if err != nil {
		return err
	}
	o := detectionOptions{noDefault: true}
	base := strings.TrimSuffix(name, ".txtar")
	for ext, list := range map[string]*cli.List{".rules": &o.rules, ".yar": &o.yara} {
		if _, err := os.Stat(base + ext); err == nil {
			*list = append(*list, base+ext)
		}
	}
	if len(o.rules)+len(o.yara) == 0 {
		return fmt.Errorf("%s: neither %s.rules nor %s.yar stands beside it", name, filepath.Base(base), filepath.Base(base))
	}
	cases := detectortest.Cases(data)
	if len(cases) == 0 {
		return fmt.Errorf("%s: no section RULE/fire or RULE/silent", name)
	}
	want, failed := map[string]string{}, t.failed
	for _, c := range cases {
		got, problem := t.run(o, &c)
		want[c.Rule+"/"+c.Kind] = got
		if problem == "" {
			t.passed++
			fmt.Fprintf(t.stdout, "pass %s:%d: %s/%s\n", name, c.Line, c.Rule, c.Kind)
			continue
		}
		t.failed++
		fmt.Fprintf(t.stdout, "FAIL %s:%d: %s/%s: %s\n", name, c.Line, c.Rule, c.Kind, problem)
	}
	if t.update && t.failed == failed {
		return wholefile.Write(name, detectortest.Update(data, want), 0o644)
	}
	return nil
}

// run runs one script and says what was found and what is wrong with that. Thresholds belong to a set, so each script has
// its own.
func (t *scriptRun) run(o detectionOptions, c *detectortest.Case) (got, problem string) {
	var errs strings.Builder
	det, ok := loadDetection(o, &errs)
	if !ok {
		return "", "the rules cannot be loaded:\n" + indent(errs.String())
	}
	packets, err := c.Packets()
	if err != nil {
		return "", err.Error()
	}
	found, err := detectortest.Run(detectortest.Setup{Handlers: func(rec *detector.Recorder) ([]sensor.Handler, error) {
		return det.handlers(rec)
	}}, packets)
	if err != nil {
		return "", err.Error()
	}
	got = detectortest.Format(found)
	fired := slices.ContainsFunc(found, func(f *detector.Finding) bool { return f.Rule.ID == c.Rule })
	switch {
	case fired && c.Kind == "silent":
		return got, "the rule fires; found:\n" + indent(got)
	case !fired && c.Kind == "fire" && got == "":
		return got, "the rule does not fire; nothing is found"
	case !fired && c.Kind == "fire":
		return got, "the rule does not fire; found:\n" + indent(got)
	case !t.update && c.Want != "" && got != c.Want:
		return got, "found:\n" + indent(got) + "instead of:\n" + indent(c.Want)
	}
	return got, ""
}

func indent(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString("    " + line)
	}
	return b.String()
}

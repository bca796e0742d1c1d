package rules_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"khien/detector"
	"khien/detector/detectortest"
	"khien/detector/signature"
	"khien/detector/yara"
	"khien/rules"
	"khien/sensor"
)

var update = flag.Bool("update", false, "write what is found into the .txtar files")

// read returns the embedded files of a pattern.
func read(t *testing.T, pattern string) map[string][]byte {
	t.Helper()
	names, err := fs.Glob(rules.FS, pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %v, %v", pattern, names, err)
	}
	files := map[string][]byte{}
	for _, n := range names {
		if files[n], err = rules.FS.ReadFile(n); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func signatures(t *testing.T) *signature.Set {
	t.Helper()
	var files []signature.File
	for name, data := range read(t, "signatures/*.rules") {
		files = append(files, signature.File{Name: name, Data: data})
	}
	set, errs := signature.Load(signature.Options{}, files)
	for _, err := range errs {
		t.Error(err)
	}
	return set
}

func yaraRules(t *testing.T) *yara.Set {
	t.Helper()
	var files []yara.File
	for name, data := range read(t, "yara/*.yar") {
		files = append(files, yara.File{Name: name, Data: data})
	}
	set, errs := yara.Load(files)
	for _, err := range errs {
		t.Error(err)
	}
	if set == nil {
		t.FailNow()
	}
	return set
}

var (
	sidOf    = regexp.MustCompile(`\bsid:(\d+);`)
	yaraName = regexp.MustCompile(`(?m)^rule (\w+)`)
)

// TestSignatures runs the scripts beside the signature files.
func TestSignatures(t *testing.T) {
	// Thresholds belong to a set: each run has its own.
	setup := func() detectortest.Setup {
		set := signatures(t)
		return detectortest.Setup{Handlers: func(rec *detector.Recorder) ([]sensor.Handler, error) {
			return []sensor.Handler{set.NewMatcher(rec)}, nil
		}}
	}
	seen := map[string]string{}
	for name, data := range read(t, "signatures/*.rules") {
		var ids []string
		for line := range strings.SplitSeq(string(data), "\n") {
			m := sidOf.FindStringSubmatch(line)
			if m == nil || strings.HasPrefix(line, "#") {
				continue
			}
			if other := seen[m[1]]; other != "" {
				t.Errorf("sid %s is in %s and in %s", m[1], other, name)
			}
			seen[m[1]] = name
			if !strings.Contains(line, "metadata:msg_vi ") {
				t.Errorf("sid %s has no msg_vi", m[1])
			}
			if !strings.Contains(line, "noalert;") {
				ids = append(ids, m[1])
			}
		}
		check(t, strings.TrimSuffix(name, ".rules")+".txtar", ids, setup)
	}
}

// TestYARA runs the scripts beside the YARA files.
func TestYARA(t *testing.T) {
	set := yaraRules(t)
	setup := func() detectortest.Setup {
		return detectortest.Setup{Handlers: func(rec *detector.Recorder) ([]sensor.Handler, error) {
			s, err := set.NewScanner(rec)
			return []sensor.Handler{s}, err
		}}
	}
	for name, data := range read(t, "yara/*.yar") {
		var ids []string
		for _, m := range yaraName.FindAllStringSubmatch(string(data), -1) {
			ids = append(ids, m[1])
		}
		for _, key := range []string{"description_vi", "description_en", "severity", "mitre"} {
			if n := strings.Count(string(data), "        "+key+" = "); n != len(ids) {
				t.Errorf("%s: %d rules, %d have %s", name, len(ids), n, key)
			}
		}
		check(t, strings.TrimSuffix(name, ".yar")+".txtar", ids, setup)
	}
}

// check runs the cases of an archive: each rule must fire in its script and stay silent in its look-alike, and what is
// found besides must be what the archive says.
func check(t *testing.T, archive string, ids []string, setup func() detectortest.Setup) {
	t.Run(path.Base(archive), func(t *testing.T) {
		data, err := os.ReadFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		have, want := map[string]bool{}, map[string]string{}
		for _, c := range detectortest.Cases(data) {
			name := c.Rule + "/" + c.Kind
			have[name] = true
			packets, err := c.Packets()
			if err != nil {
				t.Errorf("%s: %v", archive, err)
				continue
			}
			found, err := detectortest.Run(setup(), packets)
			if err != nil {
				t.Fatal(err)
			}
			got := detectortest.Format(found)
			want[name] = got
			if fired := strings.Contains(got, ":"+c.Rule+" "); fired != (c.Kind == "fire") {
				t.Errorf("%s: fired is %v, found:\n%s", name, fired, got)
			}
			if !*update && got != c.Want {
				t.Errorf("%s: found\n%swant\n%s(go test ./rules -update writes what is found)", name, got, c.Want)
			}
			again := setup()
			again.Workers = 3
			if found, err = detectortest.Run(again, packets); err != nil || detectortest.Format(found) != got {
				t.Errorf("%s: three workers find %v\n%s", name, err, detectortest.Format(found))
			}
		}
		for _, id := range ids {
			for _, kind := range []string{"fire", "silent"} {
				if !have[id+"/"+kind] {
					t.Errorf("%s has no section %s/%s", archive, id, kind)
				}
			}
		}
		if *update {
			if err := os.WriteFile(archive, detectortest.Update(data, want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestScriptsOnly: nothing binary, nothing large is in the folder.
func TestScriptsOnly(t *testing.T) {
	for _, pattern := range []string{"signatures/*", "yara/*", "fraud/*.txtar"} {
		names, err := fs.Glob(os.DirFS("."), pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			info, err := os.Stat(n)
			if err != nil {
				t.Fatal(err)
			}
			if info.Size() > 64<<10 {
				t.Error(fmt.Errorf("%s has %d bytes", n, info.Size()))
			}
		}
	}
}

package main

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"khien/detector/bus/release"
)

// TestEveryFileFlagIsPublished: what a flag of detection names goes into a version and comes out of it again.
func TestEveryFileFlagIsPublished(t *testing.T) {
	dir := t.TempDir()
	var o detectionOptions
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	o.flags(fs)
	want := 0
	fs.VisitAll(func(f *flag.Flag) {
		if !strings.Contains(f.Usage, "`file`") {
			return
		}
		want++
		name := filepath.Join(dir, f.Name)
		if err := os.WriteFile(name, []byte(f.Name), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := fs.Set(f.Name, name); err != nil {
			t.Fatal(err)
		}
	})
	files, err := o.files()
	if err != nil || len(files) != want || want < 8 {
		t.Fatalf("%d files of %d flags, %v", len(files), want, err)
	}
	unpacked := filepath.Join(dir, "unpacked")
	if err := release.Write(unpacked, files); err != nil {
		t.Fatal(err)
	}
	before := o
	before.rules = slices.Clone(o.rules)
	got, err := o.with(release.Head{NoDefault: true, SkipBad: true}, unpacked)
	if err != nil || !got.noDefault || !got.skipBad || len(got.rules) != 2 || len(got.reputation) != 2 || len(got.places) != 2 || !strings.HasPrefix(got.categories, unpacked) {
		t.Errorf("%+v, %v", got, err)
	}
	if !reflect.DeepEqual(o, before) {
		t.Errorf("the flags were changed: %+v", o)
	}
	for _, k := range got.versionFiles() {
		text, err := os.ReadFile(k.named[len(k.named)-1])
		if err != nil || !strings.Contains(filepath.Base(k.named[len(k.named)-1]), string(text)) {
			t.Errorf("%s: %q, %v", k.kind, text, err)
		}
	}
}

package command

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"khien/console/cases"
	"khien/console/report/evidence"
	"khien/console/report/issue"
	"khien/detector/cli"
	"khien/detector/store"
	"khien/detector/store/embedded"
)

// TestFrozen: copies are listed and written out encrypted; one that was changed is told, stays in, and fails the command.
func TestFrozen(t *testing.T) {
	data := t.TempDir()
	st, err := embedded.Open(filepath.Join(data, "findings"))
	if err != nil {
		t.Fatal(err)
	}
	d := &issue.Desk{Store: st, Cases: &cases.Book{Store: st, Now: time.Now}, Dir: filepath.Join(data, "report"), Now: time.Now}
	c, err := d.Cases.Create(t.Context(), "an", "x", "")
	if err != nil {
		t.Fatal(err)
	}
	sums := []string{}
	for _, text := range []string{"a sample", "packets"} {
		f, _, err := d.Freezer().Keep(t.Context(), evidence.Frozen{Case: c.ID, Of: evidence.OfFile, Item: evidence.Item{Collector: "an"}}, func(w io.Writer, _ *evidence.Frozen) error {
			_, err := io.WriteString(w, text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, f.SHA256)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	env := Env{OpenStore: func(spec, _ string, _ io.Writer) (store.Store, error) {
		return embedded.Open(strings.TrimPrefix(spec, "embedded:"))
	}}
	run := func(want int, args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if got := Run(env, append([]string{"frozen", "--data", data}, args...), nil, &stdout, &stderr); got != want {
			t.Errorf("%v: status %d, want %d: %s", args, got, want, &stderr)
		}
		return stdout.String() + stderr.String()
	}
	out := filepath.Join(data, "out")
	if got := run(cli.Done, "-o", out, c.ID); strings.Count(got, "whole") != 2 || !strings.Contains(got, sums[0]) {
		t.Errorf("%s", got)
	}
	zips, err := filepath.Glob(filepath.Join(out, "*.zip"))
	if err != nil || len(zips) != 2 {
		t.Fatalf("%v, %v", zips, err)
	}
	for _, name := range zips {
		b, err := os.ReadFile(name)
		if err != nil || !bytes.HasPrefix(b, []byte("PK")) || bytes.Contains(b, []byte("a sample")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := run(cli.Usage, "-o", out, c.ID); !strings.Contains(got, "exists") {
		t.Errorf("files are written over: %s", got)
	}
	name := filepath.Join(d.Dir, "frozen", sums[0][:2], sums[0])
	if err := errors.Join(os.Chmod(name, 0o600), os.WriteFile(name, []byte("A sample"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if got := run(cli.Input, c.ID); !strings.Contains(got, "broken  "+sums[0]) || !strings.Contains(got, "1 copies are not") {
		t.Errorf("%s", got)
	}
	run(cli.Usage)
	if got := run(cli.Usage, "SC-1999-0001"); !strings.Contains(got, "no such case") {
		t.Errorf("%s", got)
	}
}

package file

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"khien/detector/output"
)

func lines(from, to int) (ms []output.Message) {
	for i := from; i < to; i++ {
		ms = append(ms, output.Message{Line: fmt.Appendf(nil, `{"n":%d}`, i)})
	}
	return ms
}

func text(from, to int) string {
	var b strings.Builder
	for _, m := range lines(from, to) {
		b.Write(append(m.Line, '\n'))
	}
	return b.String()
}

func check(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%v: %q, want %q", err, got, want)
	}
}

func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "eve.json")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(from, to int) {
		t.Helper()
		if err := f.Write(t.Context(), lines(from, to)); err != nil {
			t.Fatal(err)
		}
	}
	write(0, 3)
	write(3, 4)
	check(t, path, text(0, 4))
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write(4, 6)
	check(t, path, text(4, 6))
	check(t, path+".1", text(0, 4))
	if err := os.Truncate(path, 0); err != nil { // copytruncate
		t.Fatal(err)
	}
	write(6, 7)
	check(t, path, text(6, 7))
}

// TestUnfinishedLine: whatever a crash left of a batch, whole lines stay and the rest goes.
func TestUnfinishedLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	long := text(0, 3) + `{"long":"` + strings.Repeat("x", 200<<10) + "\"}\n"
	for _, whole := range []string{text(0, 3), long} {
		for cut := len(whole); cut >= 0; cut -= 1 + cut/20 {
			if err := os.WriteFile(path, []byte(whole[:cut]), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := Open(path)
			if err == nil {
				err = f.Write(t.Context(), lines(7, 8))
			}
			if err != nil {
				t.Fatalf("cut at %d: %v", cut, err)
			}
			check(t, path, whole[:strings.LastIndexByte(whole[:cut], '\n')+1]+text(7, 8))
		}
	}
}

func TestFilesOfOthersAreLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	f := func(content, want string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		check(t, path, content)
	}
	f("user=root\npassword=x", "not written by this program")
	f(strings.Repeat("x", tailMax+1), "no line end")
	if _, err := Open(filepath.Join(path, "below")); err == nil {
		t.Error("a file below a file was opened")
	}
	if _, err := Open(os.DevNull); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a device: %v", err)
	}
}

func TestOneWritesAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	other, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Write(t.Context(), lines(0, 1)); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("%v", err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Write(t.Context(), lines(0, 1)); err != nil {
		t.Error(err)
	}
	check(t, path, text(0, 1))
}

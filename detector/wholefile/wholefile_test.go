package wholefile

import (
	"os"
	"path/filepath"
	"testing"
)

// entries are the names in a folder.
func entries(t *testing.T, dir string) (names []string) {
	t.Helper()
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range found {
		names = append(names, e.Name())
	}
	return names
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a.json")
	f := func(text string, mode os.FileMode) {
		t.Helper()
		if err := Write(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(name)
		st, e := os.Stat(name)
		if err != nil || e != nil || string(got) != text || st.Mode() != mode {
			t.Errorf("%q, %v (%v, %v), want %q, %v", got, st.Mode(), err, e, text, mode)
		}
		if all := entries(t, dir); len(all) != 1 {
			t.Errorf("beside it: %q", all)
		}
	}
	f("one", 0o644)
	f("", 0o600) // the earlier file was open to others
	f("three", 0o666)
}

func TestWriteThatFailsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "taken")
	if err := os.Mkdir(name, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(name, []byte("x"), 0o600); err == nil {
		t.Error("a folder was replaced")
	}
	if all := entries(t, dir); len(all) != 1 {
		t.Errorf("left behind: %q", all)
	}
	if err := Write(filepath.Join(dir, "nowhere", "a"), nil, 0o600); err == nil {
		t.Error("a file in a folder that is not there")
	}
}

// TestUnfinished: what is there while a file is being written stands beside it, for its owner alone, and is known by its name.
func TestUnfinished(t *testing.T) {
	dir := t.TempDir()
	f, err := pending(filepath.Join(dir, "good"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Cleanup()
	all := entries(t, dir)
	if len(all) != 1 || !Unfinished(all[0], "good") || Unfinished(all[0], "state.json") || Unfinished("good", "good") {
		t.Errorf("%q", all)
	}
	if st, err := f.Stat(); err != nil || st.Mode() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
}

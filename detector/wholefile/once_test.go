package wholefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestOnce: of many who make a file at the same time one wins, and all hear who.
func TestOnce(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "key")
	got := make([]string, 32)
	var made, wg sync.WaitGroup
	made.Add(len(got)) // nobody finds the file before all have content for it
	for i := range got {
		wg.Go(func() {
			b, err := Once(name, 0o600, func() ([]byte, error) {
				made.Done()
				made.Wait()
				return fmt.Appendf(nil, "key %d", i), nil
			})
			if err != nil {
				t.Error(err)
			}
			got[i] = string(b)
		})
	}
	wg.Wait()
	held, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range got {
		if g != string(held) {
			t.Errorf("%d has %q, the file %q", i, g, held)
		}
	}
	if info, err := os.Stat(name); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if all := entries(t, dir); len(all) != 1 {
		t.Errorf("beside it: %q", all)
	}
	unasked := func() ([]byte, error) { t.Error("it is there"); return nil, nil }
	if b, err := Once(name, 0o600, unasked); err != nil || string(b) != string(held) {
		t.Errorf("%q, %v", b, err)
	}
}

// TestOnceThatFails: without content there is no file.
func TestOnceThatFails(t *testing.T) {
	name := filepath.Join(t.TempDir(), "key")
	none := errors.New("no randomness")
	if _, err := Once(name, 0o600, func() ([]byte, error) { return nil, none }); !errors.Is(err, none) {
		t.Error(err)
	}
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

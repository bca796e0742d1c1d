package release

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"khien/detector/wholefile"
)

// triesMax is how often a sensor begins to load a version: one under which it ended that often is not tried again.
const triesMax = 3

// Folder is where a sensor keeps the last version that it could load, and how far the numbers have come. One goroutine
// uses it.
type Folder struct {
	dir   string
	key   ed25519.PublicKey
	state state
	good  Head
}

// state is what outlives a restart beside the version itself.
type state struct {
	Key   string `json:"key"`   // under which what follows holds
	Seen  uint64 `json:"seen"`  // greatest number with a valid signature
	Tries int    `json:"tries"` // that loading Seen was begun and not ended
}

const (
	stateName = "state.json"
	goodName  = "good"  // signed head, line feed, pack: one file, so that both are of the same version
	oldPrefix = ".new-" // of what earlier programs left half written
)

// OpenFolder opens or creates the folder of a sensor that trusts key.
func OpenFolder(dir string, key ed25519.PublicKey) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("release: %w", err)
	}
	f := &Folder{dir: dir, key: key}
	b, err := os.ReadFile(filepath.Join(dir, stateName))
	if err == nil {
		err = json.Unmarshal(b, &f.state)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("release: %s: %w", filepath.Join(dir, stateName), err)
	}
	if name := hex.EncodeToString(key); f.state.Key != name {
		f.state = state{Key: name} // of another core: its numbers begin anew
	}
	return f, f.clear()
}

// clear removes what an earlier process has unpacked, or left half written.
func (f *Folder) clear() error {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return fmt.Errorf("release: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() || wholefile.Unfinished(e.Name(), stateName) || wholefile.Unfinished(e.Name(), goodName) || strings.HasPrefix(e.Name(), oldPrefix) {
			if err := os.RemoveAll(filepath.Join(f.dir, e.Name())); err != nil {
				return fmt.Errorf("release: %w", err)
			}
		}
	}
	return nil
}

// Last unpacks the last version that was kept and returns its folder; an empty one when there is none.
func (f *Folder) Last() (Head, string, error) {
	b, err := os.ReadFile(filepath.Join(f.dir, goodName))
	if errors.Is(err, os.ErrNotExist) {
		return Head{}, "", nil
	}
	if err != nil {
		return Head{}, "", fmt.Errorf("release: %w", err)
	}
	text, packed, _ := bytes.Cut(b, []byte("\n"))
	h, err := Open(f.key, text)
	if err != nil {
		return Head{}, "", err
	}
	if !h.Matches(packed) {
		return Head{}, "", fmt.Errorf("release: %s is damaged", filepath.Join(f.dir, goodName))
	}
	dir, err := f.unpack(h, packed)
	if err != nil {
		return Head{}, "", err
	}
	f.good = h
	f.state.Seen = max(f.state.Seen, h.Number)
	return h, dir, nil
}

// Offer says whether a version may be loaded. One that is older than another that was here is refused.
func (f *Folder) Offer(h Head) error {
	switch {
	case h.Number < f.state.Seen:
		return fmt.Errorf("release: version %d is older than version %d, which was here before", h.Number, f.state.Seen)
	case h.Number == f.good.Number && h.SHA256 != f.good.SHA256:
		return fmt.Errorf("release: there are two versions with the number %d", h.Number)
	case h.Number == f.state.Seen && f.state.Tries >= triesMax:
		return fmt.Errorf("release: the sensor ended %d times while it loaded version %d; it is not tried again", triesMax, h.Number)
	}
	return nil
}

// Begin unpacks a version that is going to be loaded and returns its folder.
func (f *Folder) Begin(h Head, packed []byte) (string, error) {
	if err := f.Offer(h); err != nil {
		return "", err
	}
	if !h.Matches(packed) {
		return "", fmt.Errorf("release: what came is not version %d", h.Number)
	}
	if h.Number > f.state.Seen {
		f.state.Tries = 0
	}
	f.state.Seen = h.Number
	f.state.Tries++
	if err := f.save(); err != nil {
		return "", err
	}
	return f.unpack(h, packed)
}

// Refuse notes that a version could not be loaded, and removes its files.
func (f *Folder) Refuse(h Head) error {
	f.state.Tries = 0
	return errors.Join(f.save(), os.RemoveAll(f.place(h)))
}

// Keep makes a version that was loaded the one that Last returns.
func (f *Folder) Keep(h Head, signed, packed []byte) error {
	if err := f.write(goodName, slices.Concat(signed, []byte("\n"), packed)); err != nil {
		return err
	}
	old := f.good
	f.good = h
	f.state.Tries = 0
	err := f.save()
	if old.Number != 0 && old.SHA256 != h.SHA256 {
		err = errors.Join(err, os.RemoveAll(f.place(old)))
	}
	return err
}

func (f *Folder) save() error {
	b, err := json.Marshal(f.state)
	if err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return f.write(stateName, b)
}

// place is the folder of a version's files. Its name is part of what people read in errors.
func (f *Folder) place(h Head) string {
	return filepath.Join(f.dir, fmt.Sprintf("%d-%s", h.Number, h.Short()))
}

// unpack writes a version's files anew.
func (f *Folder) unpack(h Head, packed []byte) (string, error) {
	files, err := Unpack(packed)
	if err != nil {
		return "", err
	}
	dir := f.place(h)
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("release: %w", err)
	}
	return dir, Write(dir, files)
}

// Write puts files into a folder, each below that of its kind.
func Write(dir string, files []File) error {
	for _, kind := range Kinds() {
		if err := os.MkdirAll(filepath.Join(dir, kind), 0o700); err != nil {
			return fmt.Errorf("release: %w", err)
		}
	}
	for _, file := range files {
		if err := checkName(file.Name); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(file.Name)), file.Data, 0o600); err != nil {
			return fmt.Errorf("release: %w", err)
		}
	}
	return nil
}

// write replaces a file as a whole.
func (f *Folder) write(name string, data []byte) error {
	if err := wholefile.Write(filepath.Join(f.dir, name), data, 0o600); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return nil
}

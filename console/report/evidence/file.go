package evidence

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// WriteOnce writes a file that never changes again: whole or not at all, also after a power cut. A file that is there with
// the same bytes is left; with others it is an error.
func WriteOnce(name string, data []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		// A link fails when the name is taken, where a rename would replace.
		err = os.Link(f.Name(), name)
	}
	err = errors.Join(ignoreExisting(err, name, data), os.Remove(f.Name()), syncDir(filepath.Dir(name)))
	if err != nil {
		return fmt.Errorf("evidence: write %s: %w", name, err)
	}
	return nil
}

func ignoreExisting(err error, name string, data []byte) error {
	if !errors.Is(err, os.ErrExist) {
		return err
	}
	old, readErr := os.ReadFile(name)
	if readErr == nil && string(old) == string(data) {
		return nil
	}
	return errors.Join(err, readErr)
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Objects is a folder of files that are named by their content.
type Objects struct{ Dir string }

// Put keeps bytes and returns their SHA-256.
func (o Objects) Put(data []byte) (string, error) {
	h := Hash(data)
	dir := filepath.Join(o.Dir, h[:2])
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("evidence: %w", err)
	}
	return h, WriteOnce(filepath.Join(dir, h), data, 0o400)
}

// Get returns bytes by their SHA-256 and checks them.
func (o Objects) Get(hash string) ([]byte, error) {
	if len(hash) != 64 || PathName(hash) != hash {
		return nil, fmt.Errorf("evidence: %.80q is not a SHA-256", hash)
	}
	b, err := os.ReadFile(filepath.Join(o.Dir, hash[:2], hash))
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	if Hash(b) != hash {
		return nil, &Changed{hash, "is not what was stored under its hash"}
	}
	return b, nil
}

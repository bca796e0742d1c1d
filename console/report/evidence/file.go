package evidence

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"khien/detector/wholefile"
)

// WriteOnce writes a file that never changes again: whole or not at all, also after a power cut. A file that is there with
// the same bytes is left; with others it is an error.
func WriteOnce(name string, data []byte, mode os.FileMode) error {
	held, err := wholefile.Once(name, mode, func() ([]byte, error) { return data, nil })
	if err == nil && !bytes.Equal(held, data) {
		err = os.ErrExist
	}
	if err != nil {
		return fmt.Errorf("evidence: write %s: %w", name, err)
	}
	return nil
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

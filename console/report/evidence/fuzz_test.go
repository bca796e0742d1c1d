package evidence

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzVerify: whatever is not the pack that was signed is refused, and one that passes is that pack to the byte.
func FuzzVerify(f *testing.F) {
	dir := f.TempDir()
	key, err := OpenKey(dir)
	if err != nil {
		f.Fatal(err)
	}
	public, err := ReadPublic(filepath.Join(dir, PublicName))
	if err != nil {
		f.Fatal(err)
	}
	var good bytes.Buffer
	if _, err := Write(&good, Manifest{Case: "c", Created: at}, testFiles(), key, nil); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes())
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, b []byte) {
		name := filepath.Join(t.TempDir(), "pack")
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		v, err := Verify(name, public, nil)
		if err == nil && !bytes.Equal(b, good.Bytes()) {
			t.Error("another pack passed")
		}
		if err != nil && v != nil {
			t.Error("an error and a result")
		}
	})
}

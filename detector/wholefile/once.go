package wholefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Once returns what the file name holds, and makes it of content first when there is none. When several processes make it
// at the same time the content of one stays, and all get that one. It is on the disk, with its name, when Once returns.
func Once(name string, mode os.FileMode, content func() ([]byte, error)) ([]byte, error) {
	if held, err := os.ReadFile(name); !errors.Is(err, fs.ErrNotExist) {
		return held, err
	}
	data, err := content()
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"*")
	if err != nil {
		return nil, err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err == nil {
		// A link fails when the name is taken, where a rename would replace.
		if err = os.Link(f.Name(), name); errors.Is(err, fs.ErrExist) {
			data, err = os.ReadFile(name)
		}
	}
	if err = errors.Join(err, os.Remove(f.Name()), SyncFolder(filepath.Dir(name))); err != nil {
		return nil, err
	}
	return data, nil
}

// SyncFolder makes the names in a folder durable.
func SyncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Package wholefile writes files that are there as a whole or not at all. A name, bytes and a mode come in; whoever opens the
// name sees the earlier content or the new one, also after a crash or a power cut.
package wholefile

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
)

// Write replaces the file name, or makes it. Its mode is then mode, whatever the earlier file's or the umask was. The name
// itself may be lost in a power cut unless the folder is synced behind it.
func Write(name string, data []byte, mode os.FileMode) error {
	f, err := pending(name, mode)
	if err != nil {
		return err
	}
	defer f.Cleanup()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}

// pending is not what renameio.WriteFile begins with: that one writes to the system's folder of temporary files where it
// can, which is no place for what only its owner may read, and keeps the mode of the file that is there.
func pending(name string, mode os.FileMode) (*renameio.PendingFile, error) {
	return renameio.NewPendingFile(name, renameio.WithTempDir(filepath.Dir(name)), renameio.WithStaticPermissions(mode))
}

// Unfinished says that an entry of a folder is what a Write of name there left behind when the program ended within it.
func Unfinished(entry, name string) bool { return strings.HasPrefix(entry, "."+name) }

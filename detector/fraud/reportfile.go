package fraud

import (
	"errors"
	"os"
	"path/filepath"
)

// ReportsFile is where the reports of people are kept in a data folder: whoever takes them in writes there, and who detects
// reads.
func ReportsFile(data string) string { return filepath.Join(data, "reports.jsonl") }

// KeepReport adds a line to a file of reports, in one write: somebody may be reading. It makes the file, and the folder.
func KeepReport(file string, r Report) error {
	line, err := AppendReport(nil, r)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(line)
	return errors.Join(err, f.Close())
}

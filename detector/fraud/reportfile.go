package fraud

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"khien/detector"
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

// TakeReports takes the whole lines of a file of reports from an offset on and returns the offset behind them. What the
// sensors saw of a report before it came is a finding.
func TakeReports(m *Memory, file string, from int64, found func(*detector.Finding)) (int64, error) {
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return from, err
	}
	if info.Size() == from {
		return from, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return from, err
	}
	if int64(len(data)) < from {
		from = 0 // another file
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	if int64(whole) <= from {
		return from, nil
	}
	reports, err := ReadReports(data[from:whole], file)
	for _, r := range reports {
		for _, s := range m.Report(r) {
			if f := Reported(r, s); f != nil {
				found(f)
			}
		}
	}
	return int64(whole), err
}

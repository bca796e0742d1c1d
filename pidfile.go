package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"khien/detector/wholefile"
)

// Files of a data folder by which commands find the process that uses it.
const (
	pidName     = "khien.pid"   // its process id; locked while it runs
	outcomeName = "reload.json" // how its last reload ended
)

// errNotRunning is given when no process uses a data folder.
var errNotRunning = errors.New("no khien run uses this data folder")

// lockData makes this process the one that uses a data folder. The lock goes with the process, whatever ends it; the file
// is to be closed at the end.
func lockData(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, pidName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("data folder %s is in use by another khien run (choose another with --data)", dir)
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// runningPID returns the process that uses a data folder. A file that nobody has locked is what a process left behind.
func runningPID(dir string) (int, error) {
	f, err := os.Open(filepath.Join(dir, pidName))
	if errors.Is(err, os.ErrNotExist) {
		return 0, errNotRunning
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil {
		return 0, errNotRunning
	}
	text, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid < 2 {
		return 0, fmt.Errorf("%s does not hold a process id", f.Name())
	}
	return pid, nil
}

// writeOutcome leaves the outcome of a reload in a data folder.
func writeOutcome(dir string, o *outcome) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return wholefile.Write(filepath.Join(dir, outcomeName), append(text, '\n'), 0o600)
}

func readOutcome(dir string) (*outcome, error) {
	text, err := os.ReadFile(filepath.Join(dir, outcomeName))
	if err != nil {
		return nil, err
	}
	o := &outcome{}
	return o, json.Unmarshal(text, o)
}

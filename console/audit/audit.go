// Package audit keeps the log of who did what: logins, views of personal data, decisions. Entries go in through Append and
// are on the disk when it returns; each holds the hash of the one before, so that an entry that was changed, removed or
// put in between shows. The file is JSON lines and only ever grows.
package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Entry is one act. Number, Time, Previous and Hash are set by Append.
type Entry struct {
	Number   uint64    `json:"n"` // from 1, without gaps
	Time     time.Time `json:"time"`
	User     string    `json:"user"`             // "" before anybody has logged in
	Address  string    `json:"address"`          // of the browser
	Action   string    `json:"action"`           // login, login.failed, logout, finding.view, triage, …
	Object   string    `json:"object,omitempty"` // what it was done to: a finding id, a group key, a query
	Detail   string    `json:"detail,omitempty"`
	Previous string    `json:"previous"` // Hash of the entry before; "" in the first
	Hash     string    `json:"hash,omitempty"`
}

const (
	fieldMax = 1024     // bytes of a field that is kept: peers choose user names and queries
	lineMax  = 64 << 10 // of a line that Verify reads; escapes make a field up to six times as long
)

// Head is the end of the chain. A copy kept elsewhere shows whether entries were cut off at the end.
type Head struct {
	Number uint64 `json:"n"`
	Hash   string `json:"hash"`
}

// Log is an open audit log. Safe for concurrent use by one process.
type Log struct {
	mu   sync.Mutex
	file *os.File
	head Head
	now  func() time.Time
	bad  error // a write failed half way: what follows could not be told apart from tampering
}

// Open opens or creates a log and checks its whole chain. A last line that was cut off by a crash was never acknowledged;
// it is removed, and an entry says so.
func Open(path string, now func() time.Time) (*Log, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("audit: open: %w", err)
	}
	head, end, err := verify(f)
	torn := errors.Is(err, errTorn)
	if err != nil && !torn {
		f.Close()
		return nil, fmt.Errorf("audit: %s: %w", path, err)
	}
	l := &Log{file: f, head: head, now: now}
	if torn {
		if err := f.Truncate(end); err != nil {
			f.Close()
			return nil, fmt.Errorf("audit: remove the unfinished last line: %w", err)
		}
		if err := l.Append(Entry{Action: "audit.repaired", Detail: "the last line was unfinished and has been removed"}); err != nil {
			f.Close()
			return nil, err
		}
	}
	return l, nil
}

// Append adds entries and returns when they are on the disk: all of them, or none that Head counts.
func (l *Log) Append(entries ...Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bad != nil {
		return fmt.Errorf("audit: closed after an earlier failure: %w", l.bad)
	}
	head, lines := l.head, []byte(nil)
	for _, e := range entries {
		line, h, err := l.line(e, head)
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		head, lines = h, append(lines, line...)
	}
	if _, err := l.file.Write(lines); err != nil {
		l.bad = err
		return fmt.Errorf("audit: write: %w", err)
	}
	if err := l.file.Sync(); err != nil {
		l.bad = err
		return fmt.Errorf("audit: write: %w", err)
	}
	l.head = head
	return nil
}

// line returns an entry behind head as a line, and the head that it makes.
func (l *Log) line(e Entry, head Head) ([]byte, Head, error) {
	e.Number, e.Time, e.Previous, e.Hash = head.Number+1, l.now().UTC().Round(0), head.Hash, ""
	for _, s := range []*string{&e.User, &e.Address, &e.Action, &e.Object, &e.Detail} {
		*s = strings.ToValidUTF8((*s)[:min(len(*s), fieldMax)], "?") // what JSON cannot hold would not read back the same
	}
	plain, err := json.Marshal(e)
	if err != nil {
		return nil, head, err
	}
	e.Hash = hash(plain)
	line, err := json.Marshal(e)
	return append(line, '\n'), Head{e.Number, e.Hash}, err
}

// Head returns the end of the chain.
func (l *Log) Head() Head {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}

// Tail returns up to n entries, newest first: those with a number below before, or the last ones when that is 0. The error
// names the first line that does not fit.
func (l *Log) Tail(before uint64, n int) ([]Entry, error) {
	f, err := os.Open(l.file.Name())
	if err != nil {
		return nil, fmt.Errorf("audit: open: %w", err)
	}
	defer f.Close()
	ring := make([]Entry, 0, n)
	in := bufio.NewReaderSize(f, lineMax)
	for {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			break // an entry that is being written now is not there yet
		}
		if err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
		if before > 0 && e.Number >= before {
			break
		}
		if len(ring) == n {
			ring = append(ring[:0], ring[1:]...)
		}
		ring = append(ring, e)
	}
	slices.Reverse(ring)
	return ring, nil
}

// Close closes the file.
func (l *Log) Close() error { return l.file.Close() }

// Verify reads a log and checks its chain. The error names the first line that does not fit.
func Verify(path string) (Head, error) {
	f, err := os.Open(path)
	if err != nil {
		return Head{}, fmt.Errorf("audit: open: %w", err)
	}
	defer f.Close()
	head, _, err := verify(f)
	if err != nil {
		return head, fmt.Errorf("audit: %s: %w", path, err)
	}
	return head, nil
}

var errTorn = errors.New("the last line is unfinished")

// verify checks lines up to the end or the first that does not fit; end is where that one begins.
func verify(r io.Reader) (head Head, end int64, err error) {
	in := bufio.NewReaderSize(r, lineMax)
	for n := uint64(1); ; n++ {
		line, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			return head, end, nil
		case errors.Is(err, io.EOF):
			return head, end, errTorn
		case errors.Is(err, bufio.ErrBufferFull):
			return head, end, fmt.Errorf("line %d: longer than %d bytes", n, lineMax)
		case err != nil:
			return head, end, err
		}
		h, err := check(line, Head{n, head.Hash})
		if err != nil {
			return head, end, fmt.Errorf("line %d: %w", n, err)
		}
		head = Head{n, h}
		end += int64(len(line))
	}
}

// check checks one line and returns its hash.
func check(line []byte, want Head) (string, error) {
	var e Entry
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return "", fmt.Errorf("not an entry: %w", err)
	}
	if e.Number != want.Number {
		return "", fmt.Errorf("has number %d: an entry was removed or put in between", e.Number)
	}
	if e.Previous != want.Hash {
		return "", errors.New("does not follow the entry before it: one of both was changed")
	}
	h := e.Hash
	e.Hash = ""
	plain, err := json.Marshal(e)
	if err != nil {
		return "", err
	}
	if h != hash(plain) {
		return "", errors.New("was changed after it was written")
	}
	e.Hash = h
	whole, err := json.Marshal(e)
	if err != nil {
		return "", err
	}
	if string(whole)+"\n" != string(line) {
		return "", errors.New("holds more than the entry")
	}
	return h, nil
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

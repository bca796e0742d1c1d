package spool

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// DeadLetters is a file of documents that a place will never take, one JSON object a line with the reason, so that they
// hold nothing up and nothing is lost. Safe for concurrent use.
type DeadLetters struct {
	path string
	mu   sync.Mutex
}

// DeadLetter is a line of the file.
type DeadLetter struct {
	Time     time.Time       `json:"time"`
	Place    string          `json:"place"`
	ID       string          `json:"id"`
	Reason   string          `json:"reason"`
	Document json.RawMessage `json:"document"`
}

// NewDeadLetters names the file. It is made with the first letter.
func NewDeadLetters(path string) *DeadLetters { return &DeadLetters{path: path} }

// Append adds letters and returns when they are on the disk.
func (d *DeadLetters) Append(letters []DeadLetter) error {
	var b []byte
	for i := range letters {
		line, err := json.Marshal(&letters[i])
		if err != nil {
			return fmt.Errorf("spool: dead letter %s: %w", letters[i].ID, err)
		}
		b = append(append(b, line...), '\n')
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := os.OpenFile(d.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("spool: dead letters: %w", err)
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("spool: dead letters: %w", err)
	}
	return nil
}

package store

import (
	"encoding/json"
	"errors"
	"fmt"
)

// RejectedError says that a write has stored everything but a few documents, which the store will never take as they are.
// Who writes keeps those elsewhere and goes on.
type RejectedError struct{ Documents []Rejected }

// Reject returns the error about documents that were rejected, nil for none.
func Reject(documents []Rejected) error {
	if len(documents) == 0 {
		return nil
	}
	return &RejectedError{documents}
}

// JoinRejects joins two errors that are nil or a *RejectedError.
func JoinRejects(a, b error) error {
	var all []Rejected
	for _, err := range []error{a, b} {
		var r *RejectedError
		if errors.As(err, &r) {
			all = append(all, r.Documents...)
		}
	}
	return Reject(all)
}

// Rejected is a document that a store refuses for good.
type Rejected struct {
	ID       string
	Reason   string
	Document json.RawMessage
}

func (e *RejectedError) Error() string {
	return fmt.Sprintf("store: %d documents are rejected for good, the first, %s: %s", len(e.Documents), e.Documents[0].ID, e.Documents[0].Reason)
}

package sealed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"khien/detector/store"
)

// ErrKey says that a store was sealed with another key: what is written with this one would belong to nobody that is there.
var ErrKey = errors.New("sealed: the store was sealed with another key")

// What tells with which key a store is sealed.
const (
	checkKind = "seal"
	checkID   = "key"
)

// Check tells by ErrKey that others have sealed the store with another key. The first who asks writes down with which.
func (s *Store) Check(ctx context.Context, now time.Time) error {
	mine, err := json.Marshal(s.seal.Fingerprint())
	if err != nil {
		return fmt.Errorf("sealed: %w", err)
	}
	d, err := s.inner.Document(ctx, checkKind, checkID)
	if errors.Is(err, store.ErrNotFound) {
		d, err = s.inner.PutDocument(ctx, store.Document{Kind: checkKind, ID: checkID, Updated: now.UTC().Truncate(time.Millisecond), Body: mine})
		if errors.Is(err, store.ErrConflict) { // somebody was faster
			d, err = s.inner.Document(ctx, checkKind, checkID)
		}
	}
	switch {
	case err != nil:
		return fmt.Errorf("sealed: with which key: %w", err)
	case string(d.Body) != string(mine):
		return fmt.Errorf("%w, %s, where this one is %s", ErrKey, d.Body, mine)
	}
	return nil
}

// withoutCheck leaves out what belongs to the seal and not to the caller.
func withoutCheck(kinds []string) []string {
	return slices.DeleteFunc(kinds, func(k string) bool { return k == checkKind })
}

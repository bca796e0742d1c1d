// Package sealed is a store.Store that keeps nobody's address: whatever goes into the store behind it has the addresses of
// a pseudonym.Book sealed (package pseudonym, Seal), and whatever comes out has them opened again. Who calls it works with
// addresses as they are; who reads the store behind it, or a copy of its files, sees sealed ones, on which queries for
// addresses and networks work as on others.
//
// What is not sealed: what a Seal does not know as an address (names of networks that hold many people, addresses that are
// encoded in some way), the fields of findings that no traffic writes (the rule's id, hashes, versions, names of protocols),
// ids that are hashes in which addresses take part (Finding.ID, FlowID, Event.ID). Excerpts of traffic cannot be opened
// again: the digits of addresses in them are overwritten, since what is told of offsets in them must stay true.
//
// What was written before, without a seal, is read and found as well. Each query asks for both forms, and a group that has
// findings of both is one group to the caller: one key, one decision. Its findings are two groups behind it, which Groups
// joins where they meet on a page; on different pages each is a row of its own with the same key, and totals count both.
// Counts joins the values that it is given, the most frequent of each form.
package sealed

import (
	"context"
	"errors"
	"fmt"

	"khien/detector/pseudonym"
	"khien/detector/store"
)

// Store seals what another store keeps. Safe for concurrent use when that one is.
type Store struct {
	inner store.Store
	seal  *pseudonym.Seal
}

var (
	_ store.Store  = (*Store)(nil)
	_ store.Lister = (*Store)(nil)
)

// New returns inner with the addresses of a book sealed. It fails when those cannot be (pseudonym.NewSeal). The Store closes
// inner.
func New(inner store.Store, book *pseudonym.Book) (*Store, error) {
	seal, err := pseudonym.NewSeal(book)
	if err != nil {
		return nil, fmt.Errorf("sealed: %w", err)
	}
	return &Store{inner: inner, seal: seal}, nil
}

// Close closes the store behind.
func (s *Store) Close() error { return s.inner.Close() }

// errNoLister is for a store behind that cannot be listed.
var errNoLister = errors.New("sealed: the store behind cannot be listed")

// Kinds returns the kinds of all documents.
func (s *Store) Kinds(ctx context.Context) ([]string, error) {
	l, ok := s.inner.(store.Lister)
	if !ok {
		return nil, errNoLister
	}
	kinds, err := l.Kinds(ctx)
	return withoutCheck(kinds), err
}

// opened opens the documents of a *store.RejectedError; other errors stay as they are.
func (s *Store) opened(err error) error {
	var r *store.RejectedError
	if !errors.As(err, &r) {
		return err
	}
	list := make([]store.Rejected, len(r.Documents))
	for i, d := range r.Documents {
		d.Document, d.Reason = pseudonym.Strings(d.Document, s.openMember), s.seal.OpenText(d.Reason)
		list[i] = d
	}
	return store.Reject(list)
}

func (s *Store) sealMember(_, text string) string { return s.seal.Text(text) }
func (s *Store) openMember(_, text string) string { return s.seal.OpenText(text) }

// each returns a list with f applied to its values, in memory of its own; nil stays nil.
func each[T any](list []T, f func(T) T) []T {
	if list == nil {
		return nil
	}
	out := make([]T, len(list))
	for i := range list {
		out[i] = f(list[i])
	}
	return out
}

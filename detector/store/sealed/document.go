package sealed

import (
	"context"
	"errors"
	"slices"

	"khien/detector/pseudonym"
	"khien/detector/store"
)

// Document returns one document.
func (s *Store) Document(ctx context.Context, kind, id string) (store.Document, error) {
	d, err := s.inner.Document(ctx, kind, s.seal.Text(id))
	if errors.Is(err, store.ErrNotFound) && s.seal.Text(id) != id {
		d, err = s.inner.Document(ctx, kind, id) // from before ids were sealed
	}
	if err != nil {
		return store.Document{}, err
	}
	return s.openDocument(d), nil
}

// PutDocument writes a document. The limits of documents hold for it when it is sealed.
func (s *Store) PutDocument(ctx context.Context, d store.Document) (store.Document, error) {
	if err := d.Validate(); err != nil {
		return store.Document{}, err
	}
	id, err := s.documentID(ctx, d.Kind, d.ID)
	if err != nil {
		return store.Document{}, err
	}
	d.ID, d.Tags, d.Body = id, each(d.Tags, s.seal.Text), pseudonym.Strings(d.Body, s.sealMember)
	if d, err = s.inner.PutDocument(ctx, d); err != nil {
		return store.Document{}, err
	}
	return s.openDocument(d), nil
}

// DeleteDocument removes a document.
func (s *Store) DeleteDocument(ctx context.Context, kind, id string, version int64) error {
	id, err := s.documentID(ctx, kind, id)
	if err != nil {
		return err
	}
	return s.inner.DeleteDocument(ctx, kind, id, version)
}

// documentID is the id of a document behind: the sealed one, but one that was written before keeps its own.
func (s *Store) documentID(ctx context.Context, kind, id string) (string, error) {
	sealed := s.seal.Text(id)
	if sealed == id {
		return id, nil
	}
	for _, name := range []string{sealed, id} {
		_, err := s.inner.Document(ctx, kind, name)
		if err == nil {
			return name, nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return "", err
		}
	}
	return sealed, nil
}

// Documents returns a page of documents, in the order of the ids behind. By a tag that holds an address those are found that
// were written since addresses are sealed.
func (s *Store) Documents(ctx context.Context, q store.DocumentQuery) (store.DocumentPage, error) {
	q.Tags = each(q.Tags, s.seal.Text)
	p, err := s.inner.Documents(ctx, q)
	p.Documents = each(p.Documents, s.openDocument)
	return p, err
}

func (s *Store) openDocument(d store.Document) store.Document {
	d.ID, d.Tags, d.Body = s.seal.OpenText(d.ID), each(d.Tags, s.seal.OpenText), pseudonym.Strings(d.Body, s.openMember)
	slices.Sort(d.Tags)
	return d
}

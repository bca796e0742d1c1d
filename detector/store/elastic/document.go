package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"khien/detector/store"
)

// documentSource is a store.Document in the index. The body is text, so that it comes back to the byte and no mapping
// looks into it.
type documentSource struct {
	Kind    string    `json:"kind"`
	ID      string    `json:"id"`
	Version int64     `json:"version"`
	Updated time.Time `json:"updated"`
	Tags    []string  `json:"tags,omitempty"`
	Body    string    `json:"body"`
}

func (d *documentSource) document() store.Document {
	return store.Document{Kind: d.Kind, ID: d.ID, Version: d.Version, Updated: d.Updated.UTC(), Tags: d.Tags, Body: json.RawMessage(d.Body)}
}

type storedDocument struct {
	Found  bool           `json:"found"`
	SeqNo  int64          `json:"_seq_no"`
	Term   int64          `json:"_primary_term"`
	Source documentSource `json:"_source"`
}

// documentID is the _id of a document. A kind holds no slash.
func documentID(kind, id string) string { return hashID(kind + "/" + id) }

func (s *Store) storedDocument(ctx context.Context, kind, id string) (storedDocument, error) {
	var d storedDocument
	err := s.do(ctx, "GET", "/"+s.docs+"/_doc/"+documentID(kind, id), nil, &d)
	if hasStatus(err, 404) {
		return storedDocument{}, nil
	}
	return d, err
}

// Document returns one document.
func (s *Store) Document(ctx context.Context, kind, id string) (store.Document, error) {
	d, err := s.storedDocument(ctx, kind, id)
	switch {
	case err != nil:
		return store.Document{}, err
	case !d.Found:
		return store.Document{}, store.ErrNotFound
	}
	return d.Source.document(), nil
}

// PutDocument writes a document. The server refuses it when the stored one has changed in between.
func (s *Store) PutDocument(ctx context.Context, d store.Document) (store.Document, error) {
	if err := d.Validate(); err != nil {
		return store.Document{}, err
	}
	if err := s.ready(ctx); err != nil {
		return store.Document{}, err
	}
	old, err := s.storedDocument(ctx, d.Kind, d.ID)
	if err != nil {
		return store.Document{}, err
	}
	if old.Source.Version != d.Version {
		return store.Document{}, store.ErrConflict
	}
	d.Version++
	body, err := json.Marshal(documentSource{d.Kind, d.ID, d.Version, d.Updated.UTC(), d.Tags, string(d.Body)})
	if err != nil {
		return store.Document{}, fmt.Errorf("elastic: document: %w", err)
	}
	path := "/" + s.docs + "/_create/" + documentID(d.Kind, d.ID) + "?refresh=true"
	if old.Found {
		path = s.conditional(d.Kind, d.ID, old)
	}
	err = s.do(ctx, "PUT", path, body, nil)
	if hasStatus(err, 409) {
		return store.Document{}, store.ErrConflict
	}
	if err != nil {
		return store.Document{}, err
	}
	return d, nil
}

// conditional is the address of a document that is changed only while it is as it was read.
func (s *Store) conditional(kind, id string, old storedDocument) string {
	return fmt.Sprintf("/%s/_doc/%s?refresh=true&if_seq_no=%d&if_primary_term=%d", s.docs, documentID(kind, id), old.SeqNo, old.Term)
}

// DeleteDocument removes a document.
func (s *Store) DeleteDocument(ctx context.Context, kind, id string, version int64) error {
	old, err := s.storedDocument(ctx, kind, id)
	switch {
	case err != nil:
		return err
	case !old.Found:
		return store.ErrNotFound
	case old.Source.Version != version:
		return store.ErrConflict
	}
	err = s.do(ctx, "DELETE", s.conditional(kind, id, old), nil, nil)
	if hasStatus(err, 409) || hasStatus(err, 404) {
		return store.ErrConflict
	}
	return err
}

// Documents returns a page of documents.
func (s *Store) Documents(ctx context.Context, q store.DocumentQuery) (store.DocumentPage, error) {
	filter := []m{{"term": m{"kind": q.Kind}}}
	for _, t := range q.Tags {
		filter = append(filter, m{"term": m{"tags": t}})
	}
	size := limit(q.Limit)
	req := m{"size": size + 1, "query": m{"bool": m{"filter": filter}}, "track_total_hits": false, "sort": []m{{"id": "asc"}}}
	if q.Cursor != "" {
		req["search_after"] = []string{q.Cursor}
	}
	var ans struct {
		Hits struct {
			Hits []struct {
				Source documentSource `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	if err := s.search(ctx, s.docs, req, &ans); err != nil {
		return store.DocumentPage{}, err
	}
	var p store.DocumentPage
	for i, h := range ans.Hits.Hits {
		if i == size {
			p.Next = p.Documents[i-1].ID
			break
		}
		p.Documents = append(p.Documents, h.Source.document())
	}
	return p, nil
}

package elastic

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"khien/detector/store"
)

// hashID makes an _id: keys may be longer than the 512 bytes that an _id may have.
func hashID(key string) string {
	h := sha256.Sum256([]byte(key))
	return hex.EncodeToString(h[:16])
}

type triageDocument struct {
	Found  bool         `json:"found"`
	SeqNo  int64        `json:"_seq_no"`
	Term   int64        `json:"_primary_term"`
	Source store.Triage `json:"_source"`
}

func (s *Store) triageDocument(ctx context.Context, key string) (triageDocument, error) {
	var d triageDocument
	err := s.do(ctx, "GET", "/"+s.triage+"/_doc/"+hashID(key), nil, &d)
	if hasStatus(err, 404) {
		return triageDocument{}, nil
	}
	return d, err
}

// Triage returns what people decided about a group.
func (s *Store) Triage(ctx context.Context, key string) (store.Triage, error) {
	d, err := s.triageDocument(ctx, key)
	if err != nil {
		return store.Triage{}, err
	}
	if !d.Found {
		return store.Triage{Key: key, Status: store.StatusNew}, nil
	}
	return d.Source, nil
}

// PutTriage writes a decision. The server refuses it when the document has changed in between.
func (s *Store) PutTriage(ctx context.Context, t store.Triage) (store.Triage, error) {
	if err := s.ready(ctx); err != nil {
		return store.Triage{}, err
	}
	d, err := s.triageDocument(ctx, t.Key)
	if err != nil {
		return store.Triage{}, err
	}
	if d.Source.Version != t.Version {
		return store.Triage{}, store.ErrConflict
	}
	t.Version++
	body, err := json.Marshal(t)
	if err != nil {
		return store.Triage{}, fmt.Errorf("elastic: triage: %w", err)
	}
	path := "/" + s.triage + "/_create/" + hashID(t.Key) + "?refresh=true"
	if d.Found {
		path = fmt.Sprintf("/%s/_doc/%s?refresh=true&if_seq_no=%d&if_primary_term=%d", s.triage, hashID(t.Key), d.SeqNo, d.Term)
	}
	err = s.do(ctx, "PUT", path, body, nil)
	if hasStatus(err, 409) {
		return store.Triage{}, store.ErrConflict
	}
	if err != nil {
		return store.Triage{}, err
	}
	return t, nil
}

package issue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"khien/console/report/evidence"
	"khien/detector/store"
)

// pending is a manifest that waits for its time stamp. Its text lies among the objects.
type pending struct {
	Case     string `json:"case"`
	Manifest string `json:"manifest"` // SHA-256
	Done     bool   `json:"done"`
	Stamp    string `json:"stamp,omitempty"` // SHA-256 of the answer
}

// stamp asks the authority; when it cannot be reached the manifest waits in a queue and the pack goes without.
func (d *Desk) stamp(ctx context.Context, id string, r Request, manifest []byte, s *Set) ([]byte, error) {
	tsr, err := r.TSA(ctx, manifest)
	if !errors.Is(err, evidence.ErrOffline) {
		return tsr, err
	}
	s.Warnings = append(s.Warnings, err.Error()+"; the stamp is queued: khien report stamp")
	h, err := d.objects().Put(manifest)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(pending{Case: id, Manifest: h})
	if err != nil {
		return nil, fmt.Errorf("issue: %w", err)
	}
	_, err = d.Store.PutDocument(ctx, store.Document{Kind: stampKind, ID: h, Updated: d.Now(), Tags: []string{"case:" + id, "waiting"}, Body: body})
	if err != nil && !errors.Is(err, store.ErrConflict) {
		return nil, fmt.Errorf("issue: %w", err)
	}
	return nil, nil
}

// Stamped is a stamp that came later than its pack.
type Stamped struct {
	Case, Manifest string
	Answer         []byte
}

// Stamps asks for the stamps that wait and returns those that came. It stops at the first that the authority does not give.
func (d *Desk) Stamps(ctx context.Context, ask func(ctx context.Context, manifest []byte) ([]byte, error)) ([]Stamped, error) {
	var out []Stamped
	p, err := d.Store.Documents(ctx, store.DocumentQuery{Kind: stampKind, Tags: []string{"waiting"}, Limit: store.PageMax})
	if err != nil {
		return nil, fmt.Errorf("issue: %w", err)
	}
	for _, doc := range p.Documents {
		var w pending
		if err := json.Unmarshal(doc.Body, &w); err != nil {
			return out, fmt.Errorf("issue: %s: %w", doc.ID, err)
		}
		manifest, err := d.objects().Get(w.Manifest)
		if err != nil {
			return out, err
		}
		tsr, err := ask(ctx, manifest)
		if err != nil {
			return out, err
		}
		if w.Stamp, err = d.objects().Put(tsr); err != nil {
			return out, err
		}
		w.Done = true
		body, err := json.Marshal(w)
		if err != nil {
			return out, fmt.Errorf("issue: %w", err)
		}
		doc.Body, doc.Tags, doc.Updated = body, []string{"case:" + w.Case}, d.Now()
		if _, err := d.Store.PutDocument(ctx, doc); err != nil {
			return out, conflict(err)
		}
		out = append(out, Stamped{w.Case, w.Manifest, tsr})
	}
	return out, nil
}

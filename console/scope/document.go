package scope

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"khien/detector/store"
)

const (
	unitsTag = "units:" // followed by ids: the document is for who has one of them, and one of each further such tag
	caseTag  = "case:"
	ownerTag = "owner:"
	caseKind = "case"
	tagsLeft = 32 // tags that writers have for themselves
)

// kind is a row of how documents of a kind are limited. Kinds without a row do not exist for limited accounts.
type kind struct {
	sees func(s *Store, ctx context.Context, v *view, d *store.Document) (bool, error)
	// write says whether limited accounts may write what they may see.
	write bool
	// mark, where there is one, prepares what anybody writes; old is nil for a new document.
	mark func(s *Store, ctx context.Context, v *view, d, old *store.Document) error
}

func kinds() map[string]kind {
	open := func(*Store, context.Context, *view, *store.Document) (bool, error) { return true, nil }
	ofCase := kind{sees: seesCaseOf, write: true}
	ofSigner := kind{seesUnits, true, markSigner}
	return map[string]kind{
		caseKind:    {seesUnits, true, markCase},
		"incident":  ofCase,
		"custody":   ofCase,
		"issued":    ofCase,
		"takedown":  ofCase,
		"timestamp": ofCase,
		"frozen":    ofCase,
		"handover":  ofSigner, "handover_sheet": ofSigner, "reveal": ofSigner,
		"decision":  {seesDecision, false, nil}, // of blocking
		"tune":      {seesTune, true, nil},
		"view":      {seesView, true, markView},
		"number":    {open, true, nil}, // the next number of reports
		"legalpack": {open, false, nil},
		"profile":   {open, false, nil},
	}
}

// seesUnits: a document is for who has a unit of each of its tags.
func seesUnits(_ *Store, _ context.Context, v *view, d *store.Document) (bool, error) {
	tagged := false
	for _, t := range d.Tags {
		if ids, ok := strings.CutPrefix(t, unitsTag); ok {
			tagged = true
			if !slices.ContainsFunc(strings.Split(ids, ","), func(id string) bool { return id != "" && v.sees(id) }) {
				return false, nil
			}
		}
	}
	return tagged, nil
}

// seesCaseOf: a document is for who may see its case.
func seesCaseOf(s *Store, ctx context.Context, v *view, d *store.Document) (bool, error) {
	for _, t := range d.Tags {
		id, ok := strings.CutPrefix(t, caseTag)
		if !ok {
			continue
		}
		if sees, known := v.cases[id]; known {
			return sees, nil
		}
		c, err := s.all.Document(ctx, caseKind, id)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		sees, err := seesUnits(s, ctx, v, &c)
		v.cases[id] = sees
		return sees, err
	}
	return false, nil
}

func seesDecision(_ *Store, _ context.Context, v *view, d *store.Document) (bool, error) {
	var body struct {
		Scope string `json:"scope"`
	}
	err := json.Unmarshal(d.Body, &body)
	return body.Scope != "" && v.sees(body.Scope), err
}

// seesTune: a tune whose source or destination lies in the units speaks only of findings that touch them.
func seesTune(_ *Store, _ context.Context, v *view, d *store.Document) (bool, error) {
	var body struct {
		Src string `json:"src"`
		Dst string `json:"dst"`
	}
	if err := json.Unmarshal(d.Body, &body); err != nil {
		return false, err
	}
	for _, s := range []string{body.Src, body.Dst} {
		if p, err := prefix(s); err == nil && v.area.Covers(p) {
			return true, nil
		}
	}
	return false, nil
}

// seesView: saved views are their owner's, or shared within units.
func seesView(s *Store, ctx context.Context, v *view, d *store.Document) (bool, error) {
	if slices.Contains(d.Tags, ownerTag+v.user) {
		return true, nil
	}
	return seesUnits(s, ctx, v, d)
}

func markView(_ *Store, _ context.Context, v *view, d, _ *store.Document) error {
	if v.limited() {
		d.Tags = append(d.Tags, tagOf(v.asker.units))
	}
	return nil
}

// markSigner tags what a person signs with each of the units that it tells of: the signer's, for ever. Of an account without
// limits it has no tag and is for such accounts only.
func markSigner(_ *Store, _ context.Context, v *view, d, old *store.Document) error {
	if old != nil {
		for _, t := range old.Tags {
			if strings.HasPrefix(t, unitsTag) {
				d.Tags = append(d.Tags, t)
			}
		}
		return nil
	}
	if len(v.asker.units) > store.TagsMax-tagsLeft {
		return ErrOutside
	}
	for _, id := range v.asker.units {
		d.Tags = append(d.Tags, tagOf([]string{id}))
	}
	return nil
}

// tagOf is the tag of a set of units. What does not fit goes: fewer see the document then.
func tagOf(ids []string) string {
	tag := unitsTag
	for i, id := range slices.Sorted(slices.Values(ids)) {
		if len(tag)+1+len(id) > store.TagMax {
			break
		}
		if i > 0 {
			tag += ","
		}
		tag += id
	}
	return tag
}

// markCase tags a case with the units of its author, when that is limited, and with those that each of its findings touches.
// The tags stay when networks move: a case belongs to whom it was opened about.
func markCase(s *Store, ctx context.Context, v *view, d, old *store.Document) error {
	var body, before struct {
		Findings []string `json:"findings"`
	}
	if err := json.Unmarshal(d.Body, &body); err != nil {
		return err
	}
	tags := map[string]bool{}
	if old != nil {
		if err := json.Unmarshal(old.Body, &before); err != nil {
			return err
		}
		for _, t := range old.Tags {
			if strings.HasPrefix(t, unitsTag) {
				tags[t] = true
			}
		}
	} else if v.limited() {
		tags[tagOf(v.asker.units)] = true
	}
	for _, id := range body.Findings {
		if slices.Contains(before.Findings, id) {
			continue
		}
		f, err := s.Get(ctx, id)
		if errors.Is(err, store.ErrNotFound) && !v.limited() {
			continue // its index has been removed
		}
		if err != nil {
			return err
		}
		tags[tagOf(v.list.touched(&f))] = true
	}
	if len(tags) > store.TagsMax-tagsLeft {
		tags = map[string]bool{unitsTag: true} // of too many: for accounts without limits
	}
	for t := range tags {
		d.Tags = append(d.Tags, t)
	}
	return nil
}

// Document returns one document, when who asks may see it.
func (s *Store) Document(ctx context.Context, kind, id string) (store.Document, error) {
	v, err := s.view(ctx)
	if err != nil {
		return store.Document{}, err
	}
	d, err := s.all.Document(ctx, kind, id)
	if err != nil {
		return d, err
	}
	if err := s.seen(ctx, v, &d); err != nil {
		return store.Document{}, err
	}
	return d, nil
}

// seen returns store.ErrNotFound unless who asks may see a document.
func (s *Store) seen(ctx context.Context, v *view, d *store.Document) error {
	if !v.limited() {
		return nil
	}
	k, ok := kinds()[d.Kind]
	if !ok {
		return store.ErrNotFound
	}
	sees, err := k.sees(s, ctx, v, d)
	if err == nil && !sees {
		err = store.ErrNotFound
	}
	return err
}

// PutDocument writes a document that who asks may see, before and after. A new one beyond the asker's units is ErrOutside.
func (s *Store) PutDocument(ctx context.Context, d store.Document) (store.Document, error) {
	v, err := s.view(ctx)
	if err != nil {
		return store.Document{}, err
	}
	k := kinds()[d.Kind]
	if !v.limited() && k.mark == nil {
		return s.all.PutDocument(ctx, d)
	}
	if v.limited() && !k.write {
		return store.Document{}, ErrOutside
	}
	var old *store.Document
	if d.Version > 0 {
		stored, err := s.Document(ctx, d.Kind, d.ID)
		switch {
		case errors.Is(err, store.ErrNotFound) && !v.limited():
			return store.Document{}, store.ErrConflict // somebody has removed it
		case err != nil:
			return store.Document{}, err
		}
		old = &stored
	}
	d.Tags = slices.Clone(d.Tags)
	if k.mark != nil {
		if err := k.mark(s, ctx, v, &d, old); err != nil {
			return store.Document{}, err
		}
	}
	if err := s.seen(ctx, v, &d); err != nil {
		if errors.Is(err, store.ErrNotFound) {
			err = ErrOutside
		}
		return store.Document{}, err
	}
	return s.all.PutDocument(ctx, d)
}

// DeleteDocument removes a document that who asks may see.
func (s *Store) DeleteDocument(ctx context.Context, kind, id string, version int64) error {
	v, err := s.view(ctx)
	if err != nil {
		return err
	}
	if v.limited() {
		if _, err := s.Document(ctx, kind, id); err != nil {
			return err
		}
		if !kinds()[kind].write {
			return ErrOutside
		}
	}
	return s.all.DeleteDocument(ctx, kind, id, version)
}

// Documents returns a page of the documents that who asks may see.
func (s *Store) Documents(ctx context.Context, q store.DocumentQuery) (store.DocumentPage, error) {
	v, err := s.view(ctx)
	if err != nil {
		return store.DocumentPage{}, err
	}
	if !v.limited() {
		return s.all.Documents(ctx, q)
	}
	var out store.DocumentPage
	for want := cmp.Or(max(q.Limit, 0), 100); ; {
		q.Limit = min(want-len(out.Documents), store.PageMax)
		p, err := s.all.Documents(ctx, q)
		if err != nil {
			return store.DocumentPage{}, err
		}
		for i := range p.Documents {
			switch err := s.seen(ctx, v, &p.Documents[i]); {
			case err == nil:
				out.Documents = append(out.Documents, p.Documents[i])
			case !errors.Is(err, store.ErrNotFound):
				return store.DocumentPage{}, err
			}
		}
		out.Next, q.Cursor = p.Next, p.Next
		if p.Next == "" || len(out.Documents) >= want {
			return out, nil
		}
	}
}

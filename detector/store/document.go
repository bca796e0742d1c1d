package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Document is a JSON value that people or the program keep beside findings: a case, a saved view, a blocking decision, a
// report. What it means is its writer's affair.
type Document struct {
	Kind    string          // "case", "view", "decision", …
	ID      string          // unique within its kind
	Version int64           // 0 for one that was never written; a write checks it and returns the next
	Updated time.Time       // of the latest write, by the writer's clock
	Tags    []string        // what Documents selects by: "state:active", "case:42"
	Body    json.RawMessage // kept to the byte
}

// Limits of a Document.
const (
	KindMax     = 32   // lower case letters, digits and "_"
	IDMax       = 128  // printable ASCII without space
	TagsMax     = 64   // tags
	TagMax      = 256  // bytes of a tag
	DocumentMax = 1e6  // bytes of a body
	PageMax     = 1000 // rows of a page
)

// DocumentQuery selects documents of one kind. They come in the order of their ids.
type DocumentQuery struct {
	Kind   string
	Tags   []string // all of them
	Limit  int      // rows of a page, 1 to PageMax; 0 means 100
	Cursor string   // Next of the previous page
}

// DocumentPage is a part of an answer.
type DocumentPage struct {
	Documents []Document
	Next      string // cursor of the following page, "" at the end
}

// ErrDocument is wrapped by errors about a document that no store takes.
var ErrDocument = errors.New("store: not a valid document")

// Validate says why no store takes the document. Tags are put in order, each once, so that both stores give back the same.
func (d *Document) Validate() error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrDocument, fmt.Sprintf(format, args...))
	}
	switch {
	case !validKind(d.Kind):
		return wrong("kind %q: 1 to %d lower case letters, digits, _", d.Kind, KindMax)
	case !validID(d.ID):
		return wrong("id %q: 1 to %d printable ASCII characters without space", d.ID, IDMax)
	case len(d.Tags) > TagsMax:
		return wrong("%d tags, at most %d", len(d.Tags), TagsMax)
	case len(d.Body) > DocumentMax:
		return wrong("a body of %d bytes, at most %d", len(d.Body), int(DocumentMax))
	case !json.Valid(d.Body):
		return wrong("the body is not JSON")
	}
	for _, t := range d.Tags {
		if t == "" || len(t) > TagMax {
			return wrong("tag %.40q: 1 to %d bytes", t, TagMax)
		}
	}
	d.Tags = slices.Compact(slices.Sorted(slices.Values(d.Tags)))
	return nil
}

func validKind(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return len(s) > 0 && len(s) <= KindMax
}

func validID(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return len(s) > 0 && len(s) <= IDMax
}

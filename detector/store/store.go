// Package store holds the words of storage: Store, Query, Page, Group, Triage, Document, Event. Implementations live below (embedded,
// elastic) and pass the one contract suite in storetest.
package store

import (
	"context"
	"errors"
	"time"

	"khien/detector"
)

// Errors that callers branch on.
var (
	ErrNotFound = errors.New("store: not found")
	ErrCursor   = errors.New("store: the cursor is not one of ours")
	ErrConflict = errors.New("store: changed by somebody else") // the Version of a Triage or Document is not the stored one
)

// Triage states.
const (
	StatusNew       = "new" // nobody has decided anything
	StatusSeen      = "seen"
	StatusEscalated = "escalated"
	StatusClosed    = "closed"
)

// Query selects findings. The zero Query selects all.
type Query struct {
	From, To    time.Time // From inclusive, To exclusive; zero means open
	MinSeverity detector.Severity
	Status      []string // triage states of the finding's group: new, seen, escalated, closed; empty means any
	Text        string   // words, all of which must occur in rule name, summary, hosts, addresses, URL
	OrText      []string // other forms of Text, such as with addresses that are kept in another form: one of them is enough
	IP          []string // addresses or prefixes; any end
	Src, Dst    []string // addresses or prefixes of the source, of the destination
	Host        []string // names or "*.name"
	Rule        []string // rule ids
	Source      []string
	Brand       []string // A to Z and a to z are the same
	SHA256      []string // of a file, lower case
	JA4         []string
	Cert        []string // fingerprints as detector.Fingerprint writes them
	Campaign    []string // ids
	Chain       []string // ids of stories
	Sensor      []string
	AS          []string // numbers of autonomous systems, without "AS"
	Country     []string // ISO 3166-1 alpha-2
	Technique   []string // MITRE ATT&CK ids
	Stage       []string // of fraud: lookup, visit, page, submission, apk, …
	Within      []Area   // all of which the finding touches
	Areas       []Area   // that Bundles by unit tells apart; they select nothing
	Not         *Query   // what must not match: each value of its lists, and its MinSeverity, excludes by itself; its other fields do not count
	Group       []string // keys of groups
	Descending  bool     // newest first
	Limit       int      // rows of a page, 1 to 1,000; 0 means 100
	Cursor      string   // Next of the previous page
}

// Page is a part of an answer.
type Page struct {
	Findings []detector.Finding
	Next     string // cursor of the following page, "" at the end
}

// Group is what the inbox shows as one row: findings with the same rule, source and destination.
type Group struct {
	Key         string
	Rule        string
	RuleName    string
	Summary     detector.Text
	Source      detector.Source
	Severity    detector.Severity // highest
	Score       float64           // highest
	SrcIP       string
	DstIP       string
	Domain      string
	Brand       string
	Stage       string // of the fraud story, of the latest finding; "" for what is no fraud
	Count       int    // findings
	First, Last time.Time
	Status      string
	Spark       []int // findings in 12 equal parts of the query's time range (of First…Last when open)
	LatestID    string
}

// GroupPage is a part of the inbox.
type GroupPage struct {
	Groups []Group
	Total  int    // groups in all, exact
	Next   string // cursor
}

// Triage is what people decided about a group. It is a document of its own, so that re-indexing never loses it.
type Triage struct {
	Key      string    `json:"key"` // group key
	Status   string    `json:"status"`
	Verdict  string    `json:"verdict,omitempty"` // true_positive, false_positive, benign, duplicate
	Reason   string    `json:"reason,omitempty"`
	Assignee string    `json:"assignee,omitempty"`
	Comments []Comment `json:"comments,omitempty"`
	History  []Change  `json:"history,omitempty"`
	Version  int64     `json:"version"` // 0 for one that was never written; Put checks it and returns the next
}

// Comment is a note on a group.
type Comment struct {
	Time time.Time `json:"time"`
	User string    `json:"user"`
	Text string    `json:"text"`
}

// Change is one entry of a group's history.
type Change struct {
	Time time.Time `json:"time"`
	User string    `json:"user"`
	What string    `json:"what"` // "status:closed", "assignee:an"
}

// Store keeps findings, what people decided about them, and other documents. Safe for concurrent use.
type Store interface {
	// Write stores findings durably before it returns. Writing one twice (same ID) changes nothing, except that the larger
	// Count, the earlier First and the later Last of the two win. A *RejectedError says that all but a few are stored.
	Write(ctx context.Context, findings []detector.Finding) error
	Get(ctx context.Context, id string) (detector.Finding, error)
	Find(ctx context.Context, q Query) (Page, error)
	// Groups answers the inbox: newest Last first, severity before time when q.Descending is false.
	Groups(ctx context.Context, q Query) (GroupPage, error)
	// Count tells about all findings of a query, however it is ordered and paged: how they lie in so many parts of its time
	// range (1 to PartsMax), and which values they hold.
	Count(ctx context.Context, q Query, parts int) (Counts, error)
	// Bundles puts a query's findings together by one of BundleFields, in the order of Groups. It has no pages.
	Bundles(ctx context.Context, q Query, field string) (BundleList, error)
	// Triage returns a Triage of Version 0 with its Key and StatusNew when nothing was decided yet.
	Triage(ctx context.Context, key string) (Triage, error)
	PutTriage(ctx context.Context, t Triage) (Triage, error)
	// Document returns one document, or ErrNotFound.
	Document(ctx context.Context, kind, id string) (Document, error)
	// PutDocument writes a document durably when its Version is the stored one (0 when there is none) and returns it with the
	// next; otherwise ErrConflict. What Validate refuses is an error that wraps ErrDocument.
	PutDocument(ctx context.Context, d Document) (Document, error)
	// DeleteDocument removes a document whose version is the stored one; otherwise ErrConflict, or ErrNotFound.
	DeleteDocument(ctx context.Context, kind, id string, version int64) error
	Documents(ctx context.Context, q DocumentQuery) (DocumentPage, error)
	// WriteEvents stores telemetry. Writing an event twice changes nothing. Old events go, by the limits of the store.
	WriteEvents(ctx context.Context, events []Event) error
	Events(ctx context.Context, q EventQuery) (EventPage, error)
	Close() error
}

// Lister gives everything of a store that no query selects by itself, for copies of the whole.
type Lister interface {
	// Kinds are the kinds of all documents, in order.
	Kinds(ctx context.Context) ([]string, error)
	// Triages returns what was decided about groups, in the order of their keys, from behind cursor; next is "" at the end.
	Triages(ctx context.Context, cursor string) (list []Triage, next string, err error)
}

// GroupKey returns the key of the group a finding belongs to.
func GroupKey(f *detector.Finding) string {
	return string(f.Source) + "|" + f.Rule.ID + "|" + f.SrcIP.String() + "|" + f.DstIP.String()
}

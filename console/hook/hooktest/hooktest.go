// Package hooktest has what tests of blocking need: a shelf in memory that can fail, a clock that can be set, and a book on
// both. Nothing of it is in the program.
package hooktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"khien/console/hook"
	"khien/detector"
	"khien/detector/store"
)

// Shelf keeps documents in memory and does what a store.Store does with them. Safe for concurrent use.
type Shelf struct {
	mu    sync.Mutex
	docs  map[string]store.Document
	order []string // keys in order, nil when it is to be made anew
	Down  bool     // every call fails
	Puts  int      // writes that were done
}

// ErrDown is what a shelf that is down answers.
var ErrDown = errors.New("hooktest: the store is down")

func key(kind, id string) string { return kind + "\x00" + id }

// Document implements hook.Shelf.
func (s *Shelf) Document(_ context.Context, kind, id string) (store.Document, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Down {
		return store.Document{}, ErrDown
	}
	d, ok := s.docs[key(kind, id)]
	if !ok {
		return d, store.ErrNotFound
	}
	return d, nil
}

// PutDocument implements hook.Shelf.
func (s *Shelf) PutDocument(_ context.Context, d store.Document) (store.Document, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Down {
		return d, ErrDown
	}
	if err := d.Validate(); err != nil {
		return d, err
	}
	if s.docs == nil {
		s.docs = map[string]store.Document{}
	}
	if s.docs[key(d.Kind, d.ID)].Version != d.Version {
		return d, store.ErrConflict
	}
	d.Version++
	d.Body = slices.Clone(d.Body)
	if d.Version == 1 {
		s.order = nil
	}
	s.docs[key(d.Kind, d.ID)] = d
	s.Puts++
	return d, nil
}

// DeleteDocument implements hook.Shelf.
func (s *Shelf) DeleteDocument(_ context.Context, kind, id string, version int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch d, ok := s.docs[key(kind, id)]; {
	case s.Down:
		return ErrDown
	case !ok:
		return store.ErrNotFound
	case d.Version != version:
		return store.ErrConflict
	}
	delete(s.docs, key(kind, id))
	s.order = nil
	return nil
}

// Documents implements hook.Shelf.
func (s *Shelf) Documents(_ context.Context, q store.DocumentQuery) (p store.DocumentPage, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Down {
		return p, ErrDown
	}
	if s.order == nil {
		s.order = slices.Sorted(maps.Keys(s.docs))
	}
	from, _ := slices.BinarySearch(s.order, key(q.Kind, q.Cursor+"\x00"))
	for _, k := range s.order[from:] {
		d := s.docs[k]
		if d.Kind != q.Kind {
			break
		}
		if slices.ContainsFunc(q.Tags, func(t string) bool { return !slices.Contains(d.Tags, t) }) {
			continue
		}
		if len(p.Documents) == q.Limit {
			p.Next = p.Documents[q.Limit-1].ID
			break
		}
		p.Documents = append(p.Documents, d)
	}
	return p, nil
}

// Lose removes documents of a kind as a broken store does, at most n; it returns how many.
func (s *Shelf) Lose(kind string, n int) (lost int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, d := range s.docs {
		if d.Kind == kind && lost < n {
			delete(s.docs, k)
			s.order = nil
			lost++
		}
	}
	return lost
}

// SetDown makes every call fail, or work again.
func (s *Shelf) SetDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Down = down
}

// Clock is a wall clock and one that counts, both of which stand still unless they are moved. Safe for concurrent use.
type Clock struct {
	mu     sync.Mutex
	wall   time.Time
	passed time.Duration
}

// NewClock returns a clock at a time in 2026.
func NewClock() *Clock { return &Clock{wall: time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)} }

// Now is the wall clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wall
}

// Passed is the clock that counts.
func (c *Clock) Passed() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.passed
}

// Pass lets time pass.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall, c.passed = c.wall.Add(d), c.passed+d
}

// Jump sets the wall clock alone.
func (c *Clock) Jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall = c.wall.Add(d)
}

// Flows answers dry runs. The zero Flows have seen nothing.
type Flows struct {
	N     int
	Serve int
	Err   error
}

// Hits implements hook.Flows.
func (f *Flows) Hits(context.Context, hook.Decision, time.Time) (int, []hook.Sample, error) {
	return f.N, nil, f.Err
}

// Names implements hook.Flows.
func (f *Flows) Names(context.Context, netip.Addr, time.Time) (int, error) { return f.Serve, f.Err }

// Desk is a book and everything that it stands on.
type Desk struct {
	T     testing.TB
	Dir   string
	Shelf *Shelf
	Clock *Clock
	Flows *Flows
	Cfg   *hook.Config
	Never *hook.Never
	Hist  *hook.History
	*hook.Book
}

// New opens a book with a configuration, which may be "".
func New(t testing.TB, yaml string) *Desk {
	t.Helper()
	cfg, err := hook.ParseConfig([]byte(yaml), "hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	brand := func(name string) (string, bool) {
		return "Ngân hàng", strings.HasSuffix("."+name, ".bank.example.vn")
	}
	never, err := hook.NewNever(cfg.Never, brand)
	if err != nil {
		t.Fatal(err)
	}
	d := &Desk{T: t, Dir: t.TempDir(), Shelf: &Shelf{}, Clock: NewClock(), Flows: &Flows{}, Cfg: cfg, Never: never}
	t.Cleanup(func() { d.stop() })
	d.Start()
	return d
}

// Start opens the book.
func (d *Desk) Start() {
	d.T.Helper()
	var err error
	if d.Hist, err = hook.OpenHistory(filepath.Join(d.Dir, "history.jsonl"), d.Clock.Now); err != nil {
		d.T.Fatal(err)
	}
	d.Book, err = hook.Open(d.T.Context(), hook.BookConfig{Shelf: d.Shelf, Flows: d.Flows, Never: d.Never, Config: d.Cfg, History: d.Hist,
		Dir: d.Dir, Now: d.Clock.Now, Passed: d.Clock.Passed})
	if err != nil {
		d.T.Fatal(err)
	}
}

func (d *Desk) stop() {
	if d.Book != nil {
		d.Book.Close()
		d.Hist.Close()
	}
}

// Restart closes the book and opens it again.
func (d *Desk) Restart() {
	d.T.Helper()
	d.stop()
	d.Start()
}

// MustPropose proposes a value.
func (d *Desk) MustPropose(value string, ttl time.Duration) *hook.Decision {
	d.T.Helper()
	x, err := d.Propose(d.T.Context(), hook.Proposal{Value: value, TTL: ttl, User: "an", Reason: detector.Text{VI: "giả mạo", EN: "fraud"}})
	if err != nil {
		d.T.Fatalf("propose %s: %v", value, err)
	}
	return x
}

// MustBlock proposes a value and lets two people approve it.
func (d *Desk) MustBlock(value string, ttl time.Duration) *hook.Decision {
	d.T.Helper()
	x := d.MustPropose(value, ttl)
	y, err := d.Approve(d.T.Context(), x.ID, "binh", false)
	if err != nil {
		d.T.Fatalf("approve %s: %v", value, err)
	}
	return y
}

// Values returns what is served now.
func (d *Desk) Values(s hook.Selection) (out []string) {
	v := d.View(s)
	for e := range v.All() {
		out = append(out, e.Value)
	}
	return out
}

// Finding returns a fraud finding about a name.
func (d *Desk) Finding(n int, kind, domain string, score float64) detector.Finding {
	stage := map[string]string{"lookalike": "lookup", "phishing_page": "page", "credential_post": "submission"}[kind]
	f := detector.Finding{Time: d.Clock.Now(), Source: detector.FromFraud, Rule: detector.Rule{ID: "fraud." + kind, Name: kind}, Severity: detector.High,
		Score: score, Domain: domain, SrcIP: netip.AddrFrom4([4]byte{10, 20, byte(n >> 8), byte(n)}), DstIP: netip.MustParseAddr("203.0.113.9"), Direction: "to_server",
		App: "http", Fraud: &detector.Fraud{Kind: kind, Stage: stage, Visibility: "seen", Score: score}, Count: 1,
		Summary: detector.Text{VI: "Tên giả mạo " + domain, EN: "Imitating name " + domain}}
	if kind == "lookalike" {
		f.App = "dns"
	}
	f.Identify(fmt.Sprint(n), domain)
	return f
}

// Addr is an address that a test writes down.
func Addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// Fill puts decisions that are in force onto the shelf, without going through their lives, and opens the book again.
func (d *Desk) Fill(n int, ttl time.Duration) {
	d.T.Helper()
	now := d.Clock.Now()
	for i := range n {
		x := hook.Decision{ID: fmt.Sprintf("%020x", i), Kind: hook.Domain, Value: fmt.Sprintf("n%06d.example", i), Action: hook.Block,
			Reason: detector.Text{VI: "giả mạo", EN: "fraud"}, Proposer: "an", State: hook.Active, TTL: ttl, Created: now, Activated: now,
			Expires: now.Add(ttl), Confidence: 0.99}
		if i%4 == 0 {
			x.Kind, x.Value = hook.IP, netip.AddrFrom4([4]byte{45, byte(i >> 16), byte(i >> 8), byte(i)}).String()
		}
		body, err := json.Marshal(x)
		if err != nil {
			d.T.Fatal(err)
		}
		if _, err := d.Shelf.PutDocument(d.T.Context(), store.Document{Kind: "decision", ID: x.ID, Body: body}); err != nil {
			d.T.Fatal(err)
		}
	}
	d.Restart()
}

// On opens a second book, with the same clock and policies, on another shelf; each call has a folder of its own.
func (d *Desk) On(shelf hook.Shelf, flows hook.Flows) *hook.Book {
	d.T.Helper()
	dir := d.T.TempDir()
	h, err := hook.OpenHistory(filepath.Join(dir, "history.jsonl"), d.Clock.Now)
	if err != nil {
		d.T.Fatal(err)
	}
	d.T.Cleanup(func() { h.Close() })
	b, err := hook.Open(d.T.Context(), hook.BookConfig{Shelf: shelf, Flows: flows, Never: d.Never, Config: d.Cfg, History: h, Dir: dir,
		Now: d.Clock.Now, Passed: d.Clock.Passed})
	if err != nil {
		d.T.Fatal(err)
	}
	return b
}

// Reason is a reason.
func (d *Desk) Reason() detector.Text { return detector.Text{VI: "giả mạo", EN: "fraud"} }

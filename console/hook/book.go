package hook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"khien/console/audit"
	"khien/detector/store"
)

// Limits of a Book.
const (
	openMax   = 200_000             // decisions that have not ended
	keepEnded = 90 * 24 * time.Hour // ended decisions; their history stays
	endedTick = 1000                // ended decisions that one Tick writes down
	impactAge = 7 * 24 * time.Hour  // of the flows that a dry run looks at
	pardon    = 30 * 24 * time.Hour // after a person has unblocked a value, no policy blocks it by itself
)

// BookConfig is what a Book works with. Config must have been validated. Never and Config are what hooks.yaml says: an
// Overlay that people made stands over them.
type BookConfig struct {
	Shelf   Shelf
	Flows   Flows
	Never   *Never
	Config  *Config
	History *History
	Dir     string // of the list versions
	Now     func() time.Time
	Passed  func() time.Duration // time since any moment by a clock that is never set; default the process's own
}

// Book keeps the decisions and the list that is in force. Safe for concurrent use; View and the methods that only read do
// not wait for those that write.
type Book struct {
	cfg   BookConfig
	clock *clock
	list  atomic.Pointer[List]
	force atomic.Pointer[rules]

	asking sync.Mutex // one request to unblock is kept at a time, so that their number has a bound

	mu        sync.Mutex
	loaded    bool // the decisions of the shelf are in memory
	decisions map[string]*Decision
	open      map[string]string    // key of a decision that has not ended → id
	pardoned  map[string]time.Time // key → when a person unblocked it
	active    map[string]*Entry
	served    map[string]*Entry    // the entries of the list in force
	dirty     map[string]struct{}  // ids whose entry may differ between the two
	refused   map[string]time.Time // protected values that findings proposed: each is told once a day
	journal   *journal
	killed    bool
	switchVer int64
	review    bool // the never-block list has changed: consumers must look again at the same entries
	held      bool // the list in force is older than the decisions, because it would have shrunk without intent
	alarms    map[string]Alarm
	changed   chan struct{} // closed when a new list is in force
}

// Open reads the list that was in force last and the decisions. A store that does not answer is no reason not to open: the
// last list is served meanwhile, and Tick tries again.
func Open(ctx context.Context, cfg BookConfig) (*Book, error) {
	if cfg.Passed == nil {
		start := time.Now()
		cfg.Passed = func() time.Duration { return time.Since(start) }
	}
	j, err := openJournal(cfg.Dir)
	if err != nil {
		return nil, err
	}
	b := &Book{cfg: cfg, journal: j, decisions: map[string]*Decision{}, open: map[string]string{}, pardoned: map[string]time.Time{},
		active: map[string]*Entry{}, served: map[string]*Entry{}, dirty: map[string]struct{}{}, refused: map[string]time.Time{}, alarms: map[string]Alarm{}, changed: make(chan struct{})}
	last := j.current()
	b.clock = newClock(cfg.Now, cfg.Passed, last.Time)
	if err := b.openRules(); err != nil {
		return nil, err
	}
	b.list.Store(last)
	for _, e := range last.Entries {
		b.served[e.ID] = e
		b.dirty[e.ID] = struct{}{}
	}
	b.killed = last.Killed
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.load(ctx); err != nil {
		b.alarm("store", Failure("the store does not answer: the last list is served, nothing can be changed: ", err))
	}
	return b, nil
}

// Now returns the time that counts for decisions.
func (b *Book) Now() time.Time { return b.clock.now() }

// load reads the decisions and makes good what a crash or a store that lost something left.
func (b *Book) load(ctx context.Context) error {
	now := b.clock.now()
	decisions := map[string]*Decision{}
	var broken []string
	err := each(ctx, b.cfg.Shelf, kindDecision, nil, func(doc store.Document) error {
		d := &Decision{}
		if err := json.Unmarshal(doc.Body, d); err != nil || d.ID != doc.ID {
			broken = append(broken, doc.ID)
			return nil
		}
		d.version = doc.Version
		decisions[d.ID] = d
		return nil
	})
	if err != nil {
		return err
	}
	var sw struct{ Killed bool }
	if b.switchVer, err = get(ctx, b.cfg.Shelf, kindBlocking, "switch", &sw); err != nil {
		return err
	}
	states, err := b.cfg.History.states()
	if err != nil {
		return err
	}
	b.killed = sw.Killed
	b.decisions = decisions
	var late []audit.Entry
	for _, d := range decisions {
		b.index(d)
		if states[d.ID] != d.State { // a crash between the document and its event
			late = append(late, audit.Entry{User: "khien", Action: "decision." + string(d.State), Object: d.ID, Detail: describe(d) + ": written after a restart"})
		}
	}
	slices.SortFunc(late, func(a, b audit.Entry) int { return strings.Compare(a.Object, b.Object) })
	if err := b.cfg.History.appendAll(late); err != nil {
		return err
	}
	lost := 0
	for _, e := range b.list.Load().Entries {
		if d := decisions[e.ID]; d != nil || !now.Before(e.Expires) || states[e.ID] == Revoked || states[e.ID] == Expired {
			continue
		}
		d := &Decision{ID: e.ID, Kind: e.Kind, Value: e.Value, Action: e.Action, Scope: e.Scope, Reason: e.Reason, Rule: e.Rule,
			Confidence: e.Confidence, Proposer: "khien", State: Active, TTL: TTLDefault, Created: e.Activated, Activated: e.Activated, Expires: e.Expires}
		lost++
		if other := b.open[d.key()]; other != "" {
			continue
		}
		if err := b.commit(ctx, d, "khien", "decision.active: restored from the list in force"); err != nil {
			return err
		}
	}
	if lost+len(broken) > 0 {
		b.alarm("lost", Cause{"lost", values{"lost": lost, "broken": len(broken)},
			fmt.Sprintf("the store lost %d decisions that were in force and cannot read %d; those in force have been restored from the list", lost, len(broken))})
	}
	if err := b.loadRules(ctx); err != nil {
		return err
	}
	b.loaded = true
	delete(b.alarms, "store")
	b.checkNever()
	return b.publish("start", false)
}

// index puts a decision into the maps.
func (b *Book) index(d *Decision) {
	b.decisions[d.ID] = d
	if d.State.Open() {
		b.open[d.key()] = d.ID
	} else if b.open[d.key()] == d.ID {
		delete(b.open, d.key())
	}
	if d.State == Revoked && d.Ended.After(b.pardoned[d.key()]) {
		b.pardoned[d.key()] = d.Ended
	}
	b.dirty[d.ID] = struct{}{}
	if d.State != Active {
		delete(b.active, d.ID)
	} else if e := b.active[d.ID]; e == nil || !e.Expires.Equal(d.Expires) {
		e = d.entry()
		if old := b.served[d.ID]; old != nil && old.same(e) {
			e = old // after a restart: the list in force need not change
		}
		b.active[d.ID] = e
	}
}

// commit writes a changed decision and its events, "type: detail" each, and makes it the one that counts. On an error
// nothing has changed. The document goes first: an event without it would be a lie, and load makes good the reverse.
func (b *Book) commit(ctx context.Context, d *Decision, user string, events ...string) error {
	if err := b.keep(ctx, d); err != nil {
		return err
	}
	var entries []audit.Entry
	for _, e := range events {
		what, detail, _ := strings.Cut(e, ": ")
		if detail != "" {
			detail = ": " + detail
		}
		entries = append(entries, audit.Entry{User: user, Action: what, Object: d.ID, Detail: describe(d) + detail})
	}
	return b.cfg.History.appendAll(entries)
}

// keep writes the document of a decision and makes it the one that counts.
func (b *Book) keep(ctx context.Context, d *Decision) error {
	tags := []string{"state:" + string(d.State), "value:" + trim(d.Value, 200), "kind:" + string(d.Kind)}
	version, err := put(ctx, b.cfg.Shelf, kindDecision, d.ID, d.version, b.clock.now(), d, tags...)
	if err != nil {
		return fmt.Errorf("hook: keep the decision: %w", err)
	}
	d.version = version
	b.index(d)
	return nil
}

// describe names a decision in one line.
func describe(d *Decision) string {
	return fmt.Sprintf("%s %s %s until %s", d.Action, d.Kind, trim(d.Value, 200), d.Expires.UTC().Format(time.RFC3339))
}

func trim(s string, n int) string { return s[:min(len(s), n)] }

// Remind notes that people are to be told of a deadline, for the consumers that tell them.
func (b *Book) Remind(key, text string) error {
	return b.cfg.History.append("khien", Reminded, key, text)
}

// publish makes the active decisions the list in force. intent says that a person asked for what is missing in it.
func (b *Book) publish(cause string, intent bool) error {
	now, before := b.clock.now(), b.list.Load()
	added, removed, entries := b.merge(now, before.Entries)
	if len(added)+len(removed) == 0 && before.Killed == b.killed && !b.review {
		clear(b.dirty)
		return nil
	}
	if !intent && !b.killed {
		lost, valid := 0, len(before.Entries)
		for _, e := range removed {
			if now.Before(e.Expires) && !b.ended(e.ID) {
				lost++
			} else {
				valid--
			}
		}
		if lost > 0 && (float64(lost) > b.rules().config.Brakes.Shrink*float64(valid) || len(entries) == 0) {
			b.held = true
			b.alarm("shrink", Cause{"shrink", values{"lost": lost, "entries": valid},
				fmt.Sprintf("the next list would lose %d of %d entries and nobody asked for it: the last good one is served; `khien block accept` serves the new one", lost, valid)})
			return nil
		}
	}
	b.held, b.review = false, false
	delete(b.alarms, "shrink")
	l := &List{Version: max(before.Version+1, uint64(max(now.Unix(), 0))), Time: now, Cause: cause, Killed: b.killed, Entries: entries}
	clear(b.dirty)
	for _, e := range removed {
		delete(b.served, e.ID)
	}
	for _, e := range added {
		b.served[e.ID] = e
	}
	if err := b.journal.add(l, added, removed); err != nil {
		b.alarm("disk", Failure("", err)) // the list is right all the same
	}
	b.list.Store(l)
	close(b.changed)
	b.changed = make(chan struct{})
	return b.cfg.History.append("khien", "list.published", fmt.Sprint(l.Version),
		fmt.Sprintf("%s: %d entries, %d added or renewed, %d removed", cause, len(entries), len(added), len(removed)))
}

// merge returns what is to be added to a list and removed from it, and the list that results.
func (b *Book) merge(now time.Time, before []*Entry) (added, removed, entries []*Entry) {
	gone := map[*Entry]bool{}
	for id := range b.dirty {
		old, now := b.served[id], b.current(id, now)
		if old == now {
			continue
		}
		if now != nil {
			added = append(added, now)
		} else {
			removed = append(removed, old)
		}
		if old != nil {
			gone[old] = true
		}
	}
	slices.SortFunc(added, less)
	slices.SortFunc(removed, less)
	entries = make([]*Entry, 0, len(before)+len(added))
	i := 0
	for _, e := range before {
		if gone[e] {
			continue
		}
		for ; i < len(added) && less(added[i], e) < 0; i++ {
			entries = append(entries, added[i])
		}
		entries = append(entries, e)
	}
	return added, removed, append(entries, added[i:]...)
}

// current returns the entry of an active decision that has not ended, nil otherwise.
func (b *Book) current(id string, now time.Time) *Entry {
	if e := b.active[id]; e != nil && now.Before(e.Expires) {
		return e
	}
	return nil
}

// ended says that the history knows why an entry is gone.
func (b *Book) ended(id string) bool {
	d := b.decisions[id]
	return d != nil && !d.State.Open()
}

// checkNever raises an alarm when the never-block list hides much of what people and policies decided.
func (b *Book) checkNever() {
	hidden := 0
	for _, e := range b.active {
		if !e.allowed(b.rules().never) {
			hidden++
		}
	}
	delete(b.alarms, "never")
	if float64(hidden) > b.rules().config.Brakes.Shrink*float64(len(b.active)) {
		b.alarm("never", Cause{"never", values{"hidden": hidden, "active": len(b.active)},
			fmt.Sprintf("the never-block list hides %d of %d active decisions: is an entry of it too wide?", hidden, len(b.active))})
	}
}

// View returns what a consumer may be told now.
func (b *Book) View(s Selection) View {
	return b.list.Load().view(b.clock.now(), b.rules().never, b.rules().config.Brakes.Canary, s)
}

// Changed returns the version in force and a channel that is closed when another one is.
func (b *Book) Changed() (uint64, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.list.Load().Version, b.changed
}

// Tick ends what has ended, tries again what failed and forgets what is old. It is to be called about once a second.
func (b *Book) Tick(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock.now()
	if away := b.clock.away(); away != 0 {
		b.alarm("clock", Cause{"clock", values{"seconds": away.Abs().Seconds()},
			fmt.Sprintf("the clock was set by %v and is not believed: decisions end by the time that has passed; put the clock right or restart", away.Round(time.Second))})
	} else {
		delete(b.alarms, "clock")
	}
	if !b.loaded {
		if err := b.load(ctx); err != nil {
			return err
		}
	}
	var ended []*Decision
	for _, d := range b.decisions {
		switch {
		case d.State.Open() && !now.Before(d.Expires):
			ended = append(ended, d)
			delete(b.active, d.ID)
			b.dirty[d.ID] = struct{}{} // whether or not it can be written down
		case !d.State.Open() && now.Sub(d.Ended) > keepEnded && len(ended) < endedTick:
			if err := b.cfg.Shelf.DeleteDocument(ctx, kindDecision, d.ID, d.version); err != nil && !errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("hook: forget a decision: %w", err)
			}
			delete(b.decisions, d.ID)
		}
	}
	var failed error
	var entries []audit.Entry
	for _, d := range ended[:min(len(ended), endedTick)] {
		n := d.clone()
		n.Ended, n.EndReason, n.EndedBy = d.Expires, "expired", "khien"
		if failed = n.move(Expired); failed == nil {
			failed = b.keep(ctx, n)
		}
		if failed != nil {
			break
		}
		entries = append(entries, audit.Entry{User: "khien", Action: "decision.expired", Object: n.ID, Detail: describe(n)})
	}
	failed = errors.Join(failed, b.cfg.History.appendAll(entries))
	if len(ended) > 0 {
		failed = errors.Join(failed, b.publish("expiry", false))
	}
	return failed
}

// Close ends the book. The history and the store stay the caller's.
func (b *Book) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.journal.file.Close()
}

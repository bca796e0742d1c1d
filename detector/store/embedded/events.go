package embedded

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"khien/detector/store"
)

// Config says how much telemetry a store keeps. The zero value is ready for use.
type Config struct {
	EventAge   time.Duration // since the last write to a part; 7 days when 0
	EventBytes int64         // of all parts together, 2 GiB when 0
}

func (c *Config) setDefaults() {
	if c.EventAge <= 0 {
		c.EventAge = 7 * 24 * time.Hour
	}
	if c.EventBytes <= 0 {
		c.EventBytes = 2 << 30
	}
}

const (
	eventBatch = 2000           // events in one transaction
	partShare  = 8              // a part is at most this fraction of EventBytes
	partSpan   = 24 * time.Hour // after which a part is closed
)

// events keeps telemetry in parts, SQLite files of their own, so that what is old goes by removing a file and findings
// never wait for it. A commit is not synced to the disk: a power failure may take the telemetry of some seconds, a crash of
// the process none. One process at a time writes events.
type events struct {
	dir   string
	cfg   Config
	mu    sync.Mutex // guards parts; writing holds it throughout
	parts []*part    // oldest first
	next  int        // number of the next part
}

// part is a file. The times of its events lie in [from, to].
type part struct {
	path     string
	n        int
	from, to int64
	began    time.Time
	w, r     *sql.DB
	size     int64
	written  time.Time
	readers  sync.WaitGroup // queries that use it
}

// eventSchema are the steps that create a part, see migrate. Parts of before there were steps have the first and no version.
var eventSchema = [][]string{{`CREATE TABLE IF NOT EXISTS events (time INTEGER NOT NULL, eid INTEGER NOT NULL, type TEXT NOT NULL, src BLOB, sport INTEGER,
	dst BLOB, dport INTEGER, host TEXT, cid INTEGER, community TEXT, flow INTEGER, sensor TEXT, body BLOB NOT NULL,
	PRIMARY KEY (time, eid)) WITHOUT ROWID`,
	`CREATE INDEX IF NOT EXISTS events_src ON events (src, time)`,
	`CREATE INDEX IF NOT EXISTS events_dst ON events (dst, time)`,
	`CREATE INDEX IF NOT EXISTS events_host ON events (host, time) WHERE host IS NOT NULL`,
	`CREATE INDEX IF NOT EXISTS events_community ON events (cid, time) WHERE cid IS NOT NULL`,
}, {
	// Events of before are found by all but the certificate.
	`ALTER TABLE events ADD COLUMN cert TEXT`,
	`CREATE INDEX events_cert ON events (cert, time) WHERE cert IS NOT NULL`,
}, {
	// Whose an address was is asked of addresses with a million other events.
	`CREATE INDEX events_lease_src ON events (src, time) WHERE type = 'dhcp'`,
	`CREATE INDEX events_lease_dst ON events (dst, time) WHERE type = 'dhcp'`,
}}

// openEvents opens the parts that there are.
func openEvents(ctx context.Context, dir string, cfg Config) (*events, error) {
	cfg.setDefaults()
	e := &events{dir: dir, cfg: cfg, next: 1}
	names, err := filepath.Glob(filepath.Join(dir, "events-*.db"))
	if err != nil {
		return nil, fmt.Errorf("embedded: %w", err)
	}
	slices.Sort(names)
	for _, name := range names {
		var n int
		if _, err := fmt.Sscanf(filepath.Base(name), "events-%06d.db", &n); err != nil {
			return nil, fmt.Errorf("embedded: %s is no part of ours", name)
		}
		p, err := openPart(ctx, name, n)
		if err != nil {
			e.close()
			return nil, err
		}
		e.parts = append(e.parts, p)
		e.next = n + 1
	}
	return e, nil
}

func openPart(ctx context.Context, path string, n int) (*part, error) {
	p := &part{path: path, n: n, began: time.Now()}
	fail := func(err error) (*part, error) {
		p.close()
		return nil, fmt.Errorf("embedded: events: %s: %w", path, err)
	}
	var err error
	if p.w, err = open(path, "journal_mode(WAL)", "synchronous(NORMAL)", "temp_store(MEMORY)", "cache_size(-16384)"); err != nil {
		return fail(err)
	}
	p.w.SetMaxOpenConns(1)
	if err = connect(ctx, p.w); err == nil {
		err = migrate(ctx, p.w, eventSchema)
	}
	if err != nil {
		return fail(err)
	}
	if p.r, err = open(path, "query_only(1)", "temp_store(MEMORY)"); err != nil {
		return fail(err)
	}
	p.r.SetMaxOpenConns(readers)
	var from, to sql.NullInt64
	if err := p.r.QueryRowContext(ctx, `SELECT (SELECT min(time) FROM events), (SELECT max(time) FROM events)`).Scan(&from, &to); err != nil {
		return fail(err)
	}
	p.from, p.to = 1<<63-1, 0
	if from.Valid {
		p.from, p.to = from.Int64, to.Int64
	}
	p.measure()
	return p, nil
}

// measure looks at the size and the time of the part's files.
func (p *part) measure() {
	p.size = 0
	for _, name := range []string{p.path, p.path + "-wal"} {
		if info, err := os.Stat(name); err == nil {
			p.size += info.Size()
			p.written = later(p.written, info.ModTime())
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (p *part) close() error {
	var err error
	for _, db := range []*sql.DB{p.r, p.w} {
		if db == nil {
			continue
		}
		if e := db.Close(); err == nil {
			err = e
		}
	}
	return err
}

// current returns the part that is written to, a new one when the last is full.
func (e *events) current(ctx context.Context) (*part, error) {
	if n := len(e.parts); n > 0 {
		if p := e.parts[n-1]; p.size < e.cfg.EventBytes/partShare && time.Since(p.began) < partSpan {
			return p, nil
		}
	}
	p, err := openPart(ctx, filepath.Join(e.dir, fmt.Sprintf("events-%06d.db", e.next)), e.next)
	if err != nil {
		return nil, err
	}
	e.next++
	e.parts = append(e.parts, p)
	return p, nil
}

// forget removes the oldest parts while they are too old or all of them too large. The newest stays.
func (e *events) forget() error {
	var sum int64
	for _, p := range e.parts {
		sum += p.size
	}
	for len(e.parts) > 1 {
		p := e.parts[0]
		if sum <= e.cfg.EventBytes && time.Since(p.written) < e.cfg.EventAge {
			return nil
		}
		p.readers.Wait() // no new ones: e.mu is held
		if err := p.close(); err != nil {
			return fmt.Errorf("embedded: events: %w", err)
		}
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if err := os.Remove(p.path + suffix); err != nil && !os.IsNotExist(err) {
				return fmt.Errorf("embedded: events: %w", err)
			}
		}
		sum -= p.size
		e.parts = e.parts[1:]
	}
	return nil
}

func (e *events) close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var err error
	for _, p := range e.parts {
		if e := p.close(); err == nil {
			err = e
		}
	}
	return err
}

// WriteEvents stores telemetry.
func (s *Store) WriteEvents(ctx context.Context, events []store.Event) error {
	kept, rejected := store.PrepareEvents(events)
	for len(kept) > 0 {
		n := min(len(kept), eventBatch)
		if err := s.events.write(ctx, kept[:n]); err != nil {
			return s.wrap("write events", err)
		}
		kept = kept[n:]
	}
	return rejected
}

func (e *events) write(ctx context.Context, batch []store.Event) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	p, err := e.current(ctx)
	if err != nil {
		return err
	}
	tx, err := p.w.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	insert, err := tx.PrepareContext(ctx, `INSERT OR IGNORE INTO events (time, eid, type, src, sport, dst, dport, host, cid, community, flow, sensor, body, cert)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)`)
	if err != nil {
		return err
	}
	from, to := p.from, p.to
	var body []byte
	for i := range batch {
		ev := &batch[i]
		at, eid := nanos(ev.Time), eventKey(ev.ID)
		if known, err := e.elsewhere(ctx, p, at, eid); err != nil || known {
			if err != nil {
				return err
			}
			continue
		}
		body = packBody(body[:0], ev.Body)
		var host, cert any
		if ev.Host != "" {
			host = reversed(ev.Host)
		}
		if ev.Cert != "" {
			cert = ev.Cert
		}
		if _, err := insert.ExecContext(ctx, at, eid, ev.Type, ipKey(ev.Src.Addr()), int64(ev.Src.Port()), ipKey(ev.Dst.Addr()), int64(ev.Dst.Port()),
			host, communityKey(ev.CommunityID), ev.CommunityID, int64(ev.FlowID), ev.Sensor, body, cert); err != nil {
			return err
		}
		from, to = min(from, at), max(to, at)
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	p.from, p.to = from, to
	p.measure()
	return e.forget()
}

// elsewhere reports whether an event is in an older part: it may be written again after the part was closed.
func (e *events) elsewhere(ctx context.Context, current *part, at, eid int64) (bool, error) {
	for _, p := range e.parts {
		if p == current || at < p.from || at > p.to {
			continue
		}
		var n int
		if err := p.r.QueryRowContext(ctx, `SELECT count(*) FROM events WHERE time = ? AND eid = ?`, at, eid).Scan(&n); err != nil || n > 0 {
			return n > 0, err
		}
	}
	return false, nil
}

// eventKey is the head of an id, in numbers that have the order of ids. Events of one nanosecond are told apart by it.
func eventKey(id string) int64 {
	var b [8]byte
	if n, err := hex.Decode(b[:], []byte(id[:min(len(id), 16)])); err != nil || n < 8 {
		panic("BUG: an event that was not prepared")
	}
	return int64(binary.BigEndian.Uint64(b[:]) ^ 1<<63)
}

// communityKey is what an index holds of a community id: 8 bytes in place of 30.
func communityKey(id string) any {
	if id == "" {
		return nil
	}
	h := fnv.New64a()
	h.Write([]byte(id))
	return int64(h.Sum64())
}

// unreversed turns "com.example.www." into www.example.com.
func unreversed(s string) string {
	labels := strings.Split(strings.TrimSuffix(s, "."), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}

// Package embedded keeps findings in one SQLite file: no service is needed. Findings come in through Write and are on the
// disk when it returns; queries go out as values that share no memory with the store. A finding's row id grows with its
// time, so that a time range is a range of rows, and groups are counted as findings come, so that the inbox does not read
// a million findings. Telemetry lies in files of its own beside it.
package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"khien/detector/store"
)

const (
	fileName  = "findings.db"
	batchSize = 1000 // findings in one transaction: few enough that readers and other writers get their turn
	readers   = 4
	busyMS    = 10_000 // how long a statement waits for another process
	busyPause = 5 * time.Millisecond
)

// Store is a store.Store in a directory. Safe for concurrent use, also by several processes.
type Store struct {
	path    string
	write   *sql.DB // one connection
	read    *sql.DB // a few, which cannot write
	events  *events
	writing sync.Mutex // one transaction at a time, so that writers queue here and not in SQLite's busy loop
}

var _ store.Store = (*Store)(nil)

// Open opens or creates the store in dir with the limits that a zero Config means. Errors name the file and what is wrong
// with it.
func Open(dir string) (*Store, error) { return OpenWith(dir, Config{}) }

// OpenWith opens or creates the store in dir.
func OpenWith(dir string, c Config) (*Store, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("embedded: make directory: %w", err)
	}
	path, err := filepath.Abs(filepath.Join(dir, fileName))
	if err != nil {
		return nil, fmt.Errorf("embedded: %w", err)
	}
	s := &Store{path: path}
	// A finding is durable before it is acknowledged: synchronous FULL syncs the log at each commit.
	s.write, err = open(path, "journal_mode(WAL)", "synchronous(FULL)", "temp_store(MEMORY)", "cache_size(-65536)")
	if err != nil {
		return nil, s.wrap("open", err)
	}
	s.write.SetMaxOpenConns(1)
	if err = connect(context.Background(), s.write); err == nil {
		err = migrate(context.Background(), s.write, schema)
	}
	if err != nil {
		s.write.Close()
		return nil, s.wrap("open", err)
	}
	s.read, err = open(path, "query_only(1)", "temp_store(MEMORY)", "cache_size(-32768)")
	if err != nil {
		s.write.Close()
		return nil, s.wrap("open", err)
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	if s.events, err = openEvents(context.Background(), filepath.Dir(path), c); err != nil {
		s.write.Close()
		s.read.Close()
		return nil, err
	}
	return s, nil
}

func open(path string, pragmas ...string) (*sql.DB, error) {
	v := url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{fmt.Sprintf("busy_timeout(%d)", busyMS)}, pragmas...)}
	u := url.URL{Scheme: "file", Path: path, RawQuery: v.Encode()}
	return sql.Open("sqlite", u.String())
}

// connect makes the first connection to a file. Where several turn the same new file into one with a write-ahead log, SQLite
// lets one do it and refuses the others at once, whatever the timeout: they try again.
func connect(ctx context.Context, db *sql.DB) error {
	for end := time.Now().Add(busyMS * time.Millisecond); ; {
		err := db.PingContext(ctx)
		var e *sqlite.Error
		if !errors.As(err, &e) || e.Code()&0xff != lib.SQLITE_BUSY || time.Now().After(end) {
			return err
		}
		time.Sleep(busyPause)
	}
}

// Close writes what SQLite still holds back and closes the file.
func (s *Store) Close() error {
	err := s.read.Close()
	if e := s.write.Close(); err == nil {
		err = e
	}
	if e := s.events.close(); err == nil {
		err = e
	}
	return s.wrap("close", err)
}

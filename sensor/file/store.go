package file

import (
	"container/list"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// StoreConfig says how files are kept. Zero fields take the defaults.
type StoreConfig struct {
	Dir     string // the folder, which is made where it is not there
	Quota   int64  // bytes of all files; 1 GiB when 0
	MaxFile int64  // bytes of one file, larger ones are not kept; 64 MiB when 0, at most Quota
	MinFree int64  // bytes that others must find free on the file system; 512 MiB when 0
	Queue   int64  // bytes that wait for the disk; 32 MiB when 0
}

// storeFiles bounds the number of files: an attacker can send any number of small ones.
const storeFiles = 1 << 20

// StoreStats counts files since the store was opened, and what lies in it now.
type StoreStats struct {
	Stored  uint64 `json:"stored"`  // files, those that were there already included
	Known   uint64 `json:"known"`   // of these, files that were there already
	Large   uint64 `json:"large"`   // larger than MaxFile
	Broken  uint64 `json:"broken"`  // of which bytes are missing
	Late    uint64 `json:"late"`    // asked for when their beginning was gone
	Dropped uint64 `json:"dropped"` // that the disk was too slow for
	Full    uint64 `json:"full"`    // that found no room on the disk or could not be written
	Deleted uint64 `json:"deleted"` // to make room
	Files   int    `json:"files"`
	Bytes   int64  `json:"bytes"`
	Error   string `json:"error,omitempty"` // of the latest write
}

// Store keeps transferred files on disk under the names of their SHA-256, each once. What it keeps is readable by its owner
// and executable by nobody. Safe for concurrent use; one process at a time may have a folder open for writing.
type Store struct {
	cfg   StoreConfig
	mu    sync.Mutex // guards what follows
	queue []order
	held  int64         // bytes in queue
	wake  chan struct{} // has an element when queue has
	ended bool
	stats StoreStats
	done  chan struct{}

	// The writer's own.
	files  map[string]*list.Element // by name
	oldest *list.List               // of kept, the one that was wanted longest ago in front
	bytes  int64
}

// kept is a file of the store.
type kept struct {
	name string
	size int64
}

// order is what the writer is to do: to write, and at the end to keep or to forget.
type order struct {
	job  *job
	data []byte
	end  bool
	keep bool
}

// job is a file that is being written. It is the writer's.
type job struct {
	f    *os.File
	hash hash.Hash
	size int64
	err  error
}

const unfinished = "unfinished-" // begins the names of files whose end has not come

// OpenStore opens a store. What a killed process left half-written is removed.
func OpenStore(cfg StoreConfig) (*Store, error) {
	set := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	set(&cfg.Quota, 1<<30)
	set(&cfg.MaxFile, min(64<<20, cfg.Quota))
	set(&cfg.MinFree, 512<<20)
	set(&cfg.Queue, 32<<20)
	if cfg.Dir == "" || cfg.Quota < 0 || cfg.MaxFile < 0 || cfg.MaxFile > cfg.Quota || cfg.MinFree < 0 || cfg.Queue < 0 {
		return nil, fmt.Errorf("file: store: %+v: Dir must be set, nothing negative, MaxFile at most Quota", cfg)
	}
	s := &Store{cfg: cfg, wake: make(chan struct{}, 1), done: make(chan struct{}), files: map[string]*list.Element{}, oldest: list.New()}
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("file: store: %w", err)
	}
	go s.write()
	return s, nil
}

// load reads what is in the folder.
func (s *Store) load() error {
	if err := os.MkdirAll(s.cfg.Dir, 0o700); err != nil {
		return err
	}
	type dated struct {
		kept
		at time.Time
	}
	var all []dated
	err := filepath.WalkDir(s.cfg.Dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || !d.Type().IsRegular():
			return err
		case strings.HasPrefix(d.Name(), unfinished):
			return os.Remove(path)
		case !isName(d.Name()) || path != s.path(d.Name()):
			return nil // not ours
		}
		info, err := d.Info()
		if err == nil {
			all = append(all, dated{kept{d.Name(), info.Size()}, info.ModTime()})
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b dated) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return strings.Compare(a.name, b.name)
	})
	for _, d := range all {
		s.add(d.kept)
	}
	if err := s.makeRoom(0); err != nil {
		return err
	}
	s.stats.Files, s.stats.Bytes, s.stats.Deleted = len(s.files), s.bytes, 0
	return nil
}

func (s *Store) add(k kept) {
	s.files[k.name] = s.oldest.PushBack(k)
	s.bytes += k.size
}

// isName reports whether a text is a SHA-256 in lower-case hexadecimal digits.
func isName(s string) bool {
	if len(s) != 2*sha256.Size {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func (s *Store) path(name string) string { return filepath.Join(s.cfg.Dir, name[:2], name) }

// Open opens a file by its SHA-256 in hexadecimal digits. The error is fs.ErrNotExist, wrapped, when it is not there. The
// caller closes it; it stays readable when it makes room for others.
func (s *Store) Open(sha string) (*os.File, error) {
	name := strings.ToLower(sha)
	if !isName(name) {
		return nil, fmt.Errorf("file: store: %q is not a SHA-256: %w", sha, fs.ErrNotExist)
	}
	f, err := os.Open(s.path(name))
	if err != nil {
		return nil, fmt.Errorf("file: store: %w", err)
	}
	return f, nil
}

// Stats returns the counts.
func (s *Store) Stats() StoreStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// give hands an order to the writer. Data that there is no room for are not taken: then false is returned.
func (s *Store) give(o order) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(o.data) > 0 && s.held+int64(len(o.data)) > s.cfg.Queue {
		return false
	}
	s.held += int64(len(o.data))
	s.queue = append(s.queue, o)
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return true
}

// count changes the counts.
func (s *Store) count(change func(*StoreStats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.stats)
}

// Close writes what waits. All keepers must be closed.
func (s *Store) Close() {
	s.mu.Lock()
	ended := s.ended
	s.ended = true
	s.mu.Unlock()
	if !ended {
		close(s.wake)
	}
	<-s.done
}

// write is the writer's goroutine.
func (s *Store) write() {
	defer close(s.done)
	for more := true; more; {
		_, more = <-s.wake
		s.mu.Lock()
		orders := s.queue
		s.queue = nil
		s.mu.Unlock()
		for _, o := range orders {
			s.do(o)
			s.mu.Lock()
			s.held -= int64(len(o.data))
			s.stats.Files, s.stats.Bytes = len(s.files), s.bytes
			s.mu.Unlock()
		}
	}
}

// do carries out an order. What fails once is forgotten at its end.
func (s *Store) do(o order) {
	j := o.job
	if j.err == nil && len(o.data) > 0 {
		j.err = s.grow(j, o.data)
	}
	if !o.end {
		return
	}
	var known bool
	err := j.err
	if err == nil && o.keep {
		known, err = s.finish(j)
	}
	if j.f != nil && (err != nil || !o.keep || known) {
		err = errors.Join(err, j.f.Close(), os.Remove(j.f.Name()))
	}
	s.count(func(n *StoreStats) {
		switch {
		case err != nil:
			n.Full++
			n.Error = err.Error()
		case o.keep:
			n.Stored++
			n.Error = ""
			if known {
				n.Known++
			}
		}
	})
}

// grow adds to a file, which is made with its first bytes.
func (s *Store) grow(j *job, data []byte) error {
	if j.f == nil {
		var st unix.Statfs_t
		if err := unix.Statfs(s.cfg.Dir, &st); err != nil {
			return os.NewSyscallError("statfs", err)
		}
		if free := int64(st.Bavail) * int64(st.Bsize); free < s.cfg.MinFree {
			return fmt.Errorf("%d MiB free in %s, %d MiB are left to others: files are not kept", free>>20, s.cfg.Dir, s.cfg.MinFree>>20)
		}
		f, err := os.CreateTemp(s.cfg.Dir, unfinished) // readable by its owner only
		if err != nil {
			return err
		}
		j.f, j.hash = f, sha256.New()
	}
	j.hash.Write(data)
	j.size += int64(len(data))
	_, err := j.f.Write(data)
	return err
}

// finish gives a file its name. known is true when there is one already.
func (s *Store) finish(j *job) (known bool, err error) {
	if j.f == nil {
		return false, errors.New("an empty file") // keepers give none
	}
	name := hex.EncodeToString(j.hash.Sum(nil))
	if e, ok := s.files[name]; ok {
		s.oldest.MoveToBack(e)
		now := time.Now()
		return true, os.Chtimes(s.path(name), now, now) // the order must outlive a restart
	}
	if err := s.makeRoom(j.size); err != nil {
		return false, err
	}
	if err := j.f.Sync(); err != nil { // a name must not stand for other bytes after a power failure
		return false, err
	}
	if err := os.MkdirAll(filepath.Dir(s.path(name)), 0o700); err != nil {
		return false, err
	}
	if err := os.Rename(j.f.Name(), s.path(name)); err != nil {
		return false, err
	}
	s.add(kept{name, j.size})
	f := j.f
	j.f = nil
	return false, f.Close()
}

// makeRoom deletes files until n more bytes fit into the quota, those first that were wanted longest ago.
func (s *Store) makeRoom(n int64) error {
	for s.oldest.Len() > 0 && (s.bytes+n > s.cfg.Quota || s.oldest.Len() >= storeFiles) {
		e := s.oldest.Front()
		k := e.Value.(kept)
		if err := os.Remove(s.path(k.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		s.oldest.Remove(e)
		delete(s.files, k.name)
		s.bytes -= k.size
		s.count(func(n *StoreStats) { n.Deleted++ })
	}
	return nil
}

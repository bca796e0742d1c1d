package abuse

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"khien/detector"
	"khien/detector/window"
)

// Limits of what is remembered.
const (
	maxSources = 1 << 12 // keys that are counted, over all patterns
	maxCalls   = 1 << 14 // calls that have not ended
)

// retell is how long an attack that goes on is one finding.
const retell = time.Hour

// Memory counts what happened, for all captures together. It is safe for concurrent use; what it finds depends on the
// order of the calls, which is the engine's.
type Memory struct {
	dir     string
	mu      sync.Mutex
	sources *window.Map[string, *source]
	calls   *window.Map[uint64, *call]
}

// source is what is counted of one key: an address, a user agent, an account or a number at one server.
type source struct {
	All     window.Counter `json:"all"`           // everything; its values are what the pattern tells apart
	Refused window.Counter `json:"refused"`       // what failed
	Other   window.Counter `json:"other"`         // a second thing to tell apart: secrets, callers
	Last    int64          `json:"-"`             // a citizen number is not written anywhere
	Run     int            `json:"run,omitempty"` // how many numbers followed each other
	Opened  int            `json:"opened,omitempty"`
	Told    time.Time      `json:"told,omitzero"`
	ID      string         `json:"id,omitempty"`
	Level   int            `json:"level,omitempty"` // how large the attack was when it was told
	First   time.Time      `json:"first,omitzero"`
}

// NewMemory returns an empty memory, or what Save has written to a folder; an empty dir keeps nothing.
func NewMemory(dir string) (*Memory, error) {
	m := &Memory{dir: dir, sources: window.New[string, *source](maxSources, 0), calls: window.New[uint64, *call](maxCalls, 0)}
	if dir == "" {
		return m, nil
	}
	b, err := os.ReadFile(m.file())
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	var kept map[string]*source
	if err == nil {
		err = json.Unmarshal(b, &kept)
	}
	if err != nil {
		return m, fmt.Errorf("abuse: read windows: %w", err)
	}
	for k, s := range kept {
		if s != nil {
			m.sources.Set(k, s)
		}
	}
	return m, nil
}

func (m *Memory) file() string { return filepath.Join(m.dir, "windows.json") }

// Save writes the windows to the folder, whole or not at all.
func (m *Memory) Save() error {
	if m.dir == "" {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := map[string]*source{}
	m.sources.All(func(k string, s *source) { kept[k] = s })
	b, err := json.Marshal(kept)
	if err == nil {
		err = os.MkdirAll(m.dir, 0o750)
	}
	if err == nil {
		err = os.WriteFile(m.file()+".new", b, 0o600)
	}
	if err == nil {
		err = os.Rename(m.file()+".new", m.file())
	}
	if err != nil {
		return fmt.Errorf("abuse: save windows: %w", err)
	}
	return nil
}

// source returns what is counted of a key of a pattern.
func (m *Memory) source(pattern, key string, width time.Duration) *source {
	k := pattern + "\x00" + key
	s, ok := m.sources.Get(k)
	if !ok {
		w := int64(width)
		s = &source{All: window.Counter{Width: w}, Refused: window.Counter{Width: w}, Other: window.Counter{Width: w}}
		m.sources.Set(k, s)
	}
	return s
}

// grown decides whether an attack of a size is to be told: when it begins, each time it has doubled, and anew after an
// hour. It returns the finding's ID, "" for silence.
func (s *source) grown(f *detector.Finding, key string, n int) bool {
	if f.Time.Sub(s.Told) >= retell {
		s.ID, s.Level, s.First = "", 0, f.Time
	}
	if n < 2*s.Level {
		return false
	}
	s.Level, s.Told = n, f.Time
	if s.ID == "" {
		f.Identify(key)
		s.ID = f.ID
	}
	f.ID, f.First, f.Time = s.ID, s.First, s.First
	f.Count = n
	return true
}

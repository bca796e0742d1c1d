package window

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/VictoriaMetrics/fastcache"
	"github.com/cespare/xxhash/v2"
)

// MaxPeers is how many different peers of a key are told apart; so many mean "at least so many".
const MaxPeers = 8

// lockShards is how many keys may be changed at once. fastcache has no test-and-set: reading a record and writing it back
// needs a lock, and one for each shard of the keys is enough.
const lockShards = 64

// Seen is what is remembered of a key.
type Seen struct {
	First, Last int64 // seconds since 1970, packet time
	Peers       int   // different peers, at most MaxPeers
}

// Firsts remembers when keys were first and last seen and by how many different peers. It is safe for concurrent use.
// When its memory is full the oldest keys are forgotten.
type Firsts struct {
	cache *fastcache.Cache
	locks [lockShards]sync.Mutex
}

// NewFirsts returns an empty memory of at most maxBytes (32 MiB at least, which fastcache rounds up to).
func NewFirsts(maxBytes int) *Firsts { return &Firsts{cache: fastcache.New(maxBytes)} }

// OpenFirsts reads what Save has written. A folder that is missing, damaged or of another size gives an empty memory.
func OpenFirsts(dir string, maxBytes int) *Firsts {
	return &Firsts{cache: fastcache.LoadFromFileOrNew(dir, maxBytes)}
}

// Save writes the memory to a folder; what was there is replaced once all is written.
func (f *Firsts) Save(dir string) error {
	if err := f.cache.SaveToFile(dir); err != nil {
		return fmt.Errorf("window: save: %w", err)
	}
	return nil
}

// Close gives the memory back.
func (f *Firsts) Close() { f.cache.Reset() }

// See notes that a peer has shown a key at a time in seconds and returns what is remembered with it. The earliest and the
// latest time hold, whatever order the calls come in.
func (f *Firsts) See(key []byte, peer uint64, at int64) Seen {
	lock := &f.locks[xxhash.Sum64(key)%lockShards]
	lock.Lock()
	defer lock.Unlock()
	var buf [seenSize]byte
	old := f.cache.Get(buf[:0], key)
	s, peers := decodeSeen(old)
	hash := uint32(peer ^ peer>>32)
	known := s.Peers == MaxPeers
	for i := 0; i < s.Peers && !known; i++ {
		known = peers[i] == hash
	}
	if s.First == 0 {
		s.First, s.Last = at, at
	} else if at >= s.First && at <= s.Last && known {
		return s
	}
	if !known {
		peers[s.Peers] = hash
		s.Peers++
	}
	s.First, s.Last = min(s.First, at), max(s.Last, at)
	b := binary.LittleEndian.AppendUint32(buf[:0], uint32(s.First))
	b = append(binary.LittleEndian.AppendUint32(b, uint32(s.Last)), byte(s.Peers))
	for i := range s.Peers {
		b = binary.LittleEndian.AppendUint32(b, peers[i])
	}
	f.cache.Set(key, b)
	return s
}

// Lookup returns what is remembered of a key.
func (f *Firsts) Lookup(key []byte) (s Seen, ok bool) {
	var buf [seenSize]byte
	s, _ = decodeSeen(f.cache.Get(buf[:0], key))
	return s, s.First != 0
}

// seenSize is the size of the largest record: two times, a count, the hashes of the peers.
const seenSize = 4 + 4 + 1 + 4*MaxPeers

func decodeSeen(b []byte) (s Seen, peers [MaxPeers]uint32) {
	if len(b) < 9 || len(b) != 9+4*int(b[8]) || b[8] > MaxPeers {
		return s, peers // nothing, or written by something else
	}
	s = Seen{First: int64(binary.LittleEndian.Uint32(b)), Last: int64(binary.LittleEndian.Uint32(b[4:])), Peers: int(b[8])}
	for i := range s.Peers {
		peers[i] = binary.LittleEndian.Uint32(b[9+4*i:])
	}
	return s, peers
}

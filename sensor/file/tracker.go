// Package file follows transferred files: bytes of a file come in from protocol parsers, a sensor.File goes out that
// holds the first bytes, the type found in them, hashes of the whole, and what lies in it when it is an archive.
//
// A Store keeps on disk, through the Keeper of each worker, the files that rules or the policy ask for.
//
// A Tracker belongs to one worker and is not safe for concurrent use. It owns the memory of its files: Content and the
// members are valid until Release.
package file

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"hash"

	"khien/sensor"
)

// Config bounds what is kept. Zero fields take the defaults.
type Config struct {
	Content  int           // bytes of a file that are kept; 1 MiB when 0, none when negative
	Memory   int           // bytes of Content that all open files of a worker may hold; 256 MiB when 0
	Hash     bool          // compute MD5, SHA-1 and SHA-256 of every file; files with Store set get them anyway
	Archives ArchiveConfig // limits of what is taken out of archives
}

// Defaults of Config.
const (
	defaultContent = 1 << 20
	defaultMemory  = 256 << 20
)

// keepSmall is the size up to which a content buffer goes back to the pool of small buffers; larger ones are few.
const (
	keepSmall = 128 << 10
	poolSmall = 256
	poolLarge = 8
)

// Tracker makes, fills and ends the files of one worker.
type Tracker struct {
	cfg          Config
	memory       int // bytes of content buffers in use
	free         []*sensor.File
	small, large [][]byte
	archive      *Archive
	dropped      uint64 // files whose content found no room
}

// state is what the tracker knows of a file beyond sensor.File; it stays with the File when that is reused.
type state struct {
	hashes [3]hash.Hash
	hashed bool // hashes hold every byte so far
	held   int  // capacity of Content, counted in Tracker.memory
	asked  int  // len(Content) at which the type is looked for again
}

// New makes a tracker.
func New(c Config) *Tracker {
	if c.Content == 0 {
		c.Content = defaultContent
	}
	if c.Memory == 0 {
		c.Memory = defaultMemory
	}
	return &Tracker{cfg: c, archive: NewArchive(c.Archives)}
}

// Open begins a file. name is copied.
func (t *Tracker) Open(tx sensor.Transaction, dir sensor.Dir, name []byte) *sensor.File {
	var f *sensor.File
	if n := len(t.free); n > 0 {
		f, t.free = t.free[n-1], t.free[:n-1]
	} else {
		f = &sensor.File{Track: &state{}}
	}
	st := f.Track.(*state)
	*f = sensor.File{Tx: tx, Dir: dir, Name: append(f.Name[:0], name...), Track: st}
	hashes := st.hashes
	*st = state{hashes: hashes, hashed: t.cfg.Hash, asked: 1}
	if st.hashed {
		st.start()
	}
	return f
}

func (st *state) start() {
	if st.hashes[0] == nil {
		st.hashes = [3]hash.Hash{md5.New(), sha1.New(), sha256.New()}
		return
	}
	for _, h := range st.hashes {
		h.Reset()
	}
}

// Write adds data to a file.
func (t *Tracker) Write(f *sensor.File, data []byte) {
	if len(data) == 0 {
		return
	}
	st := f.Track.(*state)
	if f.Store && !st.hashed && f.Size == 0 && !f.Gaps {
		st.hashed = true
		st.start()
	}
	f.Size += uint64(len(data))
	if st.hashed {
		for _, h := range st.hashes {
			h.Write(data)
		}
	}
	if f.Gaps {
		return // what follows a gap does not continue Content
	}
	t.keep(f, st, data)
	if len(f.Content) >= st.asked {
		f.Magic, f.MIME = Type(f.Content)
		st.asked = nextLook(len(f.Content))
	}
}

// nextLook returns the length of content at which its type is looked for again, as some types show late: text is told
// by more of it, a tar header ends at 512, an ISO image has its mark at 32 KiB.
func nextLook(n int) int {
	for _, at := range [...]int{16, 64, 512, 4096, 33 << 10} {
		if n < at {
			return at
		}
	}
	return int(^uint(0) >> 1)
}

// keep adds to Content what the limits allow.
func (t *Tracker) keep(f *sensor.File, st *state, data []byte) {
	if uint64(len(f.Content)) != f.Size-uint64(len(data)) {
		return // the limit was reached before
	}
	room := t.cfg.Content - len(f.Content)
	if room <= 0 {
		return
	}
	data = data[:min(len(data), room)]
	need := len(f.Content) + len(data)
	if need > cap(f.Content) {
		b := t.buffer(min(max(need, 2*cap(f.Content), 4096), t.cfg.Content))
		if t.memory-st.held+cap(b) > t.cfg.Memory {
			t.recycle(b)
			t.dropped++ // once a file: what follows does not continue Content
			return
		}
		b = append(b, f.Content...)
		t.recycle(f.Content)
		t.memory += cap(b) - st.held
		st.held = cap(b)
		f.Content = b
	}
	f.Content = append(f.Content, data...)
}

// Dropped returns of how many files not all that is kept otherwise was kept, because the open files held as much as they may.
func (t *Tracker) Dropped() uint64 { return t.dropped }

// buffer returns an empty buffer with at least n bytes of capacity.
func (t *Tracker) buffer(n int) []byte {
	if k := len(t.small); n <= keepSmall && k > 0 && cap(t.small[k-1]) >= n {
		b := t.small[k-1]
		t.small = t.small[:k-1]
		return b
	}
	if k := len(t.large); n > keepSmall && k > 0 && cap(t.large[k-1]) >= n {
		b := t.large[k-1]
		t.large = t.large[:k-1]
		return b
	}
	return make([]byte, 0, n)
}

func (t *Tracker) recycle(b []byte) {
	switch {
	case cap(b) == 0:
	case cap(b) <= keepSmall && len(t.small) < poolSmall:
		t.small = append(t.small, b[:0])
	case cap(b) > keepSmall && len(t.large) < poolLarge:
		t.large = append(t.large, b[:0])
	}
}

// Gap tells that n bytes of a file are missing. They count, and so does what comes later, but it is not kept.
func (t *Tracker) Gap(f *sensor.File, n int) {
	if n <= 0 {
		return
	}
	f.Gaps = true
	f.Size += uint64(n)
	f.Track.(*state).hashed = false
}

// Close ends a file. complete is false when its end was not seen.
func (t *Tracker) Close(f *sensor.File, complete bool) {
	st := f.Track.(*state)
	f.State = sensor.FileTruncated
	if f.Content != nil {
		f.Magic, f.MIME = Type(f.Content)
		whole := complete && !f.Gaps && uint64(len(f.Content)) == f.Size
		f.Members, f.Anomalies = t.archive.Members(f.Content, whole)
	}
	if !complete || f.Gaps {
		return
	}
	f.State = sensor.FileClosed
	if st.hashed {
		f.Hashed = true
		st.hashes[0].Sum(f.MD5[:0])
		st.hashes[1].Sum(f.SHA1[:0])
		st.hashes[2].Sum(f.SHA256[:0])
	}
}

// Release takes back the memory of a closed file that nobody looks at any more. A file whose transaction is still going
// on stays valid, since detectors may ask the transaction for it: the garbage collector has it in the end.
func (t *Tracker) Release(f *sensor.File) {
	st := f.Track.(*state)
	t.memory -= st.held
	st.held = 0
	if f.Tx != nil {
		if b := f.Tx.Base(); b.Done[0] != sensor.ProgressComplete || b.Done[1] != sensor.ProgressComplete {
			return
		}
	}
	t.recycle(f.Content)
	f.Content, f.Members, f.Anomalies, f.Tx = nil, nil, nil, nil
	t.free = append(t.free, f)
}

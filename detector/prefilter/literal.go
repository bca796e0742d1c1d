package prefilter

/*
#cgo CFLAGS: -I/usr/include/hs
#cgo linux LDFLAGS: -l:libhs.a -lstdc++ -lm
#include <stdint.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <hs.h>

typedef struct {
	unsigned int *ids;
	unsigned int n, cap;
} khien_hits;

static int khien_hit(unsigned int id, unsigned long long from, unsigned long long to, unsigned int flags, void *ctx) {
	khien_hits *h = ctx;
	(void)from; (void)to; (void)flags;
	if (h->n < h->cap)
		h->ids[h->n++] = id;
	return 0;
}

// khien_scan leaves the distinct identifiers in h->ids and gives their number, or a negative error.
static int khien_scan(const hs_database_t *db, uintptr_t data, unsigned int len, hs_scratch_t *scratch, khien_hits *h) {
	h->n = 0;
	hs_error_t err = hs_scan(db, (const char *)data, len, 0, scratch, khien_hit, h);
	return err == HS_SUCCESS ? (int)h->n : (int)err;
}

static khien_hits *khien_hits_new(unsigned int max) {
	khien_hits *h = calloc(1, sizeof *h);
	if (!h)
		return NULL;
	h->cap = max;
	h->ids = calloc(max, sizeof *h->ids);
	if (!h->ids) {
		free(h);
		return NULL;
	}
	return h;
}

static void khien_hits_free(khien_hits *h) {
	free(h->ids);
	free(h);
}

// khien_compile compiles n literals that lie one after the other in text.
static hs_error_t khien_compile(const char *text, const size_t *lens, const unsigned int *flags, const unsigned int *ids,
		unsigned int n, hs_database_t **db, hs_compile_error_t **err) {
	const char **exprs = calloc(n, sizeof *exprs);
	hs_error_t rc = HS_NOMEM;
	if (exprs) {
		for (unsigned int i = 0; i < n; i++) {
			exprs[i] = text;
			text += lens[i];
		}
		rc = hs_compile_lit_multi(exprs, flags, ids, lens, n, HS_MODE_BLOCK, NULL, db, err);
	}
	free(exprs);
	return rc;
}

// khien_compile_regex does the same with expressions that end in NUL.
static hs_error_t khien_compile_regex(const char *text, const size_t *lens, const unsigned int *flags, const unsigned int *ids,
		unsigned int n, hs_database_t **db, hs_compile_error_t **err) {
	const char **exprs = calloc(n, sizeof *exprs);
	hs_error_t rc = HS_NOMEM;
	if (exprs) {
		for (unsigned int i = 0; i < n; i++) {
			exprs[i] = text;
			text += lens[i] + 1;
		}
		rc = hs_compile_multi(exprs, flags, ids, n, HS_MODE_BLOCK, NULL, db, err);
	}
	free(exprs);
	return rc;
}

// khien_trim gives back what the C library keeps of freed memory: compiling leaves hundreds of megabytes in small pieces.
static void khien_trim(void) {
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

#cgo noescape khien_scan
#cgo nocallback khien_scan
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"unsafe"
)

// LiteralMax is how many bytes of a literal are searched for; what is longer is found by its first bytes. From somewhere
// between 34 and 40 bytes on, Hyperscan 5.4.0 fails (HS_UNKNOWN_ERROR) on buffers in which a literal overlaps itself, as
// in long runs of one byte (seen 2026-11-23).
const LiteralMax = 32

// literalFlags makes a scan tell a literal once however often it occurs: common ones cost little then.
const literalFlags = C.HS_FLAG_SINGLEMATCH

// Literal is a byte string to search for.
type Literal struct {
	Bytes  []byte
	NoCase bool
}

// Set finds many literals at once. It is immutable and safe for concurrent use.
type Set struct {
	db  *C.hs_database_t
	n   int
	max int
}

// ErrEmpty is given for a set without literals, or with an empty one.
var ErrEmpty = errors.New("prefilter: empty literal or set")

// Compile compiles literals; their places in the slice are the identifiers that Scan gives. A Cache, when not nil, is
// asked before and told after.
func Compile(lits []Literal, cache *Cache) (*Set, error) {
	if len(lits) == 0 || slices.ContainsFunc(lits, func(l Literal) bool { return len(l.Bytes) == 0 }) {
		return nil, ErrEmpty
	}
	s := &Set{n: len(lits)}
	for i, l := range lits {
		if len(l.Bytes) > LiteralMax {
			lits[i].Bytes = l.Bytes[:LiteralMax]
		}
		s.max = max(s.max, len(lits[i].Bytes))
	}
	key := cache.key(lits)
	if s.db = cache.load(key); s.db == nil {
		db, err := compile(lits, false)
		if err != nil && slices.ContainsFunc(lits, func(l Literal) bool { return l.Bytes[0] == 0 }) {
			// Newer libraries take a literal that begins with NUL for an empty one; as an expression they take it.
			db, err = compile(lits, true)
		}
		if err != nil {
			return nil, err
		}
		s.db = db
		cache.store(key, db)
		if len(lits) >= trimFrom {
			Trim()
		}
	}
	runtime.AddCleanup(s, func(db *C.hs_database_t) { C.hs_free_database(db) }, s.db)
	return s, nil
}

// trimFrom is from how many literals on compiling leaves enough behind to give it back at once.
const trimFrom = 1000

// Trim gives memory that compiling has used back to the system.
func Trim() { C.khien_trim() }

func compile(lits []Literal, regex bool) (*C.hs_database_t, error) {
	var text []byte
	lens := make([]C.size_t, len(lits))
	flags := make([]C.uint, len(lits))
	ids := make([]C.uint, len(lits))
	for i, l := range lits {
		before := len(text)
		if regex {
			for _, b := range l.Bytes {
				text = fmt.Appendf(text, `\x%02x`, b)
			}
			lens[i] = C.size_t(len(text) - before)
			text = append(text, 0)
		} else {
			text = append(text, l.Bytes...)
			lens[i] = C.size_t(len(text) - before)
		}
		ids[i] = C.uint(i)
		flags[i] = literalFlags
		if l.NoCase {
			flags[i] |= C.HS_FLAG_CASELESS
		}
	}
	var db *C.hs_database_t
	var cerr *C.hs_compile_error_t
	// The literals live in C memory while they are compiled: C keeps an array of pointers into them.
	p := C.CBytes(text)
	defer C.free(p)
	n := C.uint(len(lits))
	var rc C.hs_error_t
	if regex {
		rc = C.khien_compile_regex((*C.char)(p), &lens[0], &flags[0], &ids[0], n, &db, &cerr)
	} else {
		rc = C.khien_compile((*C.char)(p), &lens[0], &flags[0], &ids[0], n, &db, &cerr)
	}
	if rc != C.HS_SUCCESS {
		msg := fmt.Sprintf("error %d", int(rc))
		if cerr != nil {
			msg = C.GoString(cerr.message)
			C.hs_free_compile_error(cerr)
		}
		return nil, fmt.Errorf("prefilter: compile %d literals: %s", n, msg)
	}
	return db, nil
}

// Len returns the number of literals, MaxLen the length of the longest one in bytes.
func (s *Set) Len() int { return s.n }

// MaxLen returns the length of the longest literal in bytes.
func (s *Set) MaxLen() int { return s.max }

// Scratch is the memory that scans write to. It serves all sets that it was made for and belongs to one worker.
type Scratch struct {
	scratch *C.hs_scratch_t
	hits    *C.khien_hits
}

// NewScratch makes memory for scans of any of the sets.
func NewScratch(sets []*Set) (*Scratch, error) {
	s := &Scratch{}
	n := 1
	for _, set := range sets {
		n = max(n, set.n)
		if rc := C.hs_alloc_scratch(set.db, &s.scratch); rc != C.HS_SUCCESS {
			return nil, fmt.Errorf("prefilter: scratch: error %d", int(rc))
		}
	}
	if s.hits = C.khien_hits_new(C.uint(n)); s.hits == nil {
		return nil, errors.New("prefilter: scratch: out of memory")
	}
	type owned struct {
		scratch *C.hs_scratch_t
		hits    *C.khien_hits
	}
	runtime.AddCleanup(s, func(o owned) {
		if o.scratch != nil {
			C.hs_free_scratch(o.scratch)
		}
		C.khien_hits_free(o.hits)
	}, owned{s.scratch, s.hits})
	return s, nil
}

// Scan returns the identifiers of the literals that occur in data, each once, in no order. They are valid until the next
// scan with the same scratch.
func (s *Set) Scan(scratch *Scratch, data []byte) []uint32 {
	if len(data) == 0 || uint64(len(data)) > 1<<31 {
		return nil
	}
	// As a number the pointer passes without cgo's check of what it points to, which costs as much as scanning 50 bytes: a
	// slice of bytes holds no pointers, and khien_scan keeps none.
	n := C.khien_scan(s.db, C.uintptr_t(uintptr(unsafe.Pointer(unsafe.SliceData(data)))), C.uint(len(data)), scratch.scratch, scratch.hits)
	runtime.KeepAlive(data)
	runtime.KeepAlive(s)
	if n == 0 {
		return nil
	}
	ids := unsafe.Slice((*uint32)(unsafe.Pointer(scratch.hits.ids)), s.n)
	if n < 0 {
		// The library has failed on this buffer. A prefilter may say too much but never too little.
		for i := range ids {
			ids[i] = uint32(i)
		}
		return ids
	}
	return ids[:n]
}

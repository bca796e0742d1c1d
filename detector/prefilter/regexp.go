package prefilter

/*
#cgo linux LDFLAGS: -l:libpcre2-8.a
#define PCRE2_CODE_UNIT_WIDTH 8
#define PCRE2_STATIC
#include <stdint.h>
#include <stdlib.h>
#include <pcre2.h>

static int khien_match(const pcre2_code *re, uintptr_t data, size_t len, size_t start, unsigned int opts,
		pcre2_match_data *md, pcre2_match_context *mc) {
	return pcre2_match(re, (PCRE2_SPTR)data, len, start, opts, md, mc);
}

#cgo noescape khien_match
#cgo nocallback khien_match
*/
import "C"

import (
	"fmt"
	"runtime"
	"sync"
	"unsafe"
)

// Options of an expression, named as in Perl.
type Options uint32

// What Options may hold.
const (
	Caseless Options = 1 << iota
	Multiline
	DotAll
	Extended
	Anchored
	DollarEndOnly
	Ungreedy
)

// CapturesMax is how many groups a match reports, the whole match included.
const CapturesMax = 16

// Limits of one match: what a hostile buffer can make an expression do. They are Suricata's defaults.
const (
	matchLimit = 3500
	depthLimit = 1500
)

// Regexp is a compiled expression. It is immutable and safe for concurrent use.
type Regexp struct {
	code *C.pcre2_code
	jit  sync.Once
}

// CompileRegexp compiles an expression. It is translated to machine code when it is first used, because few expressions
// of a large rule set ever are.
func CompileRegexp(expr string, opts Options) (*Regexp, error) {
	var o C.uint32_t
	for _, m := range [...]struct {
		bit Options
		pcr C.uint32_t
	}{{Caseless, C.PCRE2_CASELESS}, {Multiline, C.PCRE2_MULTILINE}, {DotAll, C.PCRE2_DOTALL}, {Extended, C.PCRE2_EXTENDED},
		{Anchored, C.PCRE2_ANCHORED}, {DollarEndOnly, C.PCRE2_DOLLAR_ENDONLY}, {Ungreedy, C.PCRE2_UNGREEDY}} {
		if opts&m.bit != 0 {
			o |= m.pcr
		}
	}
	var code C.int
	var at C.size_t
	p := C.CString(expr)
	defer C.free(unsafe.Pointer(p))
	re := C.pcre2_compile_8(C.PCRE2_SPTR8(unsafe.Pointer(p)), C.size_t(len(expr)), o, &code, &at, nil)
	if re == nil {
		var buf [160]C.uchar
		C.pcre2_get_error_message_8(code, (*C.PCRE2_UCHAR8)(unsafe.Pointer(&buf[0])), C.size_t(len(buf)))
		return nil, fmt.Errorf("prefilter: expression: %s at byte %d", C.GoString((*C.char)(unsafe.Pointer(&buf[0]))), int(at))
	}
	r := &Regexp{code: re}
	runtime.AddCleanup(r, func(re *C.pcre2_code) { C.pcre2_code_free_8(re) }, re)
	return r, nil
}

// Groups returns how many capture groups the expression has.
func (r *Regexp) Groups() int {
	var n C.uint32_t
	C.pcre2_pattern_info_8(r.code, C.PCRE2_INFO_CAPTURECOUNT, unsafe.Pointer(&n))
	return int(n)
}

// MatchData is the memory that matches write to. It belongs to one worker.
type MatchData struct {
	md *C.pcre2_match_data
	mc *C.pcre2_match_context
	ov []C.size_t
	n  int

	limited bool
}

// Limited reports whether the last match was given up at a limit.
func (d *MatchData) Limited() bool { return d.limited }

// NewMatchData makes memory for matches of any expression.
func NewMatchData() *MatchData {
	d := &MatchData{md: C.pcre2_match_data_create_8(CapturesMax, nil), mc: C.pcre2_match_context_create_8(nil)}
	if d.md == nil || d.mc == nil {
		panic("prefilter: out of memory")
	}
	C.pcre2_set_match_limit_8(d.mc, matchLimit)
	C.pcre2_set_depth_limit_8(d.mc, depthLimit)
	d.ov = unsafe.Slice((*C.size_t)(unsafe.Pointer(C.pcre2_get_ovector_pointer_8(d.md))), 2*CapturesMax)
	type owned struct {
		md *C.pcre2_match_data
		mc *C.pcre2_match_context
	}
	runtime.AddCleanup(d, func(o owned) {
		C.pcre2_match_data_free_8(o.md)
		C.pcre2_match_context_free_8(o.mc)
	}, owned{d.md, d.mc})
	return d
}

var noByte [1]byte

// Match looks for the first match in data that begins at start or later. A match that reaches a limit is no match.
func (r *Regexp) Match(d *MatchData, data []byte, start int) bool {
	if start > len(data) {
		return false
	}
	r.jit.Do(func() { C.pcre2_jit_compile_8(r.code, C.PCRE2_JIT_COMPLETE) })
	p := unsafe.Pointer(&noByte[0])
	if len(data) > 0 {
		p = unsafe.Pointer(&data[0])
	}
	n := C.khien_match(r.code, C.uintptr_t(uintptr(p)), C.size_t(len(data)), C.size_t(start), 0, d.md, d.mc)
	runtime.KeepAlive(data)
	runtime.KeepAlive(r)
	if n == 0 {
		n = CapturesMax
	}
	d.n = max(int(n), 0)
	d.limited = n == C.PCRE2_ERROR_MATCHLIMIT || n == C.PCRE2_ERROR_DEPTHLIMIT || n == C.PCRE2_ERROR_JIT_STACKLIMIT
	return n > 0
}

// Group returns where group i of the last match begins and ends, and whether it took part. Group 0 is the whole match.
func (d *MatchData) Group(i int) (from, to int, ok bool) {
	if i >= d.n || d.ov[2*i] == ^C.size_t(0) {
		return 0, 0, false
	}
	return int(d.ov[2*i]), int(d.ov[2*i+1]), true
}

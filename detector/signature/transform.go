package signature

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/net/publicsuffix"

	"khien/detector/prefilter"
)

// transform changes a buffer before it is looked at. It appends the result to dst; ok is false when there is none.
type transform interface {
	apply(m *Matcher, dst, src []byte) (out []byte, ok bool)
}

// byteFunc is a transform without options.
type byteFunc func(dst, src []byte) []byte

func (f byteFunc) apply(_ *Matcher, dst, src []byte) ([]byte, bool) { return f(dst, src), true }

func plain(name string, f byteFunc) keyword {
	return keyword{name, argNone, func(b *builder, _ string) error { return b.transform(name, "", f) }}
}

// transformMax limits how many transforms a buffer may have and what inflating one may give.
const (
	transformMax = 16
	inflateMax   = 1 << 20
)

// transform adds a transform to the current sticky buffer.
func (b *builder) transform(name, arg string, t transform) error {
	if b.cur == nil {
		return fmt.Errorf("needs a sticky buffer before it")
	}
	if len(b.trans) == transformMax {
		return fmt.Errorf("more than %d transforms", transformMax)
	}
	b.trans = append(b.trans[:len(b.trans):len(b.trans)], t)
	b.keys += name + "(" + arg + ")"
	b.open = nil
	return nil
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// transformKeywords change the bytes of a sticky buffer.
func transformKeywords() []keyword {
	return []keyword{
		plain("dotprefix", func(dst, src []byte) []byte { return append(append(dst, '.'), src...) }),
		plain("strip_whitespace", func(dst, src []byte) []byte {
			for _, c := range src {
				if !isSpace(c) {
					dst = append(dst, c)
				}
			}
			return dst
		}),
		plain("compress_whitespace", func(dst, src []byte) []byte {
			before := false
			for _, c := range src {
				sp := isSpace(c)
				if !sp || !before {
					dst = append(dst, c)
				}
				before = sp
			}
			return dst
		}),
		plain("to_lowercase", func(dst, src []byte) []byte {
			for _, c := range src {
				dst = append(dst, lowerByte[c])
			}
			return dst
		}),
		plain("to_uppercase", func(dst, src []byte) []byte {
			for _, c := range src {
				if c >= 'a' && c <= 'z' {
					c -= 'a' - 'A'
				}
				dst = append(dst, c)
			}
			return dst
		}),
		plain("url_decode", func(dst, src []byte) []byte {
			for i := 0; i < len(src); i++ {
				switch c := src[i]; {
				case c == '+':
					dst = append(dst, ' ')
				case c == '%' && i+2 < len(src) && unhex(src[i+1]) >= 0 && unhex(src[i+2]) >= 0:
					dst = append(dst, byte(unhex(src[i+1])<<4|unhex(src[i+2])))
					i += 2
				default:
					dst = append(dst, c)
				}
			}
			return dst
		}),
		plain("to_md5", func(dst, src []byte) []byte { h := md5.Sum(src); return append(dst, h[:]...) }),
		plain("to_sha1", func(dst, src []byte) []byte { h := sha1.Sum(src); return append(dst, h[:]...) }),
		plain("to_sha256", func(dst, src []byte) []byte { h := sha256.Sum256(src); return append(dst, h[:]...) }),
		plain("header_lowercase", func(dst, src []byte) []byte {
			name := true
			for _, c := range src {
				if name {
					if c == ':' {
						name = false
					} else {
						c = lowerByte[c]
					}
				} else if c == '\n' {
					name = true
				}
				dst = append(dst, c)
			}
			return dst
		}),
		plain("strip_pseudo_headers", func(dst, src []byte) []byte {
			for len(src) > 0 {
				line := src
				if i := bytes.IndexByte(src, '\n'); i >= 0 {
					line = src[:i+1]
				}
				if line[0] != ':' {
					dst = append(dst, line...)
				}
				src = src[len(line):]
			}
			return dst
		}),
		{"domain", argNone, func(b *builder, _ string) error {
			return b.transform("domain", "", suffix(func(name string) (string, bool) {
				d, err := publicsuffix.EffectiveTLDPlusOne(name)
				return d, err == nil
			}))
		}},
		{"tld", argNone, func(b *builder, _ string) error {
			return b.transform("tld", "", suffix(func(name string) (string, bool) {
				d, _ := publicsuffix.PublicSuffix(name)
				return d, d != ""
			}))
		}},
		{"xor", argNeed, (*builder).xor},
		{"subslice", argNeed, (*builder).subslice},
		{"from_base64", argMay, (*builder).fromBase64},
		{"pcrexform", argNeed, func(b *builder, arg string) error {
			re, err := prefilter.CompileRegexp(strings.ReplaceAll(unquote(arg), `\"`, `"`), 0)
			if err != nil {
				return err
			}
			if re.Groups() < 1 {
				return fmt.Errorf("needs a capture group")
			}
			return b.transform("pcrexform", arg, &capture{re})
		}},
		inflater("zlib_deflate", func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }),
		inflater("gunzip", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }),
		{"luaxform", argNeed, func(*builder, string) error {
			return unsupported("luaxform", "rules cannot run programs here")
		}},
	}
}

// suffix gives a part of a domain name.
type suffix func(name string) (string, bool)

func (f suffix) apply(_ *Matcher, dst, src []byte) ([]byte, bool) {
	d, ok := f(string(src))
	return append(dst, d...), ok
}

// capture gives the first group of an expression.
type capture struct{ re *prefilter.Regexp }

func (c *capture) apply(m *Matcher, dst, src []byte) ([]byte, bool) {
	if c.re.Match(m.md, src, 0) {
		if from, to, ok := m.md.Group(1); ok {
			return append(dst, src[from:to]...), true
		}
	}
	return append(dst, src...), true
}

// inflate undoes a compression.
type inflate struct {
	open func(io.Reader) (io.Reader, error)
	max  int64
}

func (t *inflate) apply(_ *Matcher, dst, src []byte) ([]byte, bool) {
	r, err := t.open(bytes.NewReader(src))
	if err != nil {
		return dst, true
	}
	w := bytes.NewBuffer(dst)
	// What could be inflated before the data ended or broke is worth looking at.
	_, _ = io.Copy(w, io.LimitReader(r, t.max))
	return w.Bytes(), true
}

func inflater(name string, open func(io.Reader) (io.Reader, error)) keyword {
	return keyword{name, argMay, func(b *builder, arg string) error {
		t := &inflate{open: open, max: 1024}
		if arg != "" {
			w, v := split2(arg)
			n, err := parseSize(v)
			if w != "max-size" || err != nil || n < 1 || n > inflateMax {
				return fmt.Errorf("bad option %q", arg)
			}
			t.max = int64(n)
		}
		return b.transform(name, arg, t)
	}}
}

// parseSize reads a number of bytes: 512, 8k, 1mb.
func parseSize(s string) (uint64, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	mult := uint64(1)
	for _, u := range []struct {
		suffix string
		mult   uint64
	}{{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"kb", 1 << 10}, {"mb", 1 << 20}, {"gb", 1 << 30}, {"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}} {
		if strings.HasSuffix(s, u.suffix) {
			s, mult = strings.TrimSpace(strings.TrimSuffix(s, u.suffix)), u.mult
			break
		}
	}
	n, err := strconv.ParseUint(s, 10, 32)
	return n * mult, err
}

// xorKey is xor: a key that the rule gives, or that stands in the buffer.
type xorKey struct {
	key        []byte
	offset     int
	extract    bool
	n, keyFrom int
}

func (x *xorKey) apply(_ *Matcher, dst, src []byte) ([]byte, bool) {
	key := x.key
	if x.extract {
		if x.keyFrom+x.n > len(src) {
			return append(dst, src...), true
		}
		key = src[x.keyFrom : x.keyFrom+x.n]
	}
	start := len(dst)
	dst = append(dst, src...)
	if x.offset < len(src) {
		for i := range dst[start+x.offset:] {
			dst[start+x.offset+i] ^= key[i%len(key)]
		}
	}
	return dst, true
}

func (b *builder) xor(arg string) error {
	x := &xorKey{}
	arg = unquote(arg)
	for _, o := range fields(arg) {
		w, v := split2(o)
		switch w {
		case "offset":
			n, err := strconv.ParseUint(v, 10, 16)
			if err != nil {
				return fmt.Errorf("bad offset %q", v)
			}
			x.offset = int(n)
		case "extract":
			f := strings.Fields(v)
			if len(f) != 2 {
				return fmt.Errorf("extract needs a length and an offset")
			}
			n, err1 := strconv.ParseUint(f[0], 10, 8)
			at, err2 := strconv.ParseUint(f[1], 10, 16)
			if err1 != nil || err2 != nil || n == 0 {
				return fmt.Errorf("bad extract %q", v)
			}
			x.extract, x.n, x.keyFrom = true, int(n), int(at)
		default:
			k, err := hex.DecodeString(unquote(w))
			if err != nil || len(k) == 0 || len(k) > 255 {
				return fmt.Errorf("bad key %q", w)
			}
			x.key = k
		}
	}
	if x.extract == (x.key != nil) {
		return fmt.Errorf("needs a key or extract")
	}
	return b.transform("xor", arg, x)
}

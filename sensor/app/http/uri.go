package http

import "bytes"

// normalise appends the normalised form of a request target to dst and returns it with the length of its path: without
// scheme and authority, percent-decoded once, dot segments removed, separators compressed, backslashes of the path turned
// into slashes. That is what most servers see, and what rules are written against.
func normalise(dst, target []byte) (uri []byte, path int, doubly bool) {
	base := len(dst)
	p := target
	if i := schemeEnd(p); i > 0 {
		p = p[i:]
		if j := bytes.IndexAny(p, "/?#\\"); j >= 0 {
			p = p[j:]
		} else {
			p = nil
		}
		if len(p) == 0 || p[0] == '?' {
			dst = append(dst, '/')
		}
	}
	query := bytes.IndexByte(p, '?')
	if f := bytes.IndexByte(p, '#'); f >= 0 && (query < 0 || f < query) {
		query = f
	}
	rest := p[len(p):]
	if query >= 0 {
		p, rest = p[:query], p[query:]
	}
	start := len(dst)
	dst = decode(dst, p)
	doubly = encoded(dst[start:])
	dst = dst[:start+cleanPath(dst[start:])]
	path = len(dst) - base
	start = len(dst)
	dst = decode(dst, rest)
	return dst, path, doubly || encoded(dst[start:])
}

// schemeEnd returns the length of "http://" or another scheme with its slashes, 0 when the target has none.
func schemeEnd(p []byte) int {
	for i, c := range p {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'):
			if i > 16 {
				return 0
			}
		case c == ':' && i > 0 && len(p) >= i+3 && p[i+1] == '/' && p[i+2] == '/':
			return i + 3
		default:
			return 0
		}
	}
	return 0
}

// authority returns host and port of an absolute target.
func authority(target []byte) []byte {
	i := schemeEnd(target)
	if i == 0 {
		return nil
	}
	a := target[i:]
	if j := bytes.IndexAny(a, "/?#\\"); j >= 0 {
		a = a[:j]
	}
	if j := bytes.LastIndexByte(a, '@'); j >= 0 {
		a = a[j+1:]
	}
	return a
}

func unhex(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// decode appends p with %HH and the %uHHHH of old servers decoded; what is no valid escape stays. A plus stays, too.
func decode(dst, p []byte) []byte {
	for i := 0; i < len(p); i++ {
		c := p[i]
		if c != '%' {
			dst = append(dst, c)
			continue
		}
		if v, ok := hexByte(p[i+1:]); ok {
			dst = append(dst, v)
			i += 2
			continue
		}
		if i+6 <= len(p) && (p[i+1] == 'u' || p[i+1] == 'U') {
			hi, ok1 := hexByte(p[i+2:])
			lo, ok2 := hexByte(p[i+4:])
			if ok1 && ok2 {
				dst = append(dst, narrow(hi, lo))
				i += 5
				continue
			}
		}
		dst = append(dst, c)
	}
	return dst
}

func hexByte(p []byte) (byte, bool) {
	if len(p) < 2 {
		return 0, false
	}
	hi, ok1 := unhex(p[0])
	lo, ok2 := unhex(p[1])
	return hi<<4 | lo, ok1 && ok2
}

// narrow maps a character to the byte that Windows' best fit has for it: the full-width forms U+FF01-FF5E are those of
// ASCII, others that have no byte are a question mark.
func narrow(hi, lo byte) byte {
	switch {
	case hi == 0:
		return lo
	case hi == 0xff && lo >= 1 && lo <= 0x5e:
		return lo + 0x20
	}
	return '?'
}

// encoded reports whether p still has escapes.
func encoded(p []byte) bool {
	for {
		i := bytes.IndexByte(p, '%')
		if i < 0 {
			return false
		}
		p = p[i+1:]
		if _, ok := hexByte(p); ok {
			return true
		}
	}
}

// cleanPath removes dot segments (RFC 3986, 5.2.4) and repeated separators in place and returns the new length.
func cleanPath(p []byte) int {
	w := 0
	for i := 0; i < len(p); {
		c := p[i]
		if c == '\\' {
			c = '/'
		}
		if c != '/' {
			p[w] = c
			w++
			i++
			continue
		}
		for i < len(p) && (p[i] == '/' || p[i] == '\\') {
			i++
		}
		rest := p[i:]
		switch {
		case segment(rest, "."):
			i++
			if i == len(p) {
				p[w] = '/'
				w++
			}
		case segment(rest, ".."):
			i += 2
			for w > 0 && p[w-1] != '/' {
				w--
			}
			if w > 0 {
				w--
			}
			if i == len(p) {
				p[w] = '/'
				w++
			}
		default:
			p[w] = '/'
			w++
		}
	}
	return w
}

// segment reports whether p begins with the whole segment s.
func segment(p []byte, s string) bool {
	return len(p) >= len(s) && string(p[:len(s)]) == s && (len(p) == len(s) || p[len(s)] == '/' || p[len(s)] == '\\')
}

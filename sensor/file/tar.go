package file

import "bytes"

const tarBlock = 512

// tar lists and copies the members of a tar archive (POSIX.1-2001, pax: "ustar Interchange Format").
func (a *Archive) tar(d []byte) {
	long := ""
	for len(d) >= tarBlock {
		h := d[:tarBlock]
		if h[0] == 0 && h[257] == 0 {
			return // the end is marked with zero blocks
		}
		size, ok := octal(h[124:136])
		if !ok || !bytes.HasPrefix(h[257:], []byte("ustar")) {
			a.odd(Malformed)
			return
		}
		d = d[tarBlock:]
		body := d[:min(size, uint64(len(d)))]
		name := text(h[:100])
		if prefix := text(h[345:500]); prefix != "" && h[263] != ' ' {
			name = prefix + "/" + name
		}
		if long != "" {
			name, long = long, ""
		}
		switch h[156] {
		case 'L': // GNU: the name of the next member
			long = text(body[:min(len(body), maxPath)])
		case 'x': // pax: records about the next member
			long = paxPath(body)
		case '0', 0, '7':
			if !a.list(name, size) {
				return
			}
			i := len(a.run.members) - 1
			if n := min(len(body), a.room()); n > 0 {
				a.fill(i, bytes.Clone(body[:n]))
			}
		}
		padded := (size + tarBlock - 1) &^ (tarBlock - 1)
		if padded < size || padded > uint64(len(d)) {
			return
		}
		d = d[padded:]
	}
}

// paxPath returns the path in records of the form "length path=value\n", "" when there is none.
func paxPath(b []byte) string {
	for len(b) > 0 {
		record, rest, _ := bytes.Cut(b, []byte("\n"))
		b = rest
		if i := bytes.Index(record, []byte(" path=")); i >= 0 && i < 8 {
			v := record[i+6:]
			return string(v[:min(len(v), maxPath)])
		}
	}
	return ""
}

// text returns a field up to its zero byte.
func text(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// octal reads a number field; GNU's binary form for large numbers is taken as too large.
func octal(b []byte) (n uint64, ok bool) {
	for _, c := range b {
		switch {
		case c >= '0' && c <= '7':
			if n > 1<<56 {
				return 0, false
			}
			n = n<<3 | uint64(c-'0')
			ok = true
		case c == ' ' || c == 0:
			if ok {
				return n, true
			}
		default:
			return 0, false
		}
	}
	return n, ok
}

// gzip unpacks a gzip file (RFC 1952): one member, or the members of the tar within.
func (a *Archive) gzip(d []byte) {
	flags, at := d[3], 10
	if flags&4 != 0 {
		if at+2 > len(d) {
			return
		}
		at += 2 + int(d[at]) + int(d[at+1])<<8
	}
	name := ""
	for _, bit := range [...]byte{8, 16} {
		if flags&bit == 0 || at >= len(d) {
			continue
		}
		i := bytes.IndexByte(d[at:], 0)
		if i < 0 {
			a.odd(Malformed)
			return
		}
		if bit == 8 {
			name = text(d[at : at+min(i, maxPath)])
		}
		at += i + 1
	}
	if flags&2 != 0 {
		at += 2
	}
	if at >= len(d) {
		return
	}
	data, _, _ := a.inflate(d[at:])
	if len(data) == 0 {
		return
	}
	if isTar(data) && a.run.depth+1 < a.cfg.Depth {
		a.run.depth++
		a.run.total += len(data)
		a.tar(data)
		a.run.depth--
		return
	}
	if name == "" {
		name = "data"
	}
	if a.list(name, uint64(len(data))) {
		a.fill(len(a.run.members)-1, data)
	}
}

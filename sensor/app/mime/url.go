package mime

import "bytes"

// URL is a link found in a text.
type URL struct {
	Scheme string // "http", "https" or "ftp"
	Rest   []byte // what follows "://"
}

var schemes = [...]string{"http://", "https://", "ftp://"}

// text puts decoded text together to lines and searches them for URLs.
func (p *Parser) text(b []byte) {
	for len(b) > 0 {
		room := min(textLineMax-len(p.textLine), len(b))
		i := bytes.IndexByte(b[:room], '\n')
		if i < 0 {
			p.textLine = append(p.textLine, b[:room]...)
			b = b[room:]
			if len(p.textLine) < textLineMax {
				return
			}
		} else {
			p.textLine = append(p.textLine, b[:i]...)
			b = b[i+1:]
		}
		p.urls(p.textLine)
		p.textLine = p.textLine[:0]
	}
}

// urls collects the URLs of a line.
func (p *Parser) urls(line []byte) {
	for at := 0; ; {
		i := bytes.Index(line[at:], []byte("://"))
		if i < 0 || len(p.URLs) >= urlCountMax {
			return
		}
		i += at
		at = i + 3
		for _, s := range schemes {
			n := len(s) - 3
			if i < n || !equalFold(line[i-n:i], s[:n]) || i > n && isLetter(line[i-n-1]) {
				continue
			}
			rest := line[i+3:]
			if j := bytes.IndexFunc(rest, urlEnd); j >= 0 {
				rest = rest[:j]
			}
			rest = bytes.TrimRight(rest, ".,;:!?)")
			if len(rest) > urlMax {
				rest = rest[:urlMax]
			}
			if len(rest) > 0 {
				p.URLs = append(p.URLs, URL{Scheme: s[:n], Rest: append([]byte{}, rest...)})
			}
			at = i + 3 + len(rest)
			break
		}
	}
}

// urlEnd tells what cannot stand in a URL (RFC 3986, appendix C names the delimiters).
func urlEnd(r rune) bool {
	return r <= ' ' || r == '"' || r == '\'' || r == '<' || r == '>' || r == '`' || r == 0x7f
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

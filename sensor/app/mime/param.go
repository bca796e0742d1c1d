package mime

import (
	"bytes"
	"io"
	stdmime "mime"

	"golang.org/x/text/encoding/htmlindex"
)

// params reads the parameters of Content-Type or Content-Disposition: the boundary and, under the given key, the name of
// an attachment, in pieces and with a charset as RFC 2231 allows, or in encoded words as mail programs do.
func (p *Parser) params(s []byte, nameKey string, strong bool) {
	var whole, pieces []byte
	extended := false
	for count := 0; len(s) > 0 && count < headerCount; count++ {
		var key, value []byte
		key, value, s = nextParam(s)
		switch base, star, _ := bytes.Cut(key, []byte{'*'}); {
		case string(key) == "boundary":
			p.setBoundary(value)
		case !equalFold(base, nameKey):
		case len(base) == len(key):
			if whole == nil {
				whole = append([]byte{}, value...)
			}
		default:
			extended = true
			pieces = appendExtended(pieces, star, value)
		}
	}
	name := pieces
	if !extended {
		name = DecodeWords(whole)
	}
	if len(name) == 0 || p.ent.strong && !strong {
		return
	}
	if len(name) > filenameMax {
		p.anomaly(LongFilename)
		name = name[:filenameMax]
	}
	p.ent.name, p.ent.strong = append([]byte{}, name...), strong
}

func (p *Parser) setBoundary(value []byte) {
	if len(value) > boundaryMax {
		p.anomaly(LongBoundary)
		return
	}
	if p.ent.boundary == nil {
		p.ent.boundary = append([]byte{}, bytes.TrimRight(value, " \t")...)
	}
}

// nextParam takes the first parameter of a list. The key is in lower case.
func nextParam(s []byte) (key, value, rest []byte) {
	s = bytes.TrimLeft(s, " \t;")
	i := bytes.IndexAny(s, "=;")
	if i < 0 {
		return nil, nil, nil
	}
	key = append([]byte{}, bytes.TrimSpace(s[:i])...)
	lower(key)
	if s[i] == ';' {
		return key, nil, s[i+1:]
	}
	s = bytes.TrimLeft(s[i+1:], " \t")
	if len(s) == 0 || s[0] != '"' {
		value, rest, _ = bytes.Cut(s, []byte{';'})
		return key, bytes.TrimSpace(value), rest
	}
	s = s[1:]
	for i = 0; i < len(s) && s[i] != '"'; i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
			i++
		}
		value = append(value, s[i])
	}
	if i < len(s) {
		i++
	}
	_, rest, _ = bytes.Cut(s[i:], []byte{';'})
	return key, value, rest
}

// appendExtended appends a piece of a parameter value. mark is what stands in its key after the first star: "" for the
// whole in percent-encoding, "0" or "0*" for pieces. Pieces count in the order in which they stand.
func appendExtended(dst, mark, value []byte) []byte {
	if len(dst) > headerMax {
		return dst
	}
	if len(mark) > 0 && mark[len(mark)-1] != '*' {
		return append(dst, value...)
	}
	if len(dst) == 0 { // charset'language'text
		if i := bytes.IndexByte(value, '\''); i >= 0 {
			if j := bytes.IndexByte(value[i+1:], '\''); j >= 0 {
				value = value[i+j+2:]
			}
		}
	}
	for i := 0; i < len(value); i++ {
		if value[i] == '%' && i+2 < len(value) {
			if hi, lo := unhex(value[i+1]), unhex(value[i+2]); hi >= 0 && lo >= 0 {
				dst = append(dst, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		dst = append(dst, value[i])
	}
	return dst
}

// DecodeWords decodes the encoded words of RFC 2047 to UTF-8; text that is none stays as it is.
func DecodeWords(b []byte) []byte {
	if !bytes.Contains(b, []byte("=?")) {
		return b
	}
	d := stdmime.WordDecoder{CharsetReader: charset}
	s, err := d.DecodeHeader(string(b))
	if err != nil {
		return b
	}
	return []byte(s)
}

// charset reads text of any charset that browsers know.
func charset(name string, in io.Reader) (io.Reader, error) {
	e, err := htmlindex.Get(name)
	if err != nil {
		return nil, err
	}
	return e.NewDecoder().Reader(in), nil
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c - 'a' + 10)
	case 'A' <= c && c <= 'F':
		return int(c - 'A' + 10)
	}
	return -1
}

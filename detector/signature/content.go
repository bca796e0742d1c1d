package signature

import (
	"bytes"
	"fmt"
)

// content is one byte string and where it may stand.
type content struct {
	pat, lower []byte
	nocase     bool
	neg        bool
	starts     bool
	ends       bool
	raw        bool
	replace    bool
	fast       bool
	fastOnly   bool

	offset, depth, distance, within place
	chopOff, chopLen                uint16 // the part that is the fast pattern, when chopLen is not 0
}

// place is a number of bytes that a rule gives, or the variable that holds it. A large rule set has 100,000 contents: the
// four of each are small.
type place struct {
	n   int32
	v   uint8 // index of the variable and 1; 0 for none
	set bool
}

func (c *content) relative() bool { return c.distance.set || c.within.set }

// positioned reports whether the content says where in a packet it stands.
func (c *content) positioned() bool { return c.offset.set || c.depth.set || c.starts }

// contentMax is the longest content in bytes.
const contentMax = 8192

// parseContent reads the argument of content: an optional !, quotes, text with |hex| parts and escapes.
func parseContent(arg string) (pat []byte, neg bool, err error) {
	if len(arg) > 0 && arg[0] == '!' {
		neg = true
		arg = trimLeft(arg[1:])
	}
	if len(arg) >= 1 && arg[0] == '"' {
		if len(arg) < 2 || arg[len(arg)-1] != '"' {
			return nil, false, fmt.Errorf("content is not closed by a quote")
		}
		arg = arg[1 : len(arg)-1]
	}
	if arg == "" {
		return nil, false, fmt.Errorf("content is empty")
	}
	hex := false
	nibble := -1
	for i := 0; i < len(arg); i++ {
		c := arg[i]
		switch {
		case c == '|':
			if hex && nibble >= 0 {
				return nil, false, fmt.Errorf("odd number of hex digits")
			}
			hex = !hex
		case hex:
			if c == ' ' || c == ',' || c == '\t' {
				continue
			}
			d := unhex(c)
			if d < 0 {
				return nil, false, fmt.Errorf("%q is no hex digit", c)
			}
			if nibble < 0 {
				nibble = d
			} else {
				pat = append(pat, byte(nibble<<4|d))
				nibble = -1
			}
		case c == '\\' && i+1 < len(arg):
			i++
			switch arg[i] {
			case '\\', ';', ':', '"', '|':
				pat = append(pat, arg[i])
			default:
				return nil, false, fmt.Errorf("%q may not be escaped", arg[i])
			}
		default:
			pat = append(pat, c)
		}
	}
	switch {
	case hex:
		return nil, false, fmt.Errorf("hex part is not closed by |")
	case len(pat) == 0:
		return nil, false, fmt.Errorf("content is empty")
	case len(pat) > contentMax:
		return nil, false, fmt.Errorf("content is longer than %d bytes", contentMax)
	}
	return pat, neg, nil
}

func trimLeft(s string) string {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	return s
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// formatContent writes bytes as content has them: parseContent(formatContent(p)) is p.
func formatContent(p []byte) string {
	var b bytes.Buffer
	hex := false
	for _, c := range p {
		plain := c >= 0x20 && c < 0x7f && c != '"' && c != ';' && c != '\\' && c != '|' && c != ':'
		if !plain {
			if !hex {
				b.WriteByte('|')
				hex = true
			} else {
				b.WriteByte(' ')
			}
			fmt.Fprintf(&b, "%02X", c)
			continue
		}
		if hex {
			b.WriteByte('|')
			hex = false
		}
		b.WriteByte(c)
	}
	if hex {
		b.WriteByte('|')
	}
	return b.String()
}

// index finds the content in b, or gives -1.
func (c *content) index(b []byte) int {
	if !c.nocase {
		return bytes.Index(b, c.pat)
	}
	return indexFold(b, c.lower)
}

// at reports whether b begins with the content.
func (c *content) at(b []byte) bool {
	if len(b) < len(c.pat) {
		return false
	}
	if !c.nocase {
		return bytes.Equal(b[:len(c.pat)], c.pat)
	}
	for i, x := range c.lower {
		if lowerByte[b[i]] != x {
			return false
		}
	}
	return true
}

var lowerByte = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
		if i >= 'A' && i <= 'Z' {
			t[i] += 'a' - 'A'
		}
	}
	return
}()

// indexFold finds low, which is in lower case, in b without regard to ASCII case.
func indexFold(b, low []byte) int {
	n := len(low)
	if n == 0 || len(b) < n {
		return -1
	}
	last := len(b) - n
	c := low[0]
	u := c
	if c >= 'a' && c <= 'z' {
		u -= 'a' - 'A'
	}
	nextC, nextU := -1, -1
	if c == u {
		nextU = len(b)
	}
	for i := 0; i <= last; {
		if nextC < i {
			if nextC = bytes.IndexByte(b[i:], c); nextC < 0 {
				nextC = len(b)
			} else {
				nextC += i
			}
		}
		if nextU < i {
			if nextU = bytes.IndexByte(b[i:], u); nextU < 0 {
				nextU = len(b)
			} else {
				nextU += i
			}
		}
		i = min(nextC, nextU)
		if i > last {
			return -1
		}
		j := 1
		for j < n && lowerByte[b[i+j]] == low[j] {
			j++
		}
		if j == n {
			return i
		}
		i++
	}
	return -1
}

func lowerCopy(p []byte) []byte {
	l := make([]byte, len(p))
	for i, c := range p {
		l[i] = lowerByte[c]
	}
	return l
}

package signature

import (
	"strings"

	"khien/detector/prefilter"
)

// pickFast chooses the content that the prefilter searches: the one that the rule names, else the one that is rarest.
// Searching one content of each rule in one pass is what makes tens of thousands of rules cheap.
func (b *builder) pickFast() {
	s := b.s
	var best *fastPattern
	bestScore := -1
	look := func(l *list) {
		if l == nil || l.absentOr || l.absent {
			return
		}
		if l.def != nil && (l.def.packet != nil || l.def.is(numeric)) {
			return
		}
		for i := range l.items {
			it := &l.items[i]
			if it.kind != kindContent || it.c.neg {
				continue
			}
			c := it.c
			data := c.pat
			if c.chopLen > 0 {
				data = c.pat[c.chopOff : c.chopOff+c.chopLen]
			}
			score := rarity(data)
			if l.def != nil {
				switch l.def.name {
				case "http.method", "http.stat_code", "http.stat_msg", "http.protocol":
					score /= 8
				case "http.cookie", "http.header_names", "http.header":
					score -= score / 8
				}
			}
			if c.fast {
				score += 1 << 20
			}
			if score > bestScore {
				best, bestScore = &fastPattern{list: l, c: c, data: data}, score
			}
		}
	}
	if s.class == classTx || s.class == classFrame {
		for _, l := range s.lists {
			look(l)
		}
		// A rule that also looks at the raw stream cannot be found by it: the transaction may come before its bytes.
	} else {
		look(s.payload)
	}
	if best == nil {
		return
	}
	best.data = rarestPart(best.data)
	s.fp = best
	s.FastPattern = formatContent(best.data)
	s.FastBuffer = "payload"
	if best.list.def != nil {
		s.FastBuffer = best.list.def.name
	}
}

// headMax is how many bytes of a payload are searched for patterns whose offset and depth are small. Most rules on single
// packets have such patterns, and most bytes of large packets need not be searched for them.
const headMax = 256

// headOnly reports whether the rule's pattern can only stand in the first headMax bytes of a payload, because the content
// says so or because the payload may not be longer.
func (s *sig) headOnly() bool {
	if s.sizeMax > 0 && s.sizeMax <= headMax {
		return true
	}
	c := s.fp.c
	return c.depth.set && !c.relative() && c.depth.v == 0 && c.offset.v == 0 && c.offset.n+c.depth.n <= headMax
}

// everywhere holds, in lower case, what most messages of common protocols carry: a content that is a part of it says nothing.
const everywhere = "\xffsmb\xfesmb\x00http/1.1 200 ok\r\n\r\n\x00get / http/1.0\r\n\x00post /\x00host: www.\x00user-agent: mozilla/5.0 (\x00" +
	"content-type: text/html\x00content-length: \x00application/\x00mail from:<\x00rcpt to:<\x00<html><head><script\x00http://www.\x00https://\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"

// rarity guesses how seldom a byte string occurs: letters and digits are common, other bytes less so.
func rarity(p []byte) int {
	n := 0
	seen := [256]bool{}
	for _, c := range p {
		w := 2
		switch {
		case c == 0 || c == ' ' || c == 0xff:
			w = 1
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
			w = 3
		case c == '/' || c == '.' || c == '=' || c == '\r' || c == '\n' || c == ':':
			w = 2
		default:
			w = 4
		}
		if seen[c] {
			w = (w + 1) / 2
		}
		seen[c] = true
		n += w
	}
	if strings.Contains(everywhere, string(lowerCopy(p))) {
		n /= 4
	}
	return n
}

// rarestPart cuts a long pattern down to what the prefilter searches.
func rarestPart(p []byte) []byte {
	const n = prefilter.LiteralMax
	if len(p) <= n {
		return p
	}
	best, at := -1, 0
	for i := 0; i+n <= len(p); i += 8 {
		if r := rarity(p[i : i+n]); r > best {
			best, at = r, i
		}
	}
	return p[at : at+n]
}

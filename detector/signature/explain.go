package signature

import (
	"fmt"
	"strings"
)

// shortPattern is the length in bytes below which a fast pattern occurs by chance in much traffic.
const shortPattern = 4

// Explanation says how a rule is inspected.
type Explanation struct {
	Rule
	When    string   // what it is inspected on: "each packet", "the reassembled stream", …
	LooksAt []string // the buffers, in order, with what is sought in each
	Slow    []string // why it costs more than others; empty when nothing speaks for that
}

// Explain explains the rule of a sid; false when there is none.
func (s *Set) Explain(sid uint32) (Explanation, bool) {
	for _, x := range s.sigs {
		if x.SID == sid && !x.swapped {
			return x.explain(), true
		}
	}
	return Explanation{}, false
}

var classNames = [...]string{classPacket: "each packet that its header selects", classIPOnly: "the addresses, once a flow and direction",
	classProtoApp: "the protocol, once it is known", classStream: "the reassembled stream", classTx: "transactions, as they change"}

func (s *sig) explain() Explanation {
	e := Explanation{Rule: *s.Rule, When: classNames[s.class]}
	regexps, contents := 0, 0
	look := func(l *list, name string) {
		if l == nil {
			return
		}
		c, r, o := 0, 0, 0
		for _, it := range l.items {
			switch it.kind {
			case kindContent:
				c++
			case kindRegexp:
				r++
			default:
				o++
			}
		}
		if c+r+o == 0 {
			return
		}
		contents, regexps = contents+c, regexps+r
		if l.def != nil {
			name = l.def.name
		}
		if l.key != "" {
			name += " (transformed)"
		}
		var parts []string
		for _, p := range []struct {
			n          int
			one, other string
		}{{c, "content", "contents"}, {r, "expression", "expressions"}, {o, "other check", "other checks"}} {
			if p.n > 0 {
				parts = append(parts, counted(p.n, p.one, p.other))
			}
		}
		e.LooksAt = append(e.LooksAt, name+": "+strings.Join(parts, ", "))
	}
	for _, l := range s.pktLists {
		look(l, "header")
	}
	look(s.payload, "payload")
	for _, l := range s.lists {
		look(l, "buffer")
	}
	if n := len(s.packet); n > 0 {
		e.LooksAt = append(e.LooksAt, "packet and flow: "+counted(n, "condition", "conditions"))
	}
	e.Slow = s.slow(regexps)
	return e
}

func counted(n int, one, other string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, other)
}

// slow says why a rule is evaluated often or long.
func (s *sig) slow(regexps int) (why []string) {
	switch {
	case s.fp == nil && s.class == classPacket:
		why = append(why, "no content can be searched for beforehand: every packet that the header selects is evaluated")
	case s.fp == nil && (s.class == classTx || s.class == classStream):
		why = append(why, "no content can be searched for beforehand: everything of its protocol is evaluated")
	case s.fp != nil && len(s.fp.data) < shortPattern:
		why = append(why, fmt.Sprintf("the fast pattern has %d bytes and occurs by chance", len(s.fp.data)))
	case s.fp != nil && strings.Contains(everywhere, string(lowerCopy(s.fp.data))):
		why = append(why, "the fast pattern stands in most messages of its protocol")
	}
	if s.fp == nil && regexps > 0 {
		why = append(why, "its expressions run without a content that has to be there first")
	}
	if s.class == classTx && s.payload != nil && len(s.payload.items) > 0 {
		why = append(why, "it looks at a transaction and at the raw stream, which have to be held together")
	}
	return why
}

package signature

import (
	"fmt"
	"strings"

	"khien/detector/prefilter"
)

// regexItem is a pcre step.
type regexItem struct {
	re   *prefilter.Regexp
	neg  bool
	rel  bool
	text string
	vars []groupVar
}

// groupVar is the variable that a group of an expression sets. Those of alerts only are read and have no effect.
type groupVar struct {
	name string
	kind groupKind
}

type groupKind uint8

const (
	captureFlow groupKind = iota
	capturePacket
	captureAlert
)

// Limits of captures.
const (
	capturesMax = 16  // of an expression
	captureMax  = 256 // bytes of a value
)

// captured is a variable with its value, which lies in the buffer.
type captured struct {
	*groupVar
	value []byte
}

// capture remembers the groups of an expression that has just matched in b.
func (s *scan) capture(r *regexItem, b []byte) {
	for i := range r.vars {
		if from, to, ok := s.m.md.Group(i + 1); ok && r.vars[i].kind != captureAlert {
			s.captured = append(s.captured, captured{&r.vars[i], b[from:min(to, from+captureMax)]})
		}
	}
}

func (s *scan) regexp(it *item, rest []item) bool {
	r := it.re
	base := 0
	if r.rel {
		base = min(s.pos, len(s.buf))
	}
	sub := s.buf[base:]
	if r.neg {
		if r.re.Match(s.m.md, sub, 0) {
			return false
		}
		return s.run(rest)
	}
	before := s.pos
	for start := 0; start <= len(sub); {
		if !r.re.Match(s.m.md, sub, start) {
			s.limited = s.limited || s.m.md.Limited()
			return false
		}
		from, to, _ := s.m.md.Group(0)
		s.pos = base + to
		s.marks = append(s.marks, mark{s.l.def, s.buf, base + from, base + to, it})
		held := len(s.captured)
		if r.vars != nil {
			s.capture(r, sub)
		}
		if len(rest) == 0 || s.run(rest) {
			return true
		}
		s.marks, s.captured = s.marks[:len(s.marks)-1], s.captured[:held]
		if s.stop || !it.retry {
			return false
		}
		if !s.step(to - start) {
			return false
		}
		s.pos = before
		start = from + 1
	}
	return false
}

// pcreBuffers are the letters after an expression that say in which buffer it looks.
var pcreBuffers = map[byte]string{'U': "http.uri", 'I': "http.uri.raw", 'P': "http.request_body", 'Q': "http.response_body",
	'H': "http.header", 'D': "http.header.raw", 'C': "http.cookie", 'M': "http.method", 'S': "http.stat_code", 'Y': "http.stat_msg",
	'V': "http.user_agent", 'W': "http.host", 'Z': "http.host.raw"}

// parseCaptures reads the names that groups have: flow:NAME, pkt:NAME or alert:NAME, one a group.
func parseCaptures(list string) (vars []groupVar, err error) {
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		kind, name, _ := strings.Cut(name, ":")
		c := groupVar{name: name}
		switch kind {
		case "flow":
		case "pkt":
			c.kind = capturePacket
		case "alert":
			c.kind = captureAlert
		default:
			return nil, fmt.Errorf("pcre capture %q is neither pkt:, flow: nor alert:", kind)
		}
		if len(vars) == capturesMax {
			return nil, fmt.Errorf("more than %d captures", capturesMax)
		}
		vars = append(vars, c)
	}
	return vars, nil
}

// parsePCRE reads [!]"/expression/flags[,capture…]".
func parsePCRE(arg string) (r *regexItem, buffer string, err error) {
	r = &regexItem{}
	if strings.HasPrefix(arg, "!") {
		r.neg = true
		arg = trimLeft(arg[1:])
	}
	arg = strings.TrimSpace(unquote(arg))
	if arg == "" {
		return nil, "", fmt.Errorf("pcre is empty")
	}
	delim := arg[0]
	start := 1
	if delim == 'm' && len(arg) > 1 {
		delim, start = arg[1], 2
	}
	end := strings.LastIndexByte(arg, delim)
	if end < start {
		return nil, "", fmt.Errorf("pcre has no closing %c", delim)
	}
	expr, flags := arg[start:end], arg[end+1:]
	flags, names, _ := strings.Cut(flags, ",")
	if r.vars, err = parseCaptures(names); err != nil {
		return nil, "", err
	}
	r.text = expr
	opts, err := prefilter.Options(0), error(nil)
	for i := range len(flags) {
		f := flags[i]
		switch f {
		case 'i':
			opts |= prefilter.Caseless
		case 'm':
			opts |= prefilter.Multiline
		case 's':
			opts |= prefilter.DotAll
		case 'x':
			opts |= prefilter.Extended
		case 'A':
			opts |= prefilter.Anchored
		case 'E':
			opts |= prefilter.DollarEndOnly
		case 'G':
			opts |= prefilter.Ungreedy
		case 'R':
			r.rel = true
		case 'B', 'O', ' ':
			// B: the payload as sent, which a list without buffer has anyway. O: no own limits, ours stay.
		default:
			b, ok := pcreBuffers[f]
			if !ok {
				return nil, "", fmt.Errorf("unknown pcre flag %q", f)
			}
			if buffer != "" && buffer != b {
				return nil, "", fmt.Errorf("pcre names two buffers")
			}
			buffer = b
		}
	}
	if r.re, err = prefilter.CompileRegexp(expr, opts); err != nil {
		return nil, "", err
	}
	return r, buffer, nil
}

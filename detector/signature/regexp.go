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
		if len(rest) == 0 || s.run(rest) {
			return true
		}
		s.marks = s.marks[:len(s.marks)-1]
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
	var capture string
	flags, capture, _ = strings.Cut(flags, ",")
	for name := range strings.SplitSeq(capture, ",") {
		if name = strings.TrimSpace(name); name != "" && !strings.HasPrefix(name, "pkt:") && !strings.HasPrefix(name, "flow:") &&
			!strings.HasPrefix(name, "alert:") {
			return nil, "", fmt.Errorf("pcre capture %q is neither pkt:, flow: nor alert:", name)
		}
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

package signature

import (
	"bytes"
	"strings"
)

// Limits of a rule file. What is longer is an error of that rule, not of the file.
const (
	ruleMax   = 64 << 10 // bytes of one rule
	optionMax = 512      // options of one rule
)

// rawRule is the text of one rule and where it begins.
type rawRule struct {
	text string
	line int
}

// splitRules cuts a file into rules: a line each, continued where a line ends in a backslash. Comments and empty lines
// are left out.
func splitRules(data []byte) []rawRule {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var rules []rawRule
	var joined strings.Builder
	line, start := 0, 0
	for len(data) > 0 {
		line++
		var l []byte
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			l, data = data[:i], data[i+1:]
		} else {
			l, data = data, nil
		}
		l = bytes.TrimRight(l, "\r")
		if joined.Len() == 0 {
			start = line
			t := bytes.TrimSpace(l)
			if len(t) == 0 || t[0] == '#' {
				continue
			}
		}
		if t := bytes.TrimRight(l, " \t"); len(t) > 0 && t[len(t)-1] == '\\' && len(data) > 0 {
			joined.Write(t[:len(t)-1])
			joined.WriteByte(' ')
			continue
		}
		joined.Write(l)
		rules = append(rules, rawRule{strings.TrimSpace(joined.String()), start})
		joined.Reset()
	}
	if joined.Len() > 0 {
		rules = append(rules, rawRule{strings.TrimSpace(joined.String()), start})
	}
	return rules
}

// rawOption is one option of a rule: name, argument as written and where they are in the rule's text.
type rawOption struct {
	name   string
	arg    string
	hasArg bool
	at     int // of the name
	argAt  int
}

// header is the part of a rule before its options.
type rawHeader struct {
	action, proto    string
	src, sport       string
	dir              string
	dst, dport       string
	protoAt, srcAt   int
	sportAt, dirAt   int
	dstAt, dportAt   int
	options          []rawOption
	optionsAt, close int
}

func errAt(at int, msg string) *ruleError { return &ruleError{at: at, msg: msg} }

// lexRule splits a rule into its header fields and options, which go where options has room.
func lexRule(text string, options []rawOption) (*rawHeader, *ruleError) {
	if len(text) > ruleMax {
		return nil, errAt(0, "rule is too long")
	}
	h := &rawHeader{}
	pos := 0
	field := func(at *int) string {
		for pos < len(text) && (text[pos] == ' ' || text[pos] == '\t') {
			pos++
		}
		*at = pos
		depth := 0
		for pos < len(text) {
			c := text[pos]
			if c == '[' {
				depth++
			} else if c == ']' {
				depth--
			} else if depth <= 0 && (c == ' ' || c == '\t' || c == '(') {
				break
			}
			pos++
		}
		return text[*at:pos]
	}
	var at int
	h.action = field(&at)
	h.proto = field(&h.protoAt)
	h.src = field(&h.srcAt)
	if h.src == "" {
		// "alert http (…)": no addresses at all
		h.src, h.sport, h.dir, h.dst, h.dport = "any", "any", "->", "any", "any"
	} else {
		h.sport = field(&h.sportAt)
		h.dir = field(&h.dirAt)
		h.dst = field(&h.dstAt)
		h.dport = field(&h.dportAt)
		if h.dport == "" {
			return nil, errAt(pos, "rule header is incomplete: action protocol source port -> destination port (options)")
		}
	}
	for pos < len(text) && (text[pos] == ' ' || text[pos] == '\t') {
		pos++
	}
	if pos >= len(text) || text[pos] != '(' {
		return nil, errAt(pos, "expected ( after the rule header")
	}
	end := strings.LastIndexByte(text, ')')
	if end < pos {
		return nil, errAt(len(text), "missing ) at the end of the rule")
	}
	if rest := strings.TrimSpace(text[end+1:]); rest != "" && rest[0] != '#' {
		return nil, errAt(end+1, "text after the closing )")
	}
	h.optionsAt, h.close = pos, end
	var err *ruleError
	h.options, err = lexOptions(options[:0], text, pos+1, end)
	return h, err
}

// lexOptions reads name[:argument]; pairs. A semicolon after a backslash is part of an argument, inside quotes it is not:
// rules in the field have single quotes in their expressions.
func lexOptions(options []rawOption, text string, pos, end int) ([]rawOption, *ruleError) {
	for {
		for pos < end && (text[pos] == ' ' || text[pos] == '\t' || text[pos] == '\n') {
			pos++
		}
		if pos >= end {
			return options, nil
		}
		if len(options) == optionMax {
			return nil, errAt(pos, "too many options")
		}
		o := rawOption{at: pos}
		for pos < end && text[pos] != ':' && text[pos] != ';' {
			pos++
		}
		o.name = strings.TrimSpace(text[o.at:pos])
		if pos < end && text[pos] == ':' {
			pos++
			for pos < end && (text[pos] == ' ' || text[pos] == '\t') {
				pos++
			}
			o.argAt, o.hasArg = pos, true
			for pos < end && text[pos] != ';' {
				if text[pos] == '\\' {
					pos++
				}
				pos++
			}
			o.arg = strings.TrimSpace(text[o.argAt:min(pos, end)])
			if a := strings.TrimPrefix(o.arg, "!"); len(a) > 0 && a[0] == '"' && (len(a) < 2 || a[len(a)-1] != '"') {
				return nil, &ruleError{at: o.argAt, msg: "unterminated quote", hint: "a semicolon inside quotes is written |3B|, in expressions \\x3B"}
			}
		}
		if o.name == "" {
			return nil, errAt(o.at, "option without a name")
		}
		if pos >= end {
			return nil, errAt(o.at, "missing ; after option "+o.name)
		}
		pos++
		options = append(options, o)
	}
}

// unquote removes the quotes around an argument, if there are any.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

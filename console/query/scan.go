package query

import (
	"strings"
	"unicode/utf8"
)

// term is one part of a query: a word ("", "", [word]), or a field with operator and values.
type term struct {
	start, end int // bytes of the line
	not        bool
	name, op   string
	values     []string
}

func (t term) empty() bool { return t.start == t.end }

// scan reads the term that begins at or behind a place, and returns where to go on. An empty term is the end.
func scan(line string, at int) (t term, next int, err error) {
	for at < len(line) {
		r, n := utf8.DecodeRuneInString(line[at:])
		if !isSpace(r) {
			break
		}
		at += n
	}
	t = term{start: at, end: at}
	if at == len(line) {
		return t, at, nil
	}
	i := at
	if line[i] == '-' && i+1 < len(line) && isNameByte(line[i+1]) {
		i++
	}
	j := i
	for j < len(line) && isNameByte(line[j]) {
		j++
	}
	op := operator(line[j:])
	// "12:30" and "http://x" are words; only letters before an operator make a field.
	if j > i && op != "" && !strings.HasPrefix(line[j:], "://") && !digits(line[i:j]) {
		t.not, t.name, t.op = i > at, strings.ToLower(line[i:j]), op
		i = j + len(op)
	} else {
		i = at
	}
	for {
		v, after, ok := value(line, i, t.name != "")
		if !ok {
			return t, after, &Error{Code: "unclosed_quote", Offset: utf8.RuneCountInString(line[:i]),
				Length: utf8.RuneCountInString(line[i:]), Token: line[i:], Hint: `"…"`}
		}
		if v != "" {
			t.values = append(t.values, v)
		}
		i = after
		if t.name == "" || i >= len(line) || line[i] != ',' {
			break
		}
		i++
	}
	t.end = i
	return t, i, nil
}

// value reads one value: text in quotes, or what goes to the next space (or comma in a field).
func value(line string, i int, inField bool) (v string, next int, ok bool) {
	if i < len(line) && line[i] == '"' {
		end := strings.IndexByte(line[i+1:], '"')
		if end < 0 {
			return "", i, false
		}
		return line[i+1 : i+1+end], i + end + 2, true
	}
	j := i
	for j < len(line) {
		r, n := utf8.DecodeRuneInString(line[j:])
		if isSpace(r) || inField && r == ',' {
			break
		}
		j += n
	}
	return line[i:j], j, true
}

func operator(s string) string {
	for _, op := range [...]string{">=", "<=", ">", "<", ":", "="} {
		if strings.HasPrefix(s, op) {
			return op
		}
	}
	return ""
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

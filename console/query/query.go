// Package query reads the language of the console's query bar, for example
//
//	severity>=high brand:vneid src:10.0.0.0/8 "dang nhap" -rule:1000001 status:new
//
// A line of text goes in; a store.Query comes out, or an Error that says where the line is wrong. Terms are joined by
// "and", several values of one field (brand:a,b or brand:a brand:b) by "or".
package query

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"khien/detector"
	"khien/detector/store"
)

// LineMax is the longest query in bytes, valuesMax how many values a field may have.
const (
	LineMax   = 2048
	valuesMax = 64
)

// Error is what is wrong with a query, and where.
type Error struct {
	Code   string // too_long, too_many, unclosed_quote, unknown_field, missing_value, bad_operator, bad_value, cannot_negate
	Offset int    // of the wrong part, in characters
	Length int    // of the wrong part, in characters
	Token  string // the wrong part
	Hint   string // what would be right: values or fields, separated by spaces
}

func (e *Error) Error() string {
	return fmt.Sprintf("query: column %d: %s %q (%s)", e.Offset+1, strings.ReplaceAll(e.Code, "_", " "), e.Token, e.Hint)
}

// field is one row of the language: what it is called, how an example looks, and what its value does to the query.
type field struct {
	name, example string
	set           func(q *store.Query, value string) (hint string)
}

// fields are all fields of the language.
func fields() []field {
	return []field{
		{"severity", "severity>=high", nil}, // has operators; see severity
		{"status", "status:new", setStatus},
		{"source", "source:fraud", setSource},
		{"brand", "brand:vneid", func(q *store.Query, v string) string { return add(&q.Brand, strings.ToLower(v)) }},
		{"ip", "ip:10.1.2.3", func(q *store.Query, v string) string { return addIP(&q.IP, v) }},
		{"src", "src:10.0.0.0/8", func(q *store.Query, v string) string { return addIP(&q.Src, v) }},
		{"dst", "dst:198.51.100.7", func(q *store.Query, v string) string { return addIP(&q.Dst, v) }},
		{"host", "host:*.example.com", func(q *store.Query, v string) string { return add(&q.Host, v) }},
		{"rule", "rule:2100001", func(q *store.Query, v string) string { return add(&q.Rule, v) }},
	}
}

// Fields returns an example of every field, for the console's hint.
func Fields() []string {
	var out []string
	for _, f := range fields() {
		out = append(out, f.example)
	}
	return append(out, `-rule:1000001`, `"dang nhap"`)
}

// Parse reads a query.
func Parse(line string) (store.Query, error) {
	var q store.Query
	if len(line) > LineMax {
		return q, &Error{Code: "too_long", Offset: 0, Length: utf8.RuneCountInString(line), Hint: fmt.Sprint(LineMax)}
	}
	var words []string
	for at := 0; ; {
		t, next, err := scan(line, at)
		if err != nil {
			return store.Query{}, err
		}
		if t.empty() {
			break
		}
		if t.name == "" {
			words = append(words, t.values...)
		} else if err := apply(&q, t, line); err != nil {
			return store.Query{}, err
		}
		at = next
	}
	q.Text = strings.Join(words, " ")
	return q, nil
}

func apply(q *store.Query, t term, line string) error {
	fail := func(code, token, hint string) error {
		return &Error{Code: code, Offset: utf8.RuneCountInString(line[:t.start]), Length: utf8.RuneCountInString(line[t.start:t.end]),
			Token: token, Hint: hint}
	}
	var f field
	var names []string
	for _, c := range fields() {
		names = append(names, c.name)
		if c.name == t.name {
			f = c
		}
	}
	switch {
	case f.name == "":
		return fail("unknown_field", t.name, strings.Join(names, " "))
	case len(t.values) == 0:
		return fail("missing_value", t.name, f.example)
	case t.not && t.name != "rule":
		return fail("cannot_negate", t.name, "-rule:1000001")
	case t.name == "severity":
		if hint := severity(q, t); hint != "" {
			return fail("bad_value", line[t.start:t.end], hint)
		}
		return nil
	case t.op != ":":
		return fail("bad_operator", t.op, f.example)
	}
	set := f.set
	if t.not {
		set = func(q *store.Query, v string) string { return add(&q.NotRule, v) }
	}
	for _, v := range t.values {
		if hint := set(q, v); hint != "" {
			code := "bad_value"
			if hint == tooMany {
				code = "too_many"
			}
			return fail(code, v, hint)
		}
	}
	return nil
}

// tooMany is the hint of a field with too many values.
var tooMany = fmt.Sprint("at most ", valuesMax)

func add(list *[]string, v string) string {
	if len(*list) >= valuesMax {
		return tooMany
	}
	*list = append(*list, v)
	return ""
}

func addIP(list *[]string, v string) string {
	if _, err := netip.ParsePrefix(v); err != nil {
		if _, err := netip.ParseAddr(v); err != nil {
			return "10.1.2.3 10.0.0.0/8 2001:db8::/32"
		}
	}
	return add(list, v)
}

func oneOf(list *[]string, v string, allowed ...string) string {
	v = strings.ToLower(v)
	for _, a := range allowed {
		if v == a {
			return add(list, v)
		}
	}
	return strings.Join(allowed, " ")
}

func setStatus(q *store.Query, v string) string {
	return oneOf(&q.Status, v, store.StatusNew, store.StatusSeen, store.StatusEscalated, store.StatusClosed)
}

func setSource(q *store.Query, v string) string {
	return oneOf(&q.Source, v, string(detector.FromSignature), string(detector.FromYARA), string(detector.FromFraud),
		string(detector.FromBehaviour), string(detector.FromHealth))
}

// severityNames are the words for severities, in both languages and as numbers.
var severityNames = [...][]string{
	{"low", "thap", "thấp", "1"}, {"medium", "tb", "trungbinh", "2"}, {"high", "cao", "3"}, {"critical", "nghiemtrong", "4"},
}

// severity sets the least severity. The store knows no upper end, so that "severity:high" would not mean what it says.
func severity(q *store.Query, t term) (hint string) {
	const usage = "severity>=low severity>=medium severity>=high severity>=critical"
	if len(t.values) != 1 {
		return usage
	}
	v := strings.ToLower(t.values[0])
	level := detector.Severity(0)
	for i, names := range severityNames {
		for _, n := range names {
			if v == n {
				level = detector.Severity(i + 1)
			}
		}
	}
	switch {
	case level == 0:
	case t.op == ">=", t.op == ":" && level == detector.Critical:
		q.MinSeverity = max(q.MinSeverity, level)
		return ""
	case t.op == ">" && level < detector.Critical:
		q.MinSeverity = max(q.MinSeverity, level+1)
		return ""
	}
	return usage
}

func isSpace(r rune) bool { return unicode.IsSpace(r) }

// Package query reads the language of the console's query bar, for example
//
//	severity>=high brand:vneid src:10.0.0.0/8 "dang nhap" -rule:1000001 -host:*.example.com status:new
//
// A line of text goes in; a store.Query comes out, or an Error that says where the line is wrong. Terms are joined by
// "and", several values of one field (brand:a,b or brand:a brand:b) by "or"; "-" before a field excludes each of its values.
package query

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
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
	Code   string // too_long, too_many, unclosed_quote, unknown_field, missing_value, bad_operator, bad_value
	Offset int    // of the wrong part, in characters
	Length int    // of the wrong part, in characters
	Token  string // the wrong part
	Hint   string // what would be right: values or fields, separated by spaces
}

func (e *Error) Error() string {
	return fmt.Sprintf("query: column %d: %s %q (%s)", e.Offset+1, strings.ReplaceAll(e.Code, "_", " "), e.Token, e.Hint)
}

// field is one row of the language: what it is called, how an example looks, and what its value does to the query, or to
// its Not.
type field struct {
	name, example string
	set           func(q *store.Query, value string) (hint string)
}

// fields are all fields of the language. Those of store.Fields are here too.
func fields() []field {
	return []field{
		{"severity", "severity>=high", nil}, // has operators; see severity
		{"status", "status:new", setStatus},
		{"source", "source:fraud", setSource},
		{"brand", "brand:vneid", func(q *store.Query, v string) string { return add(&q.Brand, v) }},
		{"ip", "ip:10.1.2.3", func(q *store.Query, v string) string { return addIP(&q.IP, v) }},
		{"src", "src:10.0.0.0/8", func(q *store.Query, v string) string { return addIP(&q.Src, v) }},
		{"dst", "dst:198.51.100.7", func(q *store.Query, v string) string { return addIP(&q.Dst, v) }},
		{"host", "host:*.example.com", func(q *store.Query, v string) string { return add(&q.Host, v) }},
		{"rule", "rule:2100001", func(q *store.Query, v string) string { return add(&q.Rule, v) }},
		{"sha256", "sha256:" + strings.Repeat("0", 64), func(q *store.Query, v string) string { return addSHA256(&q.SHA256, v) }},
		{"ja4", "ja4:t13d1516h2_8daaf6152771_b186095e22b6", func(q *store.Query, v string) string { return add(&q.JA4, v) }},
		{"cert", "cert:" + strings.Repeat("0", 40), func(q *store.Query, v string) string { return addCert(&q.Cert, v) }},
		{"campaign", `campaign:"vneid-*.example"`, func(q *store.Query, v string) string { return add(&q.Campaign, v) }},
		{"chain", "chain:c-4f2a", func(q *store.Query, v string) string { return add(&q.Chain, v) }},
		{"sensor", "sensor:so-y-te", func(q *store.Query, v string) string { return add(&q.Sensor, v) }},
		{"as", "as:45899", func(q *store.Query, v string) string { return addAS(&q.AS, v) }},
		{"country", "country:VN", func(q *store.Query, v string) string { return addCountry(&q.Country, v) }},
		{"unit", "unit:so-y-te", func(q *store.Query, v string) string { return addUnit(&q.Within, v) }},
		{"stage", "stage:submission", func(q *store.Query, v string) string { return add(&q.Stage, strings.ToLower(v)) }},
		{"technique", "technique:T1566.002", func(q *store.Query, v string) string { return add(&q.Technique, strings.ToUpper(v)) }},
	}
}

// Fields returns an example of every field, for the console's hint.
func Fields() []string {
	var out []string
	for _, f := range fields() {
		out = append(out, f.example)
	}
	return append(out, `-rule:1000001`, `-host:*.example.com`, `-unit:*`, `severity<medium`, `"dang nhap"`)
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
	case t.name == "severity":
		if hint := severity(q, t); hint != "" {
			return fail("bad_value", line[t.start:t.end], hint)
		}
		return nil
	case t.op != ":":
		return fail("bad_operator", t.op, f.example)
	}
	if t.not {
		q = not(q)
	}
	for _, v := range t.values {
		if hint := f.set(q, v); hint != "" {
			code := "bad_value"
			if hint == tooMany {
				code = "too_many"
			}
			return fail(code, v, hint)
		}
	}
	return nil
}

// not returns where the query keeps what must not match.
func not(q *store.Query) *store.Query {
	if q.Not == nil {
		q.Not = &store.Query{}
	}
	return q.Not
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

// AnyUnit stands for all units: unit:* is what touches any, -unit:* what touches none.
const AnyUnit = "*"

// addUnit adds a unit by its id, or AnyUnit, to an area, which others fill in.
func addUnit(list *[]store.Area, v string) string {
	v = strings.ToLower(v)
	if v != AnyUnit && strings.Trim(v, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "a-z 0-9 - *"
	}
	if len(*list) == 0 {
		*list = []store.Area{{Name: v}}
		return ""
	}
	if strings.Count((*list)[0].Name, ",") >= valuesMax-1 {
		return tooMany
	}
	(*list)[0].Name += "," + v
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

func addSHA256(list *[]string, v string) string {
	v = strings.ToLower(v)
	if len(v) != 64 || strings.Trim(v, "0123456789abcdef") != "" {
		return "64 × 0-9a-f"
	}
	return add(list, v)
}

// addCert takes the hash of a certificate, with or without colons.
func addCert(list *[]string, v string) string {
	v = detector.Fingerprint(v)
	if v == "" {
		return "40/64 × 0-9a-f"
	}
	return add(list, v)
}

// addAS takes the number of an autonomous system, with or without "AS" before it.
func addAS(list *[]string, v string) string {
	n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToUpper(v), "AS"), 10, 32)
	if err != nil || n == 0 {
		return "AS45899"
	}
	return add(list, strconv.FormatUint(n, 10))
}

func addCountry(list *[]string, v string) string {
	v = strings.ToUpper(v)
	if len(v) != 2 || v[0] < 'A' || v[0] > 'Z' || v[1] < 'A' || v[1] > 'Z' {
		return "VN"
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

// severity sets the least severity, or in Not the least that is too much. Several terms all hold.
func severity(q *store.Query, t term) (hint string) {
	const usage = "severity>=low severity>=medium severity>=high severity:critical severity<high"
	if len(t.values) != 1 {
		return usage
	}
	v := strings.ToLower(t.values[0])
	level := detector.Severity(0)
	for i, names := range severityNames {
		if slices.Contains(names, v) {
			level = detector.Severity(i + 1)
		}
	}
	if level == 0 {
		return usage
	}
	from, to := level, detector.Critical+1 // what the term means: from <= severity < to
	switch t.op {
	case ":", "=":
		to = level + 1
	case ">":
		from++
	case "<":
		from, to = detector.Low, level
	case "<=":
		from, to = detector.Low, level+1
	}
	if t.not {
		switch {
		case from == detector.Low:
			from, to = to, detector.Critical+1
		case to > detector.Critical:
			from, to = detector.Low, from
		default:
			return usage // what is left lies on both sides
		}
	}
	if from >= to || from > detector.Critical {
		return usage
	}
	if from > detector.Low {
		q.MinSeverity = max(q.MinSeverity, from)
	}
	if to <= detector.Critical {
		if n := not(q); n.MinSeverity == 0 || to < n.MinSeverity {
			n.MinSeverity = to
		}
	}
	return ""
}

func isSpace(r rune) bool { return unicode.IsSpace(r) }

package query

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"khien/detector"
	"khien/detector/store"
)

func TestParse(t *testing.T) {
	f := func(in string, want store.Query) {
		t.Helper()
		got, err := Parse(in)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Parse(%q) = %+v, %v", in, got, err)
		}
	}
	f("", store.Query{})
	f("  \t ", store.Query{})
	f(`severity>=high brand:vneid src:10.0.0.0/8 "dang nhap" -rule:1000001 status:new`, store.Query{
		MinSeverity: detector.High, Brand: []string{"vneid"}, Src: []string{"10.0.0.0/8"}, Text: "dang nhap",
		Not: &store.Query{Rule: []string{"1000001"}}, Status: []string{"new"}})
	f("giả mạo", store.Query{Text: "giả mạo"})
	f("severity>medium", store.Query{MinSeverity: detector.High})
	f("severity:critical", store.Query{MinSeverity: detector.Critical})
	f("severity>=low", store.Query{MinSeverity: 0})
	f("severity<high", store.Query{Not: &store.Query{MinSeverity: detector.High}})
	f("severity<=high", store.Query{Not: &store.Query{MinSeverity: detector.Critical}})
	f("severity:high", store.Query{MinSeverity: detector.High, Not: &store.Query{MinSeverity: detector.Critical}})
	f("-severity:critical severity=2", store.Query{MinSeverity: detector.Medium, Not: &store.Query{MinSeverity: detector.High}})
	f("-severity>=high", store.Query{Not: &store.Query{MinSeverity: detector.High}})
	f("-severity<high", store.Query{MinSeverity: detector.High})
	f("-host:a.example,*.b.example -src:10.0.0.0/8 -brand:VNeID -status:closed -source:health -ip:::1", store.Query{Not: &store.Query{
		Host: []string{"a.example", "*.b.example"}, Src: []string{"10.0.0.0/8"}, Brand: []string{"VNeID"}, Status: []string{"closed"},
		Source: []string{"health"}, IP: []string{"::1"}}})
	f("technique:t1566.002 -sensor:x chain:c-1 campaign:\"a *\" ja4:t13d sha256:"+strings.Repeat("AB", 32), store.Query{
		Technique: []string{"T1566.002"}, Not: &store.Query{Sensor: []string{"x"}}, Chain: []string{"c-1"}, Campaign: []string{"a *"},
		JA4: []string{"t13d"}, SHA256: []string{strings.Repeat("ab", 32)}})
	f("cert:"+strings.Repeat("ab:", 19)+"ab -cert:"+strings.Repeat("0F", 32), store.Query{Cert: []string{strings.Repeat("AB", 20)},
		Not: &store.Query{Cert: []string{strings.Repeat("0F", 32)}}})
	f("stage:Submission,apk -stage:visit", store.Query{Stage: []string{"submission", "apk"}, Not: &store.Query{Stage: []string{"visit"}}})
	f("as:AS45899,64500 -country:vn", store.Query{AS: []string{"45899", "64500"}, Not: &store.Query{Country: []string{"VN"}}})
	f("severity>=cao", store.Query{MinSeverity: detector.High})
	f("status:new,seen STATUS:closed", store.Query{Status: []string{"new", "seen", "closed"}})
	f("ip:2001:db8::1", store.Query{IP: []string{"2001:db8::1"}})
	f(`host:*.x.example rule:"my rule"`, store.Query{Host: []string{"*.x.example"}, Rule: []string{"my rule"}})
	f("http://x.example/a", store.Query{Text: "http://x.example/a"})
	f("12:30 a-b", store.Query{Text: "12:30 a-b"})
	f("-x", store.Query{Text: "-x"})
	f("unit:so-y-te,UBND unit:x -unit:y", store.Query{Within: []store.Area{{Name: "so-y-te,ubnd,x"}}, Not: &store.Query{Within: []store.Area{{Name: "y"}}}})
	f("unit:* -unit:*", store.Query{Within: []store.Area{{Name: "*"}}, Not: &store.Query{Within: []store.Area{{Name: "*"}}}})
}

func TestParseErrors(t *testing.T) {
	f := func(in, code string, offset, length int) {
		t.Helper()
		_, err := Parse(in)
		var e *Error
		if !errors.As(err, &e) || e.Code != code || e.Offset != offset || e.Length != length {
			t.Errorf("Parse(%q): %+v, want %s at %d+%d", in, err, code, offset, length)
		}
	}
	f("giả brnd:x", "unknown_field", 4, 6)
	f("brand:", "missing_value", 0, 6)
	f("x src:10.0.0.300", "bad_value", 2, 14)
	f("status:open", "bad_value", 0, 11)
	f("-severity:high", "bad_value", 0, 14)
	f("severity<low", "bad_value", 0, 12)
	f("sha256:abc", "bad_value", 0, 10)
	f("severity>critical", "bad_value", 0, 17)
	f("brand>=x", "bad_operator", 0, 8)
	f("-brnd:x", "unknown_field", 0, 7)
	f(`a "b c`, "unclosed_quote", 2, 4)
	f(strings.Repeat("x", LineMax+1), "too_long", 0, LineMax+1)
	f("rule:"+strings.Repeat("1,", valuesMax)+"1", "too_many", 0, 5+2*valuesMax+1)
}

// TestExamples: every field has an example that parses.
func TestExamples(t *testing.T) {
	for _, e := range Fields() {
		if _, err := Parse(e); err != nil {
			t.Errorf("%s: %v", e, err)
		}
	}
}

// TestStoreFields: what the stores can be asked for by its words can be asked for here.
func TestStoreFields(t *testing.T) {
	values := map[string]string{"as": "45899", "country": "VN"}
	for _, f := range store.Fields() {
		v := values[f.Name]
		if v == "" {
			v = strings.Repeat("A1", 32)
		}
		q, err := Parse(f.Name + ":" + v + " -" + f.Name + ":" + v)
		if err != nil || len(*f.Asked(&q)) != 1 || q.Not == nil || len(*f.Asked(q.Not)) != 1 {
			t.Errorf("%s: %+v, %v", f.Name, q, err)
		}
	}
}

// FuzzParse: an error lies within the line and gives the zero query; values do not exceed the line.
func FuzzParse(f *testing.F) {
	f.Add(`severity>=high brand:vneid "a b" -rule:1`)
	f.Add(`host:"a,b",c "`)
	f.Fuzz(func(t *testing.T, line string) {
		q, err := Parse(line)
		var e *Error
		if errors.As(err, &e) {
			if e.Offset < 0 || e.Length < 0 || e.Offset+e.Length > utf8.RuneCountInString(line) {
				t.Fatalf("%q: %+v", line, e)
			}
			if !reflect.DeepEqual(q, store.Query{}) {
				t.Fatalf("%q: error and %+v", line, q)
			}
			return
		}
		if err != nil || len(q.Text) > len(line) {
			t.Fatalf("%q: %v", line, err)
		}
	})
}

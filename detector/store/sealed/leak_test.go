package sealed

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// plain are the fields of a finding that are not sealed, with the reason.
var plain = map[string]string{
	"ID":                      "a hash",
	"Source":                  "a word of the program",
	"Rule.ID":                 "written by who makes rules, and part of the group's key",
	"Rule.Category":           "written by who makes rules",
	"Rule.Ruleset":            "the name of a source of rules",
	"Rule.Reference[]":        "written by who makes rules",
	"Rule.Metadata[][]":       "written by who makes rules",
	"Rule.Metadata[key]":      "written by who makes rules",
	"Rule.Action":             "a word of the program",
	"Reasons[].Buffer":        "a word of the program",
	"SrcPlace.Org":            "from the user's databases",
	"SrcPlace.Country":        "from the user's databases",
	"DstPlace.Org":            "from the user's databases",
	"DstPlace.Country":        "from the user's databases",
	"Transport":               "a word of the program",
	"App":                     "a word of the program",
	"Direction":               "a word of the program",
	"JA4":                     "a hash",
	"Certificate.Fingerprint": "a hash",
	"FileMIME":                "a word of the program",
	"SHA256":                  "a hash",
	"Techniques[].ID":         "a word of the program",
	"Techniques[].Name":       "a word of the program",
	"Techniques[].Tactic":     "a word of the program",
	"Techniques[].TacticID":   "a word of the program",
	"Fraud.Kind":              "a word of the program",
	"Fraud.Brand":             "a name of the list of brands",
	"Fraud.Tool":              "a name of the list of tools",
	"Fraud.Stage":             "a word of the program",
	"Fraud.Visibility":        "a word of the program",
	"Steps[].Stage":           "a word of the program",
	"Steps[].Visibility":      "a word of the program",
	"Interface":               "the name of a device of the sensor",
}

// fill puts a value into everything of v that can hold an address, and tells where it was.
func fill(v reflect.Value, path string, put func(path string, v reflect.Value)) {
	switch {
	case v.Type() == reflect.TypeFor[netip.Addr](), v.Type() == reflect.TypeFor[[]byte](), v.Kind() == reflect.String:
		put(path, v)
	case v.Type() == reflect.TypeFor[time.Time](), v.Kind() == reflect.Interface:
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), path, put)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if v.Type().Field(i).Anonymous {
				fill(v.Field(i), path, put)
			} else {
				fill(v.Field(i), strings.TrimPrefix(path+"."+name, "."), put)
			}
		}
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), path+"[]", put)
	case v.Kind() == reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, path+"[key]", put)
		fill(value, path+"[]", put)
		v.SetMapIndex(key, value)
	}
}

// TestNoFieldOfAFindingIsForgotten: an address in any field of a finding, also one that does not exist yet, is sealed, but
// where a reason is given.
func TestNoFieldOfAFindingIsForgotten(t *testing.T) {
	s, inner := opened(t, people...)
	var paths []string
	var all detector.Finding
	fill(reflect.ValueOf(&all).Elem(), "", func(path string, _ reflect.Value) { paths = append(paths, path) })
	if len(paths) < 50 {
		t.Fatalf("only %d fields: %v", len(paths), paths)
	}
	for path := range plain {
		if !slices.Contains(paths, path) {
			t.Errorf("%s is no field", path)
		}
	}
	const secret, flow = "10.20.3.14", "1:w/rZ6WrlVGXVBZ5WAcQjbX2xsbI="
	address := netip.MustParseAddr(secret)
	want := map[string]detector.Finding{}
	for n, at := range paths {
		f := detector.Finding{ID: fmt.Sprint("f", n), Time: time.Unix(int64(n), 0).UTC(), Count: 1}
		value := reflect.ValueOf(&f).Elem()
		filled := detector.Finding{}
		fill(reflect.ValueOf(&filled).Elem(), "", func(path string, v reflect.Value) {
			switch {
			case path != at:
				if v.Kind() == reflect.String {
					v.SetString("x")
				}
			case v.Type() == reflect.TypeFor[netip.Addr]():
				v.Set(reflect.ValueOf(address))
			case path == "Context":
				v.SetBytes([]byte(`{"a":["từ ` + secret + `"]}`))
			case v.Kind() == reflect.Slice:
				v.SetBytes([]byte("Host: " + secret))
			case path == "RelatedIPs[]" || path == "Domain":
				v.SetString(secret)
			case path == "CommunityID":
				v.SetString(flow)
			default:
				v.SetString("từ " + secret + ":80")
			}
		})
		if _, ok := plain[at]; ok {
			continue
		}
		// Only the part of the finding that holds the field, for the document's sake.
		name, _, _ := strings.Cut(strings.ReplaceAll(at, "[", "."), ".")
		if field := value.FieldByName(name); field.IsValid() {
			field.Set(reflect.ValueOf(filled).FieldByName(name))
		} else {
			t.Fatalf("no field %q", name)
		}
		if name == "RelatedIPs" {
			f.RelatedIPs = []string{secret}
		}
		want[f.ID] = f
		if err := s.Write(t.Context(), []detector.Finding{f}); err != nil {
			t.Fatalf("%s: %v", at, err)
		}
		behind, err := inner.Get(t.Context(), f.ID)
		if err != nil {
			t.Fatal(err)
		}
		if text := fmt.Sprintf("%+v", behind); strings.Contains(text, secret) || strings.Contains(text, flow) || holds(t, behind, secret) {
			t.Errorf("%s is not sealed: %s", at, text)
		}
		got, err := s.Get(t.Context(), f.ID)
		if err != nil {
			t.Fatal(err)
		}
		expect := f
		if at == "Reasons[].Excerpt" {
			expect.Reasons = slices.Clone(f.Reasons)
			expect.Reasons[0].Excerpt = []byte("Host: **.**.*.**")
		}
		if a, b := text(t, expect), text(t, got); a != b {
			t.Errorf("%s: wrote %s\nread %s", at, a, b)
		}
	}
	if len(want)+len(plain) != len(paths) {
		t.Errorf("%d fields are sealed and %d are not, of %d: %v", len(want), len(plain), len(paths), slices.Sorted(maps.Keys(plain)))
	}
}

func text(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// holds reports whether a finding holds a text, in its excerpts too.
func holds(t testing.TB, f detector.Finding, s string) bool {
	return strings.Contains(text(t, f), s) || slices.ContainsFunc(f.Reasons, func(r detector.Reason) bool { return strings.Contains(string(r.Excerpt), s) })
}

// everything is all that a store holds, as text.
func everything(t testing.TB, st store.Store) string {
	t.Helper()
	ctx := t.Context()
	var out strings.Builder
	write := func(v any, err error) {
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(text(t, v) + "\n")
	}
	findings, err := st.Find(ctx, store.Query{Limit: store.PageMax})
	write(findings, err)
	for _, f := range findings.Findings {
		for _, r := range f.Reasons {
			fmt.Fprintf(&out, "%s\n", r.Excerpt)
		}
	}
	write(st.Groups(ctx, store.Query{}))
	write(st.Count(ctx, store.Query{}, 10))
	for _, field := range store.BundleFields() {
		write(st.Bundles(ctx, store.Query{}, field))
	}
	write(st.Events(ctx, store.EventQuery{}))
	l := st.(store.Lister)
	triages, _, err := l.Triages(ctx, "")
	write(triages, err)
	kinds, err := l.Kinds(ctx)
	write(kinds, err)
	for _, k := range kinds {
		write(st.Documents(ctx, store.DocumentQuery{Kind: k}))
	}
	return out.String()
}

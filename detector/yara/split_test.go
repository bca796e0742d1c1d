package yara

import (
	"bytes"
	"strings"
	"testing"
)

const three = `import "pe" // rule in a comment { }
rule one : tag { meta: a = "}" strings: $a = /\/}{/ $h = { 4D 5A } condition: any of them and filesize \ 2 > 1 }
/* rule two { */ private rule two {
  condition: nothing_like_this
}
rule three { strings: $a = "x\"}" condition: $a }
`

func TestSpans(t *testing.T) {
	got := spans([]byte(three))
	if len(got) != 3 {
		t.Fatalf("%d rules: %+v", len(got), got)
	}
	for i, want := range []struct {
		line, end int
		text      string
	}{{2, 2, "rule one"}, {3, 5, "private rule two"}, {6, 6, "rule three"}} {
		s := got[i]
		if text := three[s.from:s.to]; s.line != want.line || s.end != want.end || !strings.HasPrefix(text, want.text) || !strings.HasSuffix(text, "}") {
			t.Errorf("rule %d is %+v: %q", i, s, text)
		}
	}
}

// TestLoadTheRest: one rule cannot be compiled, the others of its file are loaded.
func TestLoadTheRest(t *testing.T) {
	set, errs := Load([]File{{"three.yar", []byte(three)}, {"four.yar", []byte("rule four { condition: false }")}})
	if len(errs) != 1 || errs[0].File != "three.yar" || errs[0].Line != 4 {
		t.Fatalf("errors: %v", errs)
	}
	if set == nil || set.Len() != 3 {
		t.Fatalf("%d rules are loaded, want 3", set.Len())
	}
	// A rule that needs one that was left out is left out, too.
	set, errs = Load([]File{{"a.yar", []byte("rule a { condition: zz }\nrule b { condition: a }\nrule c { condition: true }")}})
	if len(errs) != 2 || set == nil || set.Len() != 1 {
		t.Fatalf("errors: %v", errs)
	}
	// What belongs to no rule cannot be left out.
	set, errs = Load([]File{{"a.yar", []byte("import \"nothing\"\nrule c { condition: true }")}})
	if len(errs) != 1 || set != nil {
		t.Fatalf("errors: %v", errs)
	}
}

// FuzzSpans: rules lie in order, do not overlap, and blanking one keeps the lines.
func FuzzSpans(f *testing.F) {
	f.Add([]byte(three))
	f.Add([]byte("rule x { strings: $a = /"))
	f.Fuzz(func(t *testing.T, src []byte) {
		last := 0
		for _, s := range spans(src) {
			if s.from < last || s.to <= s.from || s.to > len(src) || s.end < s.line ||
				s.line != bytes.Count(src[:s.from], []byte("\n"))+1 || s.end != bytes.Count(src[:s.to], []byte("\n"))+1 {
				t.Fatalf("%+v after %d of %q", s, last, src)
			}
			last = s.to
			c := bytes.Clone(src)
			blank(c, s)
			if bytes.Count(c, []byte("\n")) != bytes.Count(src, []byte("\n")) {
				t.Fatal("lines are lost")
			}
		}
	})
}

package prefilter

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"
)

func TestSetScan(t *testing.T) {
	f := func(data string, want ...uint32) {
		t.Helper()
		lits := []Literal{{Bytes: []byte("evil")}, {Bytes: []byte("EviL"), NoCase: true}, {Bytes: []byte("x\x00y")},
			{Bytes: bytes.Repeat([]byte("ab"), 40)}}
		s, err := Compile(lits, &Cache{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		scr, err := NewScratch([]*Set{s})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			got := slices.Sorted(slices.Values(s.Scan(scr, []byte(data))))
			if !slices.Equal(got, want) {
				t.Errorf("scan %q: got %v, want %v", data, got, want)
			}
		}
	}
	f("")
	f("nothing")
	f("an evil evil", 0, 1)
	f("EVIL", 1)
	f("x\x00y", 2)
	f(string(bytes.Repeat([]byte("ab"), 40)), 3)
}

func TestLeadingZero(t *testing.T) {
	s, err := Compile([]Literal{{Bytes: []byte("\x00\x01A"), NoCase: true}, {Bytes: []byte("b")}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	scr, _ := NewScratch([]*Set{s})
	if got := s.Scan(scr, []byte("..\x00\x01a")); !slices.Equal(got, []uint32{0}) {
		t.Errorf("got %v", got)
	}
}

func TestLiteralThatOverlapsItself(t *testing.T) {
	long := append([]byte("gAAAAg"), bytes.Repeat([]byte("A"), 60)...)
	s, err := Compile([]Literal{{Bytes: []byte("OxKaab")}, {Bytes: long}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	scr, _ := NewScratch([]*Set{s})
	for n := range 200 {
		data := append([]byte("xagAAAAg"), bytes.Repeat([]byte("A"), n)...)
		want := []uint32(nil)
		if bytes.Contains(data, long[:LiteralMax]) {
			want = []uint32{1}
		}
		if got := s.Scan(scr, data); !slices.Equal(got, want) {
			t.Fatalf("%d: got %v, want %v", n, got, want)
		}
	}
}

func TestCache(t *testing.T) {
	c := &Cache{Dir: t.TempDir()}
	lits := []Literal{{Bytes: []byte("cached")}}
	for i := range 2 {
		s, err := Compile(lits, c)
		if err != nil {
			t.Fatal(err)
		}
		if names, _ := filepath.Glob(filepath.Join(c.Dir, "*.hs")); len(names) != 1 {
			t.Fatalf("round %d: cache holds %v", i, names)
		}
		scr, _ := NewScratch([]*Set{s})
		if got := s.Scan(scr, []byte("is cached")); len(got) != 1 {
			t.Errorf("got %v", got)
		}
	}
}

func TestRegexp(t *testing.T) {
	f := func(expr string, opts Options, data string, want string) {
		t.Helper()
		re, err := CompileRegexp(expr, opts)
		if err != nil {
			t.Fatal(err)
		}
		md := NewMatchData()
		got := "-"
		if re.Match(md, []byte(data), 0) {
			from, to, _ := md.Group(0)
			got = data[from:to]
		}
		if got != want {
			t.Errorf("%s on %q: got %q, want %q", expr, data, got, want)
		}
	}
	f("a+", 0, "baaac", "aaa")
	f("^A", Caseless, "abc", "a")
	f("^b", 0, "abc", "-")
	f(`(?<=x)y(?!z)`, 0, "xyzxy", "y")
	f(`(.)\1`, 0, "abccd", "cc")
	if _, err := CompileRegexp("(", 0); err == nil {
		t.Error("no error")
	}
}

func TestScanAllocatesNothing(t *testing.T) {
	s, err := Compile([]Literal{{Bytes: []byte("needle")}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	scr, _ := NewScratch([]*Set{s})
	re, _ := CompileRegexp("needle[0-9]", 0)
	md := NewMatchData()
	hay := bytes.Repeat([]byte("hay "), 400)
	if n := testing.AllocsPerRun(100, func() { s.Scan(scr, hay); re.Match(md, hay, 0) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

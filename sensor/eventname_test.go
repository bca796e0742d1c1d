package sensor

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestEventNames: the names that are said to be raised are those that the packages declare as anomalies and use, each in one
// list only, and the ones that nobody raises are told to readers.
func TestEventNames(t *testing.T) {
	declared := map[string][]string{}
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		dir := path.Dir(name)
		if of, ok := eventsOf(dir); ok {
			declared[of] = append(declared[of], anomalies(t, dir, name)...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, same := range []string{"mdns", "llmnr"} {
		declared[same] = declared["dns"]
	}
	var rows []string
	for _, e := range Events() {
		want, got := slices.Sorted(slices.Values(declared[e.Of])), slices.Sorted(slices.Values(e.Raised))
		if !slices.Equal(got, want) {
			t.Errorf("%q: raised are %q, the packages have %q", e.Of, got, want)
		}
		delete(declared, e.Of)
		all := slices.Sorted(slices.Values(slices.Concat(e.Raised, e.Silent)))
		if n := len(slices.Compact(slices.Clone(all))); n != len(all) {
			t.Errorf("%q has a name twice: %q", e.Of, all)
		}
		for _, n := range all {
			if n != strings.ToLower(n) || strings.Contains(n, ".") {
				t.Errorf("%q: %q cannot be matched", e.Of, n)
			}
		}
		if _, ok := ProtoByName(e.Of); !ok && e.Of != "" && e.Of != FileEvents {
			t.Errorf("%q is no protocol", e.Of)
		}
		if len(e.Silent) > 0 {
			rows = append(rows, fmt.Sprintf("| %s | `%s` |\n", cmp.Or(e.Of, "any"), strings.Join(e.Silent, "`, `")))
		}
	}
	for _, of := range slices.Sorted(maps.Keys(declared)) {
		if len(declared[of]) > 0 {
			t.Errorf("%q raises %q, which no rule can ask for", of, declared[of])
		}
	}
	told(t, rows)
}

// told fails where the table of what nothing raises is not the one that readers get.
func told(t *testing.T, rows []string) {
	t.Helper()
	text, err := os.ReadFile("../deploy/CONFORMANCE.md")
	if err != nil {
		t.Fatal(err)
	}
	if table := "| of | events |\n|---|---|\n" + strings.Join(rows, ""); !strings.Contains(string(text), "\n"+table+"\n") {
		t.Errorf("deploy/CONFORMANCE.md does not have this table:\n%s", table)
	}
}

// eventsOf tells what stands before the dot for events of a package.
func eventsOf(dir string) (string, bool) {
	switch dir {
	case "pipeline":
		return "", true
	case "file":
		return FileEvents, true
	case "app/bittorrent":
		return "bittorrent-dht", true
	case "app/mime":
		return "smtp", true // the other protocols with mails drop them
	}
	return strings.CutPrefix(dir, "app/")
}

// anomalies returns the strings, in lower case, of the constants of a file whose comment says that they are anomalies.
func anomalies(t *testing.T, dir, name string) (out []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST || !strings.Contains(strings.ToLower(g.Doc.Text()), "anomal") {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			for i, x := range v.Values {
				lit, ok := x.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					continue
				}
				if uses(t, dir, v.Names[i].Name) < 2 {
					t.Errorf("%s declares %s and does not use it", name, v.Names[i].Name)
				}
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, strings.ToLower(text))
			}
		}
	}
	return out
}

// uses counts an identifier in a package's sources.
func uses(t *testing.T, dir, ident string) (n int) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range files {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path.Join(dir, e.Name()), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(x ast.Node) bool {
			if id, ok := x.(*ast.Ident); ok && id.Name == ident {
				n++
			}
			return true
		})
	}
	return n
}

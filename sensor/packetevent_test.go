package sensor

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestPacketEvents: the names that are said to be raised are those that stand in the decoder and the reassembly, each in one list
// only, and the ones that nobody raises are told to readers.
func TestPacketEvents(t *testing.T) {
	event := regexp.MustCompile(`^[a-z0-9]+\.[a-z0-9_]+$`)
	written := map[string]bool{}
	for _, dir := range []string{"decode", "stream"} {
		files, err := fs.Glob(os.DirFS("."), dir+"/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if !strings.HasSuffix(name, "_test.go") {
				for _, s := range literals(t, name) {
					if event.MatchString(s) {
						written[s] = true
					}
				}
			}
		}
	}
	if len(written) < 100 {
		t.Errorf("only %d names found", len(written))
	}
	var rows []string
	for _, e := range PacketEvents() {
		for _, n := range slices.Concat(e.Raised, e.Silent) {
			name := e.Of + "." + n
			if raised := slices.Contains(e.Raised, n); raised != written[name] {
				t.Errorf("%s: raised %v, in the sources %v", name, raised, written[name])
			}
			delete(written, name)
		}
		if len(e.Silent) > 0 {
			rows = append(rows, fmt.Sprintf("| %s | `%s` |\n", e.Of, strings.Join(e.Silent, "`, `")))
		}
	}
	for name := range written {
		t.Errorf("no rule can ask for %s", name)
	}
	told(t, rows)
}

// literals are the strings of a source.
func literals(t *testing.T, name string) (out []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(x ast.Node) bool {
		if lit, ok := x.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			s, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, s)
		}
		return true
	})
	return out
}

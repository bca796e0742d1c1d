package hook

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// fieldError is a mistake in a field of a configuration, named as policies[2].when.min_score.
type fieldError struct{ field, what string }

func (e *fieldError) Error() string { return e.field + ": " + e.what }

// FieldOf returns the field that an error is about, "" for none.
func FieldOf(err error) string {
	var f *fieldError
	if errors.As(err, &f) {
		return f.field
	}
	return ""
}

// wrongItem is a mistake in an item of a list.
func wrongItem(field string, i int, format string, args ...any) error {
	return &fieldError{fmt.Sprintf("%s[%d]", field, i), fmt.Sprintf(format, args...)}
}

// places finds where the fields of a document stand.
type places struct {
	name string
	file *ast.File
}

func newPlaces(data []byte, name string) places {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		file = nil // the document has been decoded: fields without a place are shown on line 1
	}
	return places{name, file}
}

// errorf is a mistake in a field, with its place. A field that is absent has the place of what should hold it.
func (p places) errorf(field, format string, args ...any) error {
	line, col := 1, 1
	for at := field; at != "" && p.file != nil; {
		path, err := yaml.PathString("$." + at)
		if err == nil {
			if n, err := path.FilterFile(p.file); err == nil && n != nil && n.GetToken() != nil {
				t := n.GetToken()
				if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
					t = m.Values[0].Key.GetToken()
				}
				line, col = t.Position.Line, t.Position.Column
				break
			}
		}
		at = at[:max(strings.LastIndexAny(at, ".["), 0)]
	}
	return fmt.Errorf("%s:%d:%d: %s: %s", p.name, line, col, field, fmt.Sprintf(format, args...))
}

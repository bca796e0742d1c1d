// Package strictyaml reads YAML that people write: at most so many bytes, and nothing in it that the value does not know. An
// error says on which line and column.
package strictyaml

import (
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
)

// Decode reads a document of at most max bytes into v, which may hold defaults. An error is one line that begins with the
// document's name, line and column: "hooks.yaml:12:9: …".
func Decode(data []byte, name string, max int, v any) error {
	if len(data) > max {
		return fmt.Errorf("%s:1:1: larger than %d bytes", name, max)
	}
	err := yaml.UnmarshalWithOptions(data, v, yaml.Strict())
	if err == nil {
		return nil
	}
	// The library says "[line:column] what", with lines of the document behind.
	msg, _, _ := strings.Cut(err.Error(), "\n")
	line, col := 1, 1
	if n, _ := fmt.Sscanf(msg, "[%d:%d]", &line, &col); n == 2 {
		if _, rest, ok := strings.Cut(msg, "] "); ok {
			msg = rest
		}
	}
	return fmt.Errorf("%s:%d:%d: %s", name, line, col, msg)
}

// Read reads a file of at most max bytes into v, which may hold defaults. An error begins with the file's name and shows the
// lines around the place; one that wraps fs.ErrNotExist says that there is no file.
func Read(name string, max int, v any) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if len(text) > max {
		return fmt.Errorf("%s: %d bytes, at most %d", name, len(text), max)
	}
	if err := yaml.UnmarshalWithOptions(text, v, yaml.Strict()); err != nil {
		return fmt.Errorf("%s: %s", name, yaml.FormatError(err, false, true))
	}
	return nil
}

package strictyaml

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

type document struct {
	Mode  string   `yaml:"mode"`
	Names []string `yaml:"names"`
}

func TestDecode(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		err := Decode([]byte(text), "a.yaml", 40, &document{})
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	f("mode: a\nmodus: b\n", `a.yaml:2:1: unknown field "modus"`)
	f("mode: a\nmode: b\n", `a.yaml:2:1: mapping key "mode" already defined at [1:1]`)
	f("mode: a\nnames: b\n", "a.yaml:2:8: string was used where sequence is expected")
	f("names: [\n", "a.yaml:1:8: sequence end token ']' not found")
	f(fmt.Sprintf("mode: %040d", 0), "a.yaml:1:1: larger than 40 bytes")
	d := document{Mode: "as it was"}
	if err := Decode([]byte("names: [b]\n"), "a.yaml", 40, &d); err != nil || d.Mode != "as it was" || len(d.Names) != 1 {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.yaml")
	if err := Read(name, 40, &document{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	f := func(text, want string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Read(name, 40, &document{}); want == "" && err != nil || want != "" && (err == nil || err.Error() != name+": "+want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	f("mode: a\nnames: [b]\n", "")
	f("", "")
	f("mode: a\nmodus: b\n", "[2:1] unknown field \"modus\"\n   1 | mode: a\n>  2 | modus: b\n       ^\n")
	f(fmt.Sprintf("mode: %040d", 0), "46 bytes, at most 40")
}

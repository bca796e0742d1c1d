package cli

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.rules")
	if err := os.WriteFile(name, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := ReadFile(name, 5); err != nil || string(b) != "12345" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := ReadFile(name, 4); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("one byte too many: %v", err)
	}
}

// TestVisible: what moves the cursor, colours, or turns the order of letters does not come through; diacritics do.
func TestVisible(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := Visible(in); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f("Cổng dịch vụ công", "Cổng dịch vụ công")
	f("a\x1b[2Jb\r\n", "a·[2Jb··")
	f("gpj.\u202eexe\u2066\u009b", "gpj.·exe··")
}

// TestFlagStatus: who asks for help has made no mistake.
func TestFlagStatus(t *testing.T) {
	f := func(arg string, want int) {
		t.Helper()
		fs := flag.NewFlagSet("x", flag.ContinueOnError)
		fs.SetOutput(io.Discard)
		if got := FlagStatus(fs.Parse([]string{arg})); got != want {
			t.Errorf("%s: status %d, want %d", arg, got, want)
		}
	}
	f("-h", Done)
	f("--help", Done)
	f("--nope", Usage)
}

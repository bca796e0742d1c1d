package audit

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func written(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	l, err := Open(path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range n {
		if err := l.Append(Entry{User: "an", Address: "10.0.0.1", Action: "finding.view", Object: "<b>\xff\n" + strings.Repeat("x", 5000)}); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestVerify(t *testing.T) {
	path := written(t, 5)
	head, err := Verify(path)
	if err != nil || head.Number != 5 {
		t.Fatalf("%+v, %v", head, err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	f := func(what, want string, change func() []byte) {
		t.Helper()
		if err := os.WriteFile(path, change(), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", what, err, want)
		}
	}
	f("changed", "line 3: was changed", func() []byte {
		return bytes.Replace(whole, lines[2], bytes.Replace(lines[2], []byte(`"an"`), []byte(`"bo"`), 1), 1)
	})
	f("removed", "line 2: has number 3", func() []byte { return bytes.Replace(whole, lines[1], nil, 1) })
	f("swapped", "line 2", func() []byte { return bytes.Join([][]byte{lines[0], lines[2], lines[1], lines[3], lines[4]}, nil) })
	f("added to a line", "line 1: ", func() []byte { return append([]byte(" "), whole...) })
	f("unfinished", "unfinished", func() []byte { return whole[:len(whole)-3] })
}

func TestReopen(t *testing.T) {
	path := written(t, 2)
	whole, _ := os.ReadFile(path)
	if err := os.WriteFile(path, append(whole, `{"n":3,"ti`...), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := Open(path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if h, err := Verify(path); err != nil || h.Number != 3 || h != l.Head() {
		t.Errorf("%+v, %v", h, err)
	}
}

func TestOpenRefusesABrokenChain(t *testing.T) {
	path := written(t, 2)
	whole, _ := os.ReadFile(path)
	if err := os.WriteFile(path, bytes.Replace(whole, []byte(`"an"`), []byte(`"bo"`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, time.Now); err == nil {
		t.Error("opened")
	}
}

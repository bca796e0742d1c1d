package signature

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestOff: rules that are off are read, listed and not inspected; they are in nobody's way.
func TestOff(t *testing.T) {
	text := "alert tcp any any -> any any (msg:\"a\"; content:\"aaaa\"; sid:1;)\nalert tcp any any -> any any (msg:\"b\"; content:\"bbbb\"; sid:2;)\n" +
		"alert tcp any any -> any any (msg:\"b again\"; content:\"bbbb\"; sid:2; rev:2;)\n"
	set, errs := Load(Options{Off: map[ID]bool{{1, 2}: true, {1, 9}: true}}, []File{{"x.rules", []byte(text)}})
	if len(errs) > 0 || set.Len() != 1 || len(set.Rules()) != 1 || len(set.Off()) != 2 {
		t.Fatal(errs, set.Len(), set.Rules(), set.Off())
	}
	if r := set.Off()[0]; r.SID != 2 || r.Msg != "b" || r.File != "x.rules" || r.Line != 2 {
		t.Errorf("%+v", r)
	}
	if _, ok := set.Explain(2); ok {
		t.Error("a rule that is off is explained as one that is inspected")
	}
}

// TestConfined: rules of people who may not read every file name none outside of the rules' folder.
func TestConfined(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret")
	for _, name := range []string{secret, filepath.Join(dir, "list")} {
		if err := os.WriteFile(name, []byte("YQ==\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := func(confined bool, name, want string) {
		t.Helper()
		text := `alert dns any any -> any any (msg:"x"; dns.query; dataset:isset,d,type string,load ` + name + `; sid:1;)`
		_, errs := Load(Options{Confined: confined}, []File{{filepath.Join(dir, "own.rules"), []byte(text)}})
		switch {
		case want == "" && len(errs) > 0:
			t.Errorf("%s: %v", name, errs)
		case want != "" && (len(errs) != 1 || !strings.Contains(errs[0].Msg, want)):
			t.Errorf("%s: %v", name, errs)
		}
	}
	f(false, secret, "")
	f(true, secret, "outside of the rules' folder")
	f(true, "../secret", "outside of the rules' folder")
	f(true, "list", "")
}

// TestEndlessLists: what has no end, or nobody to write it, is not read.
func TestEndlessLists(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "large"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "large"), fileMax+1); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"pipe": "is not a file", ".": "is not a file", "/dev/zero": "is not a file", "large": "file is too large", "none": "no such file"} {
		text := `alert dns any any -> any any (msg:"x"; dns.query; dataset:isset,d,type string,load ` + name + `; sid:1;)`
		_, errs := Load(Options{}, []File{{filepath.Join(dir, "own.rules"), []byte(text)}})
		if len(errs) != 1 || !strings.Contains(errs[0].Msg, want) {
			t.Errorf("%s: %v, want %s", name, errs, want)
		}
	}
}

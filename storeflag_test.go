package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"khien/console/reveal"
	"khien/detector/store"
	"khien/detector/store/archive"
	"khien/detector/store/embedded"
)

// TestStoredAddressesAreSealed: khien run finds the demo's fraud with a policy that says "stored". No file of its store holds
// a victim's address, and the console tells it once it was asked to.
func TestStoredAddressesAreSealed(t *testing.T) {
	capture, data := fraudCapture(t), t.TempDir()
	const victim = "10.20.3.14"
	policy := "networks: [10.0.0.0/8]\nrole: admin\nstored: true\n"
	if err := os.WriteFile(filepath.Join(data, reveal.FileName), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	printed := filepath.Join(t.TempDir(), "out")
	cmd := launchPrinting(t, printed, "run", "-r", capture, "--data", data, "--listen", "127.0.0.1:0")
	b := logIn(t, printed)

	// The console hides it, finds it by its pseudonym, and shows it for a purpose.
	key := regexp.MustCompile(`"ip":"(K-[0-9A-F]{8})"`)
	waitFor(t, 2*time.Minute, "the story", func() bool { return strings.Contains(b.text("/api/v1/findings?q=source:fraud"), `"steps"`) })
	name := key.FindStringSubmatch(b.text("/api/v1/findings?q=source:fraud"))[1]
	if strings.Contains(b.text("/api/v1/findings?limit=100"), "10.20.") {
		t.Error("the console tells addresses")
	}
	b.want(200, "POST", "/api/v1/reveals", map[string]any{"of": "address", "subject": name, "purpose": "to call the victim back"})
	waitFor(t, 2*time.Minute, "the address", func() bool { return regexp.MustCompile(`"ip":"10\.`).MatchString(b.text("/api/v1/findings?limit=100")) })
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}

	// Behind, without the key, nothing holds one.
	inner, err := embedded.Open(filepath.Join(data, "findings"))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	n, err := archive.Export(t.Context(), inner, &text)
	if err != nil || n.Findings < 5 || n.Events == 0 || n.Documents == 0 {
		t.Errorf("%+v, %v", n, err)
	}
	if err := inner.Close(); err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`\b10\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\b[^/]|\b1:[0-9A-Za-z+/]{27}=`)
	if m := address.FindIndex(text.Bytes()); m != nil {
		t.Errorf("the store holds %s", text.Bytes()[max(0, m[0]-200):m[1]])
	}
	err = filepath.WalkDir(filepath.Join(data, "findings"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if m := bytes.Index(b, []byte(victim)); m >= 0 {
			t.Errorf("%s holds %q", path, b[max(0, m-100):m+20])
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}

	// With the policy, every command reads it as if it were not sealed.
	st, err := openStore("embedded:"+filepath.Join(data, "findings"), data, embedded.Config{}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	p, err := st.Find(t.Context(), store.Query{Src: []string{victim}})
	if err != nil || len(p.Findings) == 0 {
		t.Errorf("%d findings of the victim, %v", len(p.Findings), err)
	}
	for _, f := range p.Findings {
		if !strings.Contains(fmt.Sprint(f), victim) {
			t.Errorf("%+v", f)
		}
	}
}

// TestSealedStoreWithoutItsKey: what a command is told of a policy that is not there, and of another key.
func TestSealedStoreWithoutItsKey(t *testing.T) {
	where := "embedded:" + t.TempDir()
	for _, want := range []string{"", "sealed with another key"} { // each folder makes a key of its own
		data := t.TempDir()
		if err := os.WriteFile(filepath.Join(data, reveal.FileName), []byte("networks: [10.0.0.0/8]\nstored: true\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		st, err := openStore(where, data, embedded.Config{}, io.Discard)
		if want == "" {
			if err != nil {
				t.Fatal(err)
			}
			if err := st.Close(); err != nil {
				t.Fatal(err)
			}
		} else if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := openSealed("embedded:"+t.TempDir(), t.TempDir(), embedded.Config{}, io.Discard); err == nil || !strings.Contains(err.Error(), "stored: true") {
		t.Errorf("%v", err)
	}
}

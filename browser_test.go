package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"regexp"
	"testing"
	"time"
)

// browser is a person who is logged in at a console.
type browser struct {
	t    *testing.T
	base string
	http http.Client
}

// logIn reads what a console printed at its first start, and logs in as admin.
func logIn(t *testing.T, printed string) *browser {
	t.Helper()
	b := &browser{t: t}
	words := regexp.MustCompile(`password (\S+) [\s\S]*Console: (\S+)`)
	var m [][]byte
	waitFor(t, 60*time.Second, "the console tells where it is", func() bool {
		text, err := os.ReadFile(printed)
		m = words.FindSubmatch(text)
		return err == nil && m != nil
	})
	b.base = string(m[2])
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b.http.Jar = jar
	if status, _, text := b.do("POST", "/api/v1/login", map[string]string{"name": "admin", "password": string(m[1])}); status != 200 {
		t.Fatalf("login: %d %s", status, text)
	}
	return b
}

func (b *browser) do(method, path string, in any) (int, http.Header, []byte) {
	b.t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		b.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, bytes.NewReader(text))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, out
}

// want asks for JSON and checks the status.
func (b *browser) want(status int, method, path string, in any) (out map[string]any) {
	b.t.Helper()
	got, _, text := b.do(method, path, in)
	if got != status {
		b.t.Fatalf("%s %s: %d %s, want %d", method, path, got, text, status)
	}
	if err := json.Unmarshal(text, &out); err != nil {
		b.t.Fatal(err)
	}
	return out
}

// text asks for a page and returns it as it came.
func (b *browser) text(path string) string {
	b.t.Helper()
	status, _, text := b.do("GET", path, nil)
	if status != 200 {
		b.t.Fatalf("GET %s: %d %s", path, status, text)
	}
	return string(text)
}

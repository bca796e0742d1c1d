package update

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"aead.dev/minisign"
)

// TestUpdateOverHTTPS: an unchanged source is not sent again, a wrong signature is refused.
func TestUpdateOverHTTPS(t *testing.T) {
	rules := []byte(`alert udp any any -> any any (msg:"one"; content:"one"; sid:1;)` + "\n")
	pub, priv, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signature := minisign.Sign(priv, rules)
	sent := 0
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/own.rules.minisig":
			w.Write(signature)
		case r.URL.Path != "/own.rules":
			http.Redirect(w, r, "http://127.0.0.1/", http.StatusFound)
		case r.Header.Get("If-None-Match") == `"v1"`:
			w.WriteHeader(http.StatusNotModified)
		default:
			sent++
			w.Header().Set("ETag", `"v1"`)
			w.Write(rules)
		}
	}))
	defer srv.Close()
	data := t.TempDir()
	o := Options{Data: data, Timeout: 10 * time.Second, Source: srv.URL + "/own.rules", Client: srv.Client(), Key: pub.String()}
	name := filepath.Join(data, "rules", "own.rules")
	for range 2 {
		var errs bytes.Buffer
		if _, err := Run(o, &errs); err != nil {
			t.Fatal(err, errs.String())
		}
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, rules) {
			t.Fatalf("%v\n%s", err, got)
		}
		if err := os.Remove(name); err != nil { // the second time it is made of what is kept
			t.Fatal(err)
		}
	}
	if sent != 1 {
		t.Errorf("sent %d times", sent)
	}
	signature = minisign.Sign(priv, append(rules, '\n'))
	if _, err := Run(o, &bytes.Buffer{}); err == nil {
		t.Error("a signature of something else is taken")
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("refused rules are written")
	}
	if _, err := fetch(context.Background(), srv.Client(), srv.URL+"/elsewhere", ""); err == nil {
		t.Error("followed from https to http")
	}
}

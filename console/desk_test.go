package console

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
	"khien/detector/store/teststore"
)

// desk is a console with one browser in front of it.
type desk struct {
	t        *testing.T
	srv      *Server
	http     *httptest.Server
	store    store.Store
	dir      string
	browser  *http.Client
	password string
}

func newDesk(t *testing.T, change ...func(*Config)) *desk {
	t.Helper()
	dir := t.TempDir()
	st, err := teststore.Open(t.Context(), filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	return deskOn(t, dir, st, change...)
}

// deskOn is a desk on a store, which it closes at the end.
func deskOn(t *testing.T, dir string, st store.Store, change ...func(*Config)) *desk {
	t.Helper()
	cfg := Config{DataDir: dir, Version: "test"}
	for _, c := range change {
		c(&cfg)
	}
	srv, err := New(cfg, st)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewUnstartedServer(nil)
	h.Config = srv.HTTPServer(context.Background())
	h.Start()
	jar, _ := cookiejar.New(nil)
	d := &desk{t: t, srv: srv, http: h, store: st, dir: dir, browser: &http.Client{Jar: jar}, password: srv.FirstPassword()}
	t.Cleanup(func() {
		srv.Close()
		h.Close()
		st.Close()
	})
	return d
}

// send sends a request and returns the answer as it is.
func (d *desk) send(method, path string, body any, change ...func(*http.Request)) (int, http.Header, []byte) {
	d.t.Helper()
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			d.t.Fatal(err)
		}
		in = bytes.NewReader(b)
	}
	r, err := http.NewRequest(method, d.http.URL+path, in)
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range change {
		c(r)
	}
	resp, err := d.browser.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	doc, err := document()
	if err != nil {
		d.t.Fatal(err)
	}
	doc.check(d.t, resp.Request, resp.StatusCode, resp.Header, raw)
	return resp.StatusCode, resp.Header, raw
}

// do sends a request and decodes the answer.
func (d *desk) do(method, path string, body any, change ...func(*http.Request)) (int, map[string]any, http.Header) {
	d.t.Helper()
	status, head, raw := d.send(method, path, body, change...)
	out := map[string]any{}
	if strings.Contains(head.Get("Content-Type"), "json") {
		if err := json.Unmarshal(raw, &out); err != nil {
			d.t.Fatalf("%s %s: %v: %s", method, path, err, raw)
		}
	}
	return status, out, head
}

func (d *desk) want(status int, method, path string, body any, change ...func(*http.Request)) map[string]any {
	d.t.Helper()
	got, out, _ := d.do(method, path, body, change...)
	if got != status {
		d.t.Fatalf("%s %s: status %d, want %d: %v", method, path, got, status, out)
	}
	return out
}

func (d *desk) login() {
	d.t.Helper()
	d.want(200, "POST", "/api/v1/login", map[string]string{"name": "admin", "password": d.password})
}

func sample(n int, change ...func(*detector.Finding)) detector.Finding {
	f := detector.Finding{Time: time.Now().Add(-time.Duration(n) * time.Minute), Source: detector.FromFraud, Severity: detector.High, Score: 0.9,
		Rule: detector.Rule{ID: fmt.Sprint("rule", n), Name: "name"}, SrcIP: netip.MustParseAddr("10.0.0.1"), DstIP: netip.MustParseAddr("198.51.100.1"),
		Fraud: &detector.Fraud{Kind: "lookalike", Brand: "vneid", Stage: "visit", Visibility: "seen"}, Count: 1}
	for _, c := range change {
		c(&f)
	}
	f.Identify()
	return f
}

func (d *desk) write(fs ...detector.Finding) {
	d.t.Helper()
	if err := d.store.Write(d.t.Context(), fs); err != nil {
		d.t.Fatal(err)
	}
}

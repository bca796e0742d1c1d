package web

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func get(t *testing.T, files fs.FS, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	handler(files).ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

func TestPages(t *testing.T) {
	files := fstest.MapFS{"index.html": {Data: []byte(`<meta name="csp-nonce" content="__NONCE__">`)}, "assets/a.js": {Data: []byte("1")}}
	a, b := get(t, files, "GET", "/inbox"), get(t, files, "GET", "/")
	csp := a.Header().Get("Content-Security-Policy")
	if a.Code != 200 || strings.Contains(a.Body.String(), noncePlace) || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "'nonce-") {
		t.Errorf("%d %q %s", a.Code, csp, a.Body)
	}
	if a.Body.String() == b.Body.String() {
		t.Error("two answers have the same nonce")
	}
	if w := get(t, files, "GET", "/assets/a.js"); w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := get(t, files, "GET", "/assets/no.js"); w.Code != 404 {
		t.Errorf("a missing script: %d", w.Code)
	}
	if w := get(t, files, "GET", "/../../etc/passwd"); !strings.Contains(w.Body.String(), "csp-nonce") {
		t.Errorf("%s", w.Body)
	}
	if w := get(t, files, "POST", "/"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

func TestWithoutPages(t *testing.T) {
	w := get(t, fstest.MapFS{"pages.txt": {}}, "GET", "/")
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "npm run build") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

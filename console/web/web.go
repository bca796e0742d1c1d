// Package web serves the console's pages, which npm run build writes into dist and the Go compiler embeds. Requests come
// in, files go out. Every path without a file is the one page, whose script shows what the address names.
package web

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/base64"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed all:dist
var dist embed.FS

// noncePlace is where index.html takes the nonce of one answer.
const noncePlace = "__NONCE__"

// Handler serves the pages. Without built pages it says how to build them.
func Handler() http.Handler {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("BUG: dist is embedded: " + err.Error())
	}
	return handler(files)
}

func handler(files fs.FS) http.Handler {
	index, err := fs.ReadFile(files, "index.html")
	if err != nil {
		return http.HandlerFunc(missing)
	}
	static := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "only GET", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if name != "" && name != "index.html" {
			if info, err := fs.Stat(files, name); err == nil && !info.IsDir() {
				if strings.HasPrefix(name, "assets/") { // their names hold a hash of the content
					w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
				}
				static.ServeHTTP(w, r)
				return
			}
			if strings.HasPrefix(name, "assets/") {
				http.NotFound(w, r)
				return
			}
		}
		page(w, index)
	})
}

// page answers with the one page. Scripts come from files alone; the component library adds style elements, which carry
// the nonce.
func page(w http.ResponseWriter, index []byte) {
	var b [16]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	nonce := base64.StdEncoding.EncodeToString(b[:])
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"+nonce+"'; font-src 'self'; img-src 'self'; "+
		"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.Write(bytes.ReplaceAll(index, []byte(noncePlace), []byte(nonce)))
}

func missing(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusServiceUnavailable)
	w.Write([]byte("This build of Khiên has no pages: it was made without them.\n" +
		"To build them (Node 20 or newer):\n\n\tcd console/web\n\tnpm ci\n\tnpm run build\n\nand then build the program again: go build .\n" +
		"The interface below /api/v1/ works without the pages.\n\n" +
		"Bản dựng này chưa có trang giao diện. Hãy chạy các lệnh trên rồi dựng lại chương trình.\n"))
}

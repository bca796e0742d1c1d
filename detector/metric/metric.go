// Package metric writes counts in Prometheus' text format, version 0.0.4, and serves them.
package metric

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Head begins a metric. One whose name ends in _total counts; others go up and down.
func Head(b *bufio.Writer, name, help string) {
	kind := "gauge"
	if strings.HasSuffix(name, "_total") {
		kind = "counter"
	}
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// Label escapes the value of a label.
func Label(s string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(s)
}

// Listen opens the address that --metrics names; nil when there is none.
func Listen(address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w (choose another address with --metrics)", err)
	}
	return l, nil
}

// Serve answers Prometheus at /metrics with what write writes, until the result is called, which closes l. l may be
// nil. The counts tell of the program, and of nobody's traffic.
func Serve(l net.Listener, write func(io.Writer) error) (stop func()) {
	if l == nil {
		return func() {}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		if err := write(w); err != nil {
			return // the reader has gone
		}
	})
	m := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second}
	go m.Serve(l) // it ends with Close, and what it served meanwhile is nobody's loss
	return func() { m.Close() }
}

package console

import (
	"context"
	"net"
	"net/http"
	"time"
)

// Times of a connection. Who sends slowly, takes nothing of an answer or asks nothing more is cut off.
const (
	headTime  = 10 * time.Second
	readTime  = 5 * time.Minute // a whole request: the largest has 16 MiB, for which 500 kbit/s suffice
	writeTime = time.Minute     // a part of an answer; events come more often
	idleTime  = 2 * time.Minute
)

const (
	headMax = 64 << 10 // bytes of a request's header
	partMax = 64 << 10 // bytes of an answer's part
)

// HTTPServer returns the server of a console. Its requests end with ctx.
func (s *Server) HTTPServer(ctx context.Context) *http.Server {
	return &http.Server{Handler: inParts(writeTime, s.handler), ReadHeaderTimeout: headTime, ReadTimeout: readTime, WriteTimeout: writeTime,
		IdleTimeout: idleTime, MaxHeaderBytes: headMax, BaseContext: func(net.Listener) context.Context { return ctx }}
}

// inParts gives each part of an answer the time that a server's WriteTimeout gives a whole one: captures and evidence are
// large, lines to them may be slow, and streams of events do not end by themselves.
func inParts(each time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := &parts{w, http.NewResponseController(w), each}
		next.ServeHTTP(p, r)
		p.more() // for what is buffered
	})
}

type parts struct {
	http.ResponseWriter
	conn *http.ResponseController
	each time.Duration
}

// more begins the time of a part. Not every writer has deadlines.
func (p *parts) more() { p.conn.SetWriteDeadline(time.Now().Add(p.each)) }

// Write takes a part of an answer, or several.
func (p *parts) Write(b []byte) (n int, _ error) {
	for {
		p.more()
		m, err := p.ResponseWriter.Write(b[n:min(n+partMax, len(b))])
		n += m
		if err != nil || n == len(b) {
			return n, err
		}
	}
}

// Unwrap is for http.ResponseController, which flushes.
func (p *parts) Unwrap() http.ResponseWriter { return p.ResponseWriter }

package console

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// inParts and a server's WriteTimeout, both of this length.
const partTime = time.Second

func serveInParts(t *testing.T, answer http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(inParts(partTime, answer))
	s.Config.WriteTimeout = partTime
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func TestSlowLineGetsTheWholeAnswer(t *testing.T) {
	const size = 64 << 20 // far more than what the kernel takes at once
	written := make(chan error, 1)
	s := serveInParts(t, func(w http.ResponseWriter, r *http.Request) {
		n, err := w.Write(make([]byte, size))
		if err == nil && n != size {
			err = fmt.Errorf("%d bytes", n)
		}
		written <- err
	})
	resp, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for i := range int64(10) {
		if n, err := io.CopyN(io.Discard, resp.Body, size/10); err != nil {
			t.Fatalf("after %d tenths and %d bytes: %v", i, n, err)
		}
		time.Sleep(partTime / 4)
	}
	if n, err := io.Copy(io.Discard, resp.Body); n != size%10 || err != nil {
		t.Errorf("%d bytes at the end, %v", n, err)
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
}

func TestLateAnswerIsSent(t *testing.T) {
	s := serveInParts(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(partTime * 3 / 2)
		w.WriteHeader(http.StatusNoContent)
	})
	resp, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		t.Error(resp.Status)
	}
}

func TestWhoTakesNothingIsCutOff(t *testing.T) {
	written := make(chan error, 1)
	s := serveInParts(t, func(w http.ResponseWriter, r *http.Request) {
		_, err := w.Write(make([]byte, 64<<20))
		written <- err
	})
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	select {
	case err := <-written:
		if err == nil {
			t.Error("64 MiB were written to nobody")
		}
	case <-time.After(20 * partTime):
		t.Error("the answer waits for ever")
	}
}

// TestHTTPServer: the timeouts are set, and requests end with the server's context.
func TestHTTPServer(t *testing.T) {
	d := newDesk(t)
	d.login()
	ctx, end := context.WithCancel(t.Context())
	h := httptest.NewUnstartedServer(nil)
	h.Config = d.srv.HTTPServer(ctx)
	if c := h.Config; c.ReadHeaderTimeout <= 0 || c.ReadTimeout <= 0 || c.WriteTimeout <= 0 || c.IdleTimeout <= 0 {
		t.Errorf("%+v", c)
	}
	h.Start()
	defer h.Close()
	req, err := http.NewRequest("GET", h.URL+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range d.browser.Jar.Cookies(req.URL) {
		req.AddCookie(c)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
	end()
	done := make(chan error, 1)
	go func() { _, err := io.Copy(io.Discard, resp.Body); done <- err }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the stream goes on")
	}
}

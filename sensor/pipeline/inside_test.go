package pipeline

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"khien/sensor"
	apptls "khien/sensor/app/tls"
	"khien/sensor/sensortest"
)

// recording is a connection that remembers what was said, in order.
type recording struct {
	net.Conn
	mu   sync.Mutex
	said []said
}

type said struct {
	dir  sensor.Dir
	data []byte
}

func (r *recording) note(dir sensor.Dir, b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.said); n > 0 && r.said[n-1].dir == dir {
		r.said[n-1].data = append(r.said[n-1].data, b...)
		return
	}
	r.said = append(r.said, said{dir, bytes.Clone(b)})
}

func (r *recording) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	r.note(sensor.ToClient, b[:n])
	return n, err
}

func (r *recording) Write(b []byte) (int, error) {
	r.note(sensor.ToServer, b)
	return r.Conn.Write(b)
}

// talkTLS lets a client post to a server over TLS and returns what was said as traffic, and the key log.
func talkTLS(t *testing.T, config *tls.Config, h2 bool) (traffic func(options string) string, keylog string) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != "otp=123456" {
			t.Errorf("the server got %q, %v", body, err)
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, strings.Repeat("<p>answer</p>\n", 3000))
	}))
	server.EnableHTTP2 = h2
	server.StartTLS()
	defer server.Close()
	var keys bytes.Buffer
	config.KeyLogWriter, config.InsecureSkipVerify, config.ServerName = &keys, true, "secret.example"
	var conn *recording
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: h2, DisableCompression: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			conn = &recording{Conn: c}
			return conn, err
		}}}
	for _, path := range []string{"/first", "/second"} {
		res, err := client.Post(server.URL+path, "application/x-www-form-urlencoded", strings.NewReader("otp=123456"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	client.CloseIdleConnections()
	conn.mu.Lock()
	defer conn.mu.Unlock()
	lines := slices.Clone(conn.said)
	return func(options string) string {
		var b strings.Builder
		fmt.Fprintf(&b, "tcp 10.0.0.1 > 10.0.0.2:443 %s\n", options)
		for _, s := range lines {
			sign := ">"
			if s.dir == sensor.ToClient {
				sign = "<"
			}
			for part := range slices.Chunk(s.data, 3000) {
				fmt.Fprintf(&b, "%sb %s\n", sign, base64.StdEncoding.EncodeToString(part))
			}
		}
		return b.String()
	}, keys.String()
}

// seen collects what detectors see of decrypted connections.
type seen struct {
	uris  []string
	posts []string
	files []string
	app   [2]sensor.Proto
}

func (s *seen) Wants() sensor.Kind { return sensor.KindTx | sensor.KindFile | sensor.KindFlowEnd }

func (s *seen) Handle(e *sensor.Event) {
	switch e.Kind {
	case sensor.KindFlowEnd:
		s.app = [2]sensor.Proto{e.Flow.AppOrig, e.Flow.App}
	case sensor.KindFile:
		if e.File.State == sensor.FileClosed && e.File.Dir == sensor.ToClient {
			s.files = append(s.files, fmt.Sprint(e.File.Size, e.File.MIME))
		}
	case sensor.KindTx:
		b := e.Tx.Base()
		if b.Done[0] != sensor.ProgressComplete || b.Done[1] != sensor.ProgressComplete {
			return
		}
		if v, ok := e.Tx.Buffer(sensor.HTTPURI, sensor.ToServer, 0); ok && len(v) > 0 { // HTTP/2 has transactions of the connection too
			s.uris = append(s.uris, string(v))
		}
		if v, ok := e.Tx.Buffer(sensor.HTTPRequestBody, sensor.ToServer, 0); ok {
			s.posts = append(s.posts, string(v))
		}
	}
}

func see(t *testing.T, text, keylog string) *seen {
	t.Helper()
	keys, err := apptls.ReadKeys(strings.NewReader(keylog))
	if err != nil {
		t.Fatal(err)
	}
	s := &seen{}
	p := New(Config{TLSKeys: keys, Handlers: func(int) []sensor.Handler { return []sensor.Handler{s} }})
	defer p.Close()
	if err := p.Run(sensortest.NewReader(packets(t, text)), "x"); err != nil {
		t.Fatal(err)
	}
	if bug := p.Stats().FirstBug; bug != "" {
		t.Fatal(bug)
	}
	return s
}

// TestDecryptedTLS captures real handshakes: with their secrets, what is said inside is seen as if it were sent in clear,
// wherever the stream is cut.
func TestDecryptedTLS(t *testing.T) {
	f := func(name string, config *tls.Config, h2 bool) {
		t.Run(name, func(t *testing.T) {
			traffic, keylog := talkTLS(t, config, h2)
			app := sensor.ProtoHTTP
			if h2 {
				app = sensor.ProtoHTTP2
			}
			for _, options := range []string{"", "mss=7", "mss=100 reorder", "mss=1400 dup"} {
				s := see(t, traffic(options), keylog)
				if !slices.Equal(s.uris, []string{"/first", "/second"}) || !slices.Equal(s.posts, []string{"otp=123456", "otp=123456"}) ||
					len(s.files) != 2 || !strings.HasPrefix(s.files[0], "42000") || s.app != [2]sensor.Proto{sensor.ProtoTLS, app} {
					t.Errorf("%q: %+v", options, s)
				}
			}
			if s := see(t, traffic(""), ""); len(s.uris)+len(s.files) > 0 || s.app[1] != sensor.ProtoTLS {
				t.Errorf("without secrets: %+v", s)
			}
			wrong := []byte(keylog)
			for i := bytes.LastIndexByte(bytes.TrimSpace(wrong), ' ') + 1; i < len(wrong) && wrong[i] != '\n'; i++ {
				wrong[i] = '0'
			}
			if s := see(t, traffic(""), string(wrong)); len(s.files) > 0 || s.app[0] == sensor.ProtoTLS && len(s.uris) > 2 {
				t.Errorf("with a wrong secret: %+v", s)
			}
		})
	}
	v12 := func(suite uint16) *tls.Config {
		return &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite}}
	}
	f("1.2 AES-128-GCM", v12(tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256), false)
	f("1.2 AES-256-GCM", v12(tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384), false)
	f("1.2 CHACHA20", v12(tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256), false)
	f("1.3", &tls.Config{MinVersion: tls.VersionTLS13}, false)
	f("1.3 HTTP/2", &tls.Config{MinVersion: tls.VersionTLS13}, true)
	f("1.2 HTTP/2", v12(tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256), true)
}

// TestDecryptionAfterAGap loses a segment in the middle of a response: the next one is seen.
func TestDecryptionAfterAGap(t *testing.T) {
	traffic, keylog := talkTLS(t, &tls.Config{MinVersion: tls.VersionTLS13}, false)
	lost := 0
	for gap := 6; gap < 40; gap += 3 {
		s := see(t, traffic(fmt.Sprintf("mss=1400 gap=%d", gap)), keylog)
		if len(s.files) < 2 {
			lost++
		}
		if len(s.uris) == 0 {
			t.Errorf("without segment %d nothing is seen: %+v", gap, s)
		}
	}
	if lost == 0 {
		t.Error("no file has a gap: the test does not do what it says")
	}
}

package syslog

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/output"
	"khien/detector/output/outputtest"
)

// receive takes the messages of all connections.
func receive(t *testing.T, l net.Listener, got chan<- string) {
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				outputtest.Syslog(c, func(m string) { got <- m })
			}()
		}
	}()
}

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func messages(n int) (ms []output.Message) {
	for i := range n {
		ms = append(ms, output.Message{ID: fmt.Sprint(i), Kind: "finding", Time: time.Date(2026, 11, 21, 7, 29, 2, 5000, time.UTC), Sensor: "hà nội",
			Severity: detector.Critical, Source: detector.FromFraud, Rule: `a"]\b`, Line: fmt.Appendf(nil, `{"n":%d,"vi":"giả mạo"}`, i)})
	}
	return ms
}

func next(t *testing.T, got <-chan string) string {
	t.Helper()
	select {
	case s := <-got:
		return s
	case <-time.After(20 * time.Second):
		t.Fatal("nothing comes")
		return ""
	}
}

// form is SYSLOG-MSG of RFC 5424, 6, with the structured data of ours.
var form = regexp.MustCompile(`^<(\d{1,3})>1 (\S+) ([!-~]{1,255}) khien - ([!-~]{1,32}) (\[khien@32473( [a-z]+="([^"\\\]]|\\["\\\]])*")*\]) (\{.*\})$`)

func TestMessagesOverTLS(t *testing.T) {
	a := outputtest.NewAuthority(t)
	a.Issue(t, "client")
	l := listen(t, "127.0.0.1:0")
	got := make(chan string, 100)
	receive(t, tls.NewListener(l, a.Server(t)), got)
	s, err := New(Config{Transport: "tls", Address: l.Addr().String(), Facility: 20,
		TLS: output.TLSFiles{CA: a.File("ca.pem"), Cert: a.File("client.pem"), Key: a.File("client.key")}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range 2 {
		if err := s.Write(t.Context(), messages(20)); err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			line := next(t, got)
			m := form.FindStringSubmatch(line)
			if m == nil || m[1] != "162" || m[2] != "2026-11-21T07:29:02.000005Z" || m[3] != "h??n?i" || m[4] != "finding" ||
				m[5] != fmt.Sprintf(`[khien@32473 id="%d" severity="critical" source="fraud" rule="a\"\]\\b"]`, i) || m[8] != fmt.Sprintf(`{"n":%d,"vi":"giả mạo"}`, i) {
				t.Fatalf("%q %q", line, m)
			}
		}
	}
}

func TestCertificatesAreChecked(t *testing.T) {
	a, other := outputtest.NewAuthority(t), outputtest.NewAuthority(t)
	a.Issue(t, "client")
	other.Issue(t, "client")
	l := listen(t, "127.0.0.1:0")
	got := make(chan string, 100)
	receive(t, tls.NewListener(l, a.Server(t)), got)
	f := func(files output.TLSFiles, address, want string) {
		t.Helper()
		s, err := New(Config{Transport: "tls", Address: address, TLS: files})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		// TLS 1.3: this side may be done before the other has looked at its certificate.
		for range 3 {
			if err = s.Write(t.Context(), messages(1)); err != nil {
				break
			}
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	f(output.TLSFiles{CA: other.File("ca.pem"), Cert: a.File("client.pem"), Key: a.File("client.key")}, l.Addr().String(), "unknown authority")
	f(output.TLSFiles{Cert: a.File("client.pem"), Key: a.File("client.key")}, l.Addr().String(), "unknown authority")
	f(output.TLSFiles{CA: a.File("ca.pem"), Cert: a.File("client.pem"), Key: a.File("client.key")}, "localhost:"+port, "valid for")
	f(output.TLSFiles{CA: a.File("ca.pem")}, l.Addr().String(), "")
	f(output.TLSFiles{CA: a.File("ca.pem"), Cert: other.File("client.pem"), Key: other.File("client.key")}, l.Addr().String(), "")
	if len(got) > 0 {
		t.Errorf("%d messages came through", len(got))
	}
	if _, err := New(Config{Transport: "tls", Address: "a:1", TLS: output.TLSFiles{CA: a.File("ca.key")}}); err == nil || !strings.Contains(err.Error(), "no certificate") {
		t.Errorf("a key as CA: %v", err)
	}
}

// TestReceiverIsAwayAndComesBack: a write is refused while nobody listens, and goes through on a new connection after.
func TestReceiverIsAwayAndComesBack(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	address := l.Addr().String()
	got := make(chan string, 100)
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			accepted <- c
		}
	}()
	s, err := New(Config{Transport: "tcp", Address: address})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Write(t.Context(), messages(1)); err != nil {
		t.Fatal(err)
	}
	(<-accepted).Close()
	l.Close()
	for end := time.Now().Add(10 * time.Second); !s.dead.Load(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the end of the connection is not noticed")
		}
	}
	if err := s.Write(t.Context(), messages(1)); err == nil {
		t.Fatal("a write to nobody is taken")
	}
	receive(t, listen(t, address), got)
	if err := s.Write(t.Context(), messages(3)); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if m := next(t, got); !strings.Contains(m, fmt.Sprintf(`{"n":%d,`, i)) {
			t.Errorf("%q", m)
		}
	}
}

// TestSlowReceiver: a batch counts as arrived only when the receiver's machine has all of it.
func TestSlowReceiver(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	defer l.Close()
	s, err := New(Config{Transport: "tcp", Address: l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	big := messages(1)
	big[0].Line = make([]byte, 32<<20) // more than the buffers of both ends
	done := make(chan error, 1)
	go func() { done <- s.Write(t.Context(), big) }()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	select {
	case err := <-done:
		t.Fatalf("taken before anybody has read: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	go io.Copy(io.Discard, c)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestDatagrams(t *testing.T) {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := New(Config{Transport: "udp", Address: c.LocalAddr().String(), Facility: 16})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ms := messages(3)
	ms[1].Line = make([]byte, 70<<10)
	err = s.Write(t.Context(), ms)
	if r, ok := err.(*output.RejectedError); !ok || len(r.Messages) != 1 || r.Messages[0].Message.ID != "1" {
		t.Errorf("a message longer than a datagram: %v", err)
	}
	b := make([]byte, 65536)
	for _, id := range []string{"0", "2"} {
		if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, _, err := c.ReadFrom(b)
		if m := form.FindStringSubmatch(string(b[:n])); err != nil || m == nil || !strings.Contains(m[5], `id="`+id+`"`) || m[1] != "130" {
			t.Errorf("%v %q", err, b[:n])
		}
	}
}

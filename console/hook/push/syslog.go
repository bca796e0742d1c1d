package push

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"sync"
	"time"

	"khien/console/hook"
	"khien/console/hook/render"
)

// Syslog sends notices over UDP (RFC 5426), TCP (RFC 6587, octet counting) or TLS (RFC 5425).
type Syslog struct {
	network, addr string
	write         func(hook.Notice, string) []byte
	hostname      string
	dialer        *net.Dialer

	mu   sync.Mutex
	conn net.Conn
}

// NewSyslog returns a target such as tls://siem.example:6514. format is rfc5424, cef or leef.
func NewSyslog(to, format string, allow []netip.Prefix) (*Syslog, error) {
	u, err := url.Parse(to)
	if err != nil {
		return nil, fmt.Errorf("push: syslog: %w", err)
	}
	if _, _, err := net.SplitHostPort(u.Host); err != nil || u.Scheme != "udp" && u.Scheme != "tcp" && u.Scheme != "tls" {
		return nil, fmt.Errorf("push: syslog: %q: udp://HOST:514, tcp://HOST:601 or tls://HOST:6514 is expected", to)
	}
	s := &Syslog{network: u.Scheme, addr: u.Host, dialer: Dialer(allow)}
	switch format {
	case "", "rfc5424":
		s.write = render.Syslog
	case "cef":
		s.write = render.CEF
	case "leef":
		s.write = render.LEEF
	default:
		return nil, fmt.Errorf("push: syslog: no format %q: rfc5424, cef or leef", format)
	}
	if s.hostname, err = os.Hostname(); err != nil || s.hostname == "" {
		s.hostname = "-"
	}
	return s, nil
}

// Deliver implements Target. TCP tells of a lost connection only at a later write: receivers may get a message twice, and
// know it by its event.
func (s *Syslog) Deliver(ctx context.Context, ns []hook.Notice) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		switch s.network {
		case "tls":
			s.conn, err = (&tls.Dialer{NetDialer: s.dialer}).DialContext(ctx, "tcp", s.addr)
		default:
			s.conn, err = s.dialer.DialContext(ctx, s.network, s.addr)
		}
		if err != nil {
			s.conn = nil
			return err
		}
	}
	if err := s.conn.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	for _, n := range ns {
		m := s.write(n, s.hostname)
		if s.network != "udp" {
			m = append(fmt.Appendf(nil, "%d ", len(m)), m...)
		}
		if _, err := s.conn.Write(m); err != nil {
			s.conn.Close()
			s.conn = nil
			return err
		}
	}
	return nil
}

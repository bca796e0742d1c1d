// Package syslog sends messages of RFC 5424 over TLS (RFC 5425), TCP (RFC 6587, octet counting) or UDP (RFC 5426).
//
// Syslog acknowledges nothing. Over TCP and TLS a batch has arrived when the receiver's machine has acknowledged all its
// bytes and the connection still stands; a receiver that is killed loses what it had not read by then. Over UDP nobody
// knows what arrives.
package syslog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"khien/detector/output"
)

// chunk is how many bytes are written at once.
const chunk = 64 << 10

// Times.
const (
	dialTimeout  = 10 * time.Second
	writeTimeout = 30 * time.Second // without any progress
	firstLook    = time.Millisecond // for it, and then less often
	lastLook     = 50 * time.Millisecond
)

// Config says where messages go.
type Config struct {
	Transport string // udp, tcp, tls
	Address   string // HOST:PORT
	Facility  int
	TLS       output.TLSFiles
}

// Sender is an output.Place.
type Sender struct {
	c    Config
	conn net.Conn // nil when there is none
	raw  syscall.RawConn
	dead *atomic.Bool // of conn: the receiver has ended it
}

// New returns a sender, which connects with the first message. Files that cannot be read are an error.
func New(c Config) (*Sender, error) {
	if _, err := c.TLS.Config(""); err != nil {
		return nil, err
	}
	return &Sender{c: c}, nil
}

// Write sends a batch.
func (s *Sender) Write(ctx context.Context, ms []output.Message) error {
	if s.conn != nil && s.dead.Load() {
		s.drop()
	}
	if s.conn == nil {
		if err := s.dial(ctx); err != nil {
			return fmt.Errorf("syslog: %w", err)
		}
	}
	conn := s.conn
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	if s.c.Transport == "udp" {
		return s.datagrams(ms)
	}
	var b, one []byte
	for i := range ms {
		one = appendMessage(one[:0], s.c.Facility, &ms[i])
		b = append(strconv.AppendInt(b, int64(len(one)), 10), ' ')
		b = append(b, one...)
	}
	var err error
	for ; err == nil && len(b) > 0; b = b[min(len(b), chunk):] {
		if err = s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err == nil {
			err = ctx.Err()
		}
		if err == nil {
			_, err = s.conn.Write(b[:min(len(b), chunk)])
		}
	}
	if err == nil {
		err = s.arrived(ctx)
	}
	if err != nil {
		s.drop()
		return fmt.Errorf("syslog: %w", err)
	}
	return nil
}

// datagrams sends a datagram each. What is too long for one is never taken.
func (s *Sender) datagrams(ms []output.Message) error {
	var rejected []output.Rejected
	for i := range ms {
		_, err := s.conn.Write(appendMessage(nil, s.c.Facility, &ms[i]))
		switch {
		case errors.Is(err, unix.EMSGSIZE):
			rejected = append(rejected, output.Rejected{Message: ms[i], Reason: "longer than a datagram can be"})
		case err != nil:
			s.drop()
			return fmt.Errorf("syslog: %w", err)
		}
	}
	return output.Reject(rejected)
}

// arrived waits until the receiver's machine has acknowledged every byte.
func (s *Sender) arrived(ctx context.Context) error {
	end, before := time.Now().Add(writeTimeout), 0
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		var left int
		var err error
		if e := s.raw.Control(func(fd uintptr) { left, err = unix.IoctlGetInt(int(fd), unix.TIOCOUTQ) }); e != nil {
			err = e
		}
		switch {
		case err != nil:
			return err
		case s.dead.Load():
			return errors.New("the receiver has ended the connection")
		case left == 0:
			return nil
		case left < before:
			end = time.Now().Add(writeTimeout)
		case time.Now().After(end):
			return fmt.Errorf("the receiver has not taken %d bytes within %v", left, writeTimeout)
		}
		before = left
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

func (s *Sender) dial(ctx context.Context) error {
	network := "tcp"
	if s.c.Transport == "udp" {
		network = "udp"
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, network, s.c.Address)
	if err != nil {
		return err
	}
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		conn.Close()
		return err
	}
	if s.c.Transport == "tls" {
		if conn, err = s.handshake(ctx, conn); err != nil {
			return err
		}
	}
	dead := &atomic.Bool{}
	s.conn, s.raw, s.dead = conn, raw, dead
	if network == "tcp" {
		go func() { // a receiver says nothing; the end of what it says is the end of the connection
			io.Copy(io.Discard, conn)
			dead.Store(true)
		}()
	}
	return nil
}

func (s *Sender) handshake(ctx context.Context, conn net.Conn) (net.Conn, error) {
	host, _, err := net.SplitHostPort(s.c.Address)
	if err != nil {
		conn.Close()
		return nil, err
	}
	c, err := s.c.TLS.Config(host)
	if err != nil {
		conn.Close()
		return nil, err
	}
	t := tls.Client(conn, c)
	if err := t.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return t, nil
}

func (s *Sender) drop() {
	s.conn.Close() // it is broken, and what was not acknowledged comes again
	s.conn = nil
}

// Close ends the connection.
func (s *Sender) Close() error {
	if s.conn == nil {
		return nil
	}
	return s.conn.Close()
}

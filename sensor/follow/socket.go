package follow

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strconv"
	"sync"
	"time"
)

// Limits of a socket.
const (
	writersMax = 16 // connections at a time
	chunksMax  = 64 // of lines that wait for the reader: then those who write wait
)

// Socket takes lines from programs that connect to a Unix stream socket, several at a time. What a connection has sent is
// gone with it: there is no place to go on from.
type Socket struct {
	path     string
	listener *net.UnixListener
	chunks   chan part
	stop     chan struct{}
	running  sync.WaitGroup
	once     sync.Once
	tell     func(error)

	now  part // what Next is giving out
	mu   sync.Mutex
	conn map[net.Conn]struct{}
}

// part is some whole lines of a connection, or a line that is too long.
type part struct {
	text   []byte
	source string
	first  int // number of the first line
	over   int64
}

// Listen makes the socket. One that a process which is gone has left behind is replaced. tell hears of connections that are
// refused or broken off.
func Listen(path string, tell func(error)) (*Socket, error) {
	addr := &net.UnixAddr{Name: path, Net: "unix"}
	if s, err := os.Lstat(path); err == nil && s.Mode()&fs.ModeSocket != 0 {
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			c.Close() // it was only asked whether somebody is there
			return nil, fmt.Errorf("follow: %s: another process listens there", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("follow: %w", err)
		}
	}
	l, err := net.ListenUnix("unix", addr)
	if err != nil {
		return nil, fmt.Errorf("follow: %w", err)
	}
	if err := os.Chmod(path, 0o660); err != nil { // the sensor may run as another user of the group
		l.Close() // nobody has connected
		return nil, fmt.Errorf("follow: %w", err)
	}
	s := &Socket{path: path, listener: l, chunks: make(chan part, chunksMax), stop: make(chan struct{}), tell: tell,
		conn: map[net.Conn]struct{}{}}
	s.running.Go(s.accept)
	return s, nil
}

func (s *Socket) accept() {
	for n := 1; ; n++ {
		c, err := s.listener.Accept()
		if err != nil {
			select {
			case <-s.stop:
			default:
				s.tell(fmt.Errorf("follow: %s: %w", s.path, err))
			}
			return
		}
		if !s.admit(c) {
			s.tell(fmt.Errorf("follow: %s: %d programs are connected, the next one is refused", s.path, writersMax))
			c.Close() // nothing was read from it
			continue
		}
		s.running.Go(func() {
			defer s.leave(c)
			if err := s.receive(c, s.path+"#"+strconv.Itoa(n)); err != nil {
				s.tell(fmt.Errorf("follow: %s: %w", s.path, err))
			}
		})
	}
}

func (s *Socket) admit(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.stop:
		return false
	default:
	}
	if len(s.conn) >= writersMax {
		return false
	}
	s.conn[c] = struct{}{}
	return true
}

func (s *Socket) leave(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conn, c)
	c.Close() // it was only read from
}

// receive cuts what a connection sends into whole lines.
func (s *Socket) receive(c net.Conn, source string) error {
	var held []byte // a line that has not ended
	over, line := int64(0), 1
	for {
		b := make([]byte, chunkSize)
		n, err := c.Read(b)
		b = b[:n]
		for len(b) > 0 {
			end := bytes.LastIndexByte(b, '\n') + 1
			if over > 0 || len(held)+max(end, len(b)) > LineMax {
				end = bytes.IndexByte(b, '\n') + 1 // the held line ends first
			}
			if end == 0 {
				held = append(held, b...)
				if len(held) > LineMax {
					over, held = over+int64(len(held)-printMax), held[:printMax]
				}
				break
			}
			p := part{text: append(held, b[:end]...), source: source, first: line}
			if over > 0 || len(p.text) > LineMax && bytes.IndexByte(p.text, '\n') == len(p.text)-1 {
				p.over, p.text = over+int64(len(p.text)), p.text[:printMax]
				line++
			} else {
				line += bytes.Count(p.text, []byte{'\n'})
			}
			held, over, b = nil, 0, b[end:]
			if !s.hand(p) {
				return nil
			}
		}
		if err == nil {
			continue
		}
		if len(held) > 0 {
			s.hand(part{text: append(held, '\n'), source: source, first: line, over: over})
		}
		select {
		case <-s.stop:
			return nil
		default:
		}
		if errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
}

// hand gives a part to the reader; false when there is none any more.
func (s *Socket) hand(p part) bool {
	select {
	case s.chunks <- p:
		return true
	case <-s.stop:
		return false
	}
}

// Next returns the next line, or ErrIdle when there is none yet.
func (s *Socket) Next() (Line, error) {
	for len(s.now.text) == 0 {
		select {
		case s.now = <-s.chunks:
		default:
			return Line{}, ErrIdle
		}
	}
	line := Line{File: s.now.source, Number: s.now.first, Over: s.now.over}
	line.Text, s.now.text, _ = bytes.Cut(s.now.text, []byte{'\n'})
	line.Text = bytes.TrimSuffix(line.Text, []byte{'\r'})
	s.now.first++
	return line, nil
}

// Position returns none: a connection has no place to go on from.
func (s *Socket) Position() Position { return Position{} }

// Close ends the connections and removes the socket. Lines that were not asked for are lost.
func (s *Socket) Close() error {
	var err error
	s.once.Do(func() {
		close(s.stop)
		err = s.listener.Close()
		s.mu.Lock()
		for c := range s.conn {
			c.Close() // it was only read from
		}
		s.mu.Unlock()
		s.running.Wait()
	})
	return err
}

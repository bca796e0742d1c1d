package ring

import (
	"bufio"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"khien/sensor"
	"khien/sensor/capture"
)

// Query says which packets are wanted: those that are in every part of it that is set.
type Query struct {
	From, To    int64        // packet time in nanoseconds since 1970, both included; 0 for no bound
	CommunityID string       // of a flow. Fragments between its addresses come with it.
	Hosts       []netip.Addr // one: packets from it or to it; several: packets between any of them
	MaxBytes    int64        // of packets; the carving ends before it would be more; 0 for no bound
}

// Around returns the query for a finding: its flow, and time before and behind what was seen of it.
func Around(first, last time.Time, margin time.Duration, communityID string) Query {
	return Query{From: first.Add(-margin).UnixNano(), To: last.Add(margin).UnixNano(), CommunityID: communityID}
}

// Result is what a carving found.
type Result struct {
	Packets     uint64
	Bytes       int64
	First, Last int64 // packet time, 0 without packets
	Parts       int   // that were read
	More        bool  // MaxBytes was reached
	// Problems names the parts that could not be read to their end, or whose index was of no use. What they hold before
	// the damage was carved.
	Problems []error
}

// maxMatches bounds the packets that wait to be put into order of time: 64 MiB of places in parts that overlap.
const maxMatches = 4 << 20

// Carve writes the packets of the store in dir that q asks for as one pcapng section, in order of time. The store may be
// in use. An error means that w or dir failed or that q cannot be answered; a damaged part is a problem of the result.
func Carve(dir string, w io.Writer, q Query, s capture.Section) (Result, error) {
	c := carving{dir: dir, q: q, to: q.To}
	if q.To == 0 {
		c.to = math.MaxInt64
	}
	if err := c.prepare(); err != nil {
		return c.res, err
	}
	out := bufio.NewWriterSize(w, 256<<10)
	c.w = out
	if _, err := out.Write(capture.AppendSection(nil, s)); err != nil {
		return c.res, fmt.Errorf("ring: carve: %w", err)
	}
	if err := c.run(); err != nil {
		return c.res, err
	}
	if err := out.Flush(); err != nil {
		return c.res, fmt.Errorf("ring: carve: %w", err)
	}
	return c.res, nil
}

// carving is the state of one Carve.
type carving struct {
	dir     string
	q       Query
	to      int64
	keys    []digest
	hosts   map[netip.Addr]bool
	waiting []part // by their first packets, not opened yet
	open    sources
	matches int // of open sources
	ifaces  map[ifaceKey]uint32
	w       io.Writer
	buf     []byte
	pkt     sensor.Packet
	res     Result
}

// prepare reads the query and finds the parts whose times it touches.
func (c *carving) prepare() error {
	if c.q.From > c.to {
		return errors.New("ring: carve: the time ends before it begins")
	}
	if c.q.CommunityID != "" {
		d, err := digestOf(c.q.CommunityID)
		if err != nil {
			return err
		}
		c.keys = append(c.keys, d)
	}
	c.hosts, c.ifaces = map[netip.Addr]bool{}, map[ifaceKey]uint32{}
	for _, h := range c.q.Hosts {
		c.hosts[h.Unmap()] = true
	}
	all, err := list(c.dir)
	if err != nil {
		return err
	}
	for _, p := range all {
		if !p.closed {
			p.min, p.max = math.MinInt64, math.MaxInt64
		}
		if p.max >= c.q.From && p.min <= c.to {
			c.waiting = append(c.waiting, p)
		}
	}
	slices.SortStableFunc(c.waiting, func(a, b part) int { return cmp.Compare(a.min, b.min) })
	return c.loose()
}

// loose adds the key of the fragments between a flow's addresses, which only the flow itself tells.
func (c *carving) loose() error {
	if len(c.keys) == 0 {
		return nil
	}
	for _, p := range c.waiting {
		ix, f, err := openIndex(c.dir, p.name, c.partSize(p))
		if err != nil {
			continue // met again, and told, when the part is read
		}
		e := ix.find(c.keys[0])
		f.Close() // was only read
		if e != nil {
			c.keys = append(c.keys, tuple{src: e.a, dst: e.b, proto: e.proto, loose: true}.digest(),
				tuple{src: e.b, dst: e.a, proto: e.proto, loose: true}.digest())
			return nil
		}
	}
	return nil
}

func (c *carving) partSize(p part) int64 {
	info, err := os.Stat(filepath.Join(c.dir, p.name))
	if err != nil {
		return -1
	}
	return info.Size()
}

// run merges the parts by time. Parts hardly overlap, so that few are open at once.
func (c *carving) run() error {
	for {
		for len(c.waiting) > 0 && (len(c.open) == 0 || c.waiting[0].min <= c.open[0].matches[0].time) {
			p := c.waiting[0]
			c.waiting = c.waiting[1:]
			if err := c.openPart(p); err != nil {
				return err
			}
		}
		if len(c.open) == 0 {
			return nil
		}
		s := c.open[0]
		done, err := c.emit(s, s.matches[0])
		if done || err != nil {
			for _, s := range c.open {
				s.f.Close() // was only read
			}
			return err
		}
		c.matches--
		if s.matches = s.matches[1:]; len(s.matches) > 0 {
			heap.Fix(&c.open, 0)
			continue
		}
		heap.Pop(&c.open)
		s.f.Close() // was only read
	}
}

// emit writes a packet. done is true when it was one too many.
func (c *carving) emit(s *source, m match) (done bool, err error) {
	_, raw, err := s.blocks.block(m.off)
	if err != nil {
		c.problem(s.name, err) // it could be read a moment ago
		return false, nil
	}
	from := binary.LittleEndian.Uint32(raw[8:])
	n := int64(binary.LittleEndian.Uint32(raw[20:]))
	if c.q.MaxBytes > 0 && c.res.Bytes+n > c.q.MaxBytes {
		c.res.More = true
		return true, nil
	}
	key := s.links[from]
	id, ok := c.ifaces[key]
	c.buf = c.buf[:0]
	if !ok {
		id = uint32(len(c.ifaces))
		c.ifaces[key] = id
		c.buf = capture.AppendInterface(c.buf, capture.Interface{Name: key.name, Link: key.link})
	}
	at := len(c.buf)
	c.buf = append(c.buf, raw...)
	binary.LittleEndian.PutUint32(c.buf[at+8:], id)
	if _, err := c.w.Write(c.buf); err != nil {
		return false, fmt.Errorf("ring: carve: %w", err)
	}
	if c.res.Packets == 0 {
		c.res.First = m.time
	}
	c.res.Packets++
	c.res.Bytes += n
	c.res.Last = m.time
	return false, nil
}

func (c *carving) problem(name string, err error) {
	c.res.Problems = append(c.res.Problems, fmt.Errorf("ring: %s: %w", name, err))
}

// openPart finds the packets of a part and lets them take their places among the others.
func (c *carving) openPart(p part) error {
	f, err := os.Open(filepath.Join(c.dir, p.name))
	if errors.Is(err, fs.ErrNotExist) && !p.closed {
		return c.renamed(p) // it was closed a moment ago
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it made room for another
	}
	if err != nil {
		c.problem(p.name, err)
		return nil
	}
	s := &source{name: p.name, number: p.number, f: f}
	c.res.Parts++
	if err := c.search(s, p); err != nil {
		c.problem(p.name, err)
	}
	c.matches += len(s.matches)
	if len(s.matches) == 0 {
		f.Close() // was only read
		return nil
	}
	if c.matches > maxMatches {
		f.Close() // was only read
		return fmt.Errorf("ring: carve: more than %d packets of parts that overlap: ask for a shorter time or one flow", maxMatches)
	}
	slices.SortStableFunc(s.matches, func(a, b match) int { return cmp.Compare(a.time, b.time) })
	heap.Push(&c.open, s)
	return nil
}

// renamed opens a part that had no end when the folder was listed.
func (c *carving) renamed(p part) error {
	all, err := list(c.dir)
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.number == p.number && x.closed {
			return c.openPart(x)
		}
	}
	return nil
}

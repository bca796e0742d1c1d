package ring

import (
	"errors"
	"fmt"
	"os"
	"slices"
)

// match is a packet that was asked for.
type match struct {
	time int64
	off  int64
}

// source is a part with packets that were asked for.
type source struct {
	name    string
	number  uint64
	f       *os.File
	blocks  file
	links   []ifaceKey // by the part's interface numbers
	matches []match    // in order of time
}

// sources is a heap by the time of the next packet.
type sources []*source

func (h sources) Len() int      { return len(h) }
func (h sources) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h sources) Less(i, j int) bool {
	if a, b := h[i].matches[0].time, h[j].matches[0].time; a != b {
		return a < b
	}
	return h[i].number < h[j].number
}
func (h *sources) Push(x any) { *h = append(*h, x.(*source)) }
func (h *sources) Pop() any {
	old := *h
	s := old[len(old)-1]
	*h = old[:len(old)-1]
	return s
}

// search finds the packets of a part. An error names damage; what was found before it stands in s.
func (c *carving) search(s *source, p part) error {
	info, err := s.f.Stat()
	if err != nil {
		return err
	}
	s.blocks = file{r: s.f, size: info.Size()}
	if len(c.keys) == 0 && len(c.hosts) == 0 {
		return c.searchTime(s, p)
	}
	var damage error
	if p.closed {
		ix, f, err := openIndex(c.dir, p.name, info.Size())
		if err == nil {
			err = c.searchIndex(s, ix)
			f.Close() // was only read
			if err == nil {
				return nil
			}
		}
		if damage = fmt.Errorf("read without its index: %w", err); !errors.Is(err, errIndex) && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		s.matches, s.links = nil, nil
	}
	x := newIndexer()
	whole, err := scan(&s.blocks, x, nil)
	if err = damageOf(err, p); err != nil {
		damage = errors.Join(damage, err)
	}
	s.links = x.links
	ix := x.index(whole)
	if err := c.searchEntries(s, ix); err != nil {
		return errors.Join(damage, err)
	}
	return damage
}

// damageOf returns what is wrong with a part whose reading ended with err. That the part which is being written ends in
// the middle of a block is not.
func damageOf(err error, p part) error {
	if !p.closed && errors.Is(err, errCut) {
		return nil
	}
	return err
}

// searchTime finds all packets of the time that was asked for.
func (c *carving) searchTime(s *source, p part) error {
	x := newIndexer()
	_, err := scan(&s.blocks, x, func(off int64, raw []byte) error {
		iface, err := packetOf(raw, &x.pkt)
		if err != nil {
			return err
		}
		if int(iface) >= len(x.links) {
			return fmt.Errorf("packet of interface %d of %d", iface, len(x.links))
		}
		c.match(s, off, x.pkt.Time)
		return nil
	})
	s.links = x.links
	return damageOf(err, p)
}

func (c *carving) match(s *source, off, time int64) {
	if time >= c.q.From && time <= c.to {
		s.matches = append(s.matches, match{time, off})
	}
}

// searchIndex reads the interfaces that the index names, then its flows.
func (c *carving) searchIndex(s *source, ix *index) error {
	for _, o := range ix.ifaces {
		kind, raw, err := s.blocks.block(int64(o) * 4)
		if err != nil || kind != kindInterface {
			return fmt.Errorf("%w: no interface at byte %d", errIndex, int64(o)*4)
		}
		k, err := ifaceOf(raw)
		if err != nil {
			return fmt.Errorf("%w: byte %d: %w", errIndex, int64(o)*4, err)
		}
		s.links = append(s.links, k)
	}
	return c.searchEntries(s, ix)
}

// searchEntries finds the packets of the flows that were asked for.
func (c *carving) searchEntries(s *source, ix *index) error {
	var places []uint32
	take := func(e *entry) error {
		p, err := ix.places(e)
		places = append(places, p...)
		return err
	}
	if len(c.keys) > 0 {
		for _, k := range c.keys {
			if e := ix.find(k); e != nil && c.between(e) {
				if err := take(e); err != nil {
					return err
				}
			}
		}
	} else {
		for i := range ix.entries {
			if e := &ix.entries[i]; c.between(e) {
				if err := take(e); err != nil {
					return err
				}
			}
		}
	}
	slices.Sort(places)
	for _, o := range slices.Compact(places) {
		off := int64(o) * 4
		kind, raw, err := s.blocks.block(off)
		if err != nil || kind != kindPacket {
			return fmt.Errorf("%w: no packet at byte %d", errIndex, off)
		}
		if iface, err := packetOf(raw, &c.pkt); err != nil || int(iface) >= len(s.links) {
			return fmt.Errorf("%w: no packet at byte %d", errIndex, off)
		}
		c.match(s, off, c.pkt.Time)
	}
	return nil
}

// between reports whether an entry's packets go between the hosts that were asked for.
func (c *carving) between(e *entry) bool {
	switch len(c.hosts) {
	case 0:
		return true
	case 1:
		return c.hosts[e.a] || c.hosts[e.b]
	}
	return c.hosts[e.a] && c.hosts[e.b]
}

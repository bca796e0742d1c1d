package file

import (
	"fmt"

	"khien/sensor"
)

// Policy says which files are kept.
type Policy uint8

// Policies. Matched are the files that a rule with filestore asks for.
const (
	KeepNone Policy = iota
	KeepMatched
	KeepAll
)

var policies = [...]string{"none", "matched", "all"}

// String returns the policy's name.
func (p Policy) String() string { return policies[p] }

// Set reads a policy, so that a flag can be one.
func (p *Policy) Set(s string) error {
	for i, name := range policies {
		if s == name {
			*p = Policy(i)
			return nil
		}
	}
	return fmt.Errorf("want none, matched or all")
}

// chunk is how many bytes of a file are handed to the writer at once.
const chunk = 64 << 10

// Keeper is a sensor.Handler that stores files. It belongs to one worker and comes behind the detectors, whose rules ask
// for files, and in front of what writes of them whether they are stored.
type Keeper struct {
	store  *Store
	policy Policy
	open   map[*sensor.File]*keeping
	ended  []*sensor.File // by the packet that is being handled: a rule may still ask for them
}

// keeping is a file that is being stored.
type keeping struct {
	job  *job
	buf  []byte
	size int64
	lost bool // it cannot be had any more, and was counted
}

// Keeper makes the keeper of a worker. Close it before the store.
func (s *Store) Keeper(p Policy) *Keeper {
	return &Keeper{store: s, policy: p, open: map[*sensor.File]*keeping{}}
}

// Wants implements sensor.Handler.
func (k *Keeper) Wants() sensor.Kind {
	if k.policy == KeepNone {
		return 0
	}
	return sensor.KindFile | sensor.KindPacket | sensor.KindFlowEnd
}

// Handle implements sensor.Handler.
func (k *Keeper) Handle(e *sensor.Event) {
	switch e.Kind {
	case sensor.KindFile:
		f := e.File
		if f.State == sensor.FileOpen {
			k.grow(f, e.Data)
			return
		}
		if x := k.open[f]; x != nil {
			k.end(f, x)
		} else if f.Size > 0 && f.Size <= uint64(k.store.cfg.MaxFile) {
			k.ended = append(k.ended, f)
		}
	case sensor.KindPacket, sensor.KindFlowEnd:
		for i, f := range k.ended {
			if f.Store {
				k.late(f)
			}
			k.ended[i] = nil
		}
		k.ended = k.ended[:0]
	}
}

// grow takes bytes of a file that is wanted. One that a rule has asked for in between begins with what is there of it.
func (k *Keeper) grow(f *sensor.File, data []byte) {
	if k.policy != KeepAll && !f.Store {
		return
	}
	x := k.open[f]
	if x == nil {
		x = &keeping{job: &job{}}
		k.open[f] = x
		if f.Size > uint64(len(data)) {
			if data = f.Content; uint64(len(data)) != f.Size {
				k.lose(x, func(n *StoreStats) { n.Late++ })
			}
		}
	}
	k.add(x, data)
}

func (k *Keeper) add(x *keeping, data []byte) {
	if x.lost {
		return
	}
	if x.size += int64(len(data)); x.size > k.store.cfg.MaxFile {
		k.lose(x, func(n *StoreStats) { n.Large++ })
		return
	}
	for len(data) > 0 {
		if x.buf == nil {
			x.buf = make([]byte, 0, chunk)
		}
		n := min(len(data), cap(x.buf)-len(x.buf))
		x.buf = append(x.buf, data[:n]...)
		if data = data[n:]; len(x.buf) == cap(x.buf) && !k.flush(x) {
			return
		}
	}
}

// flush hands what was collected to the writer.
func (k *Keeper) flush(x *keeping) bool {
	if len(x.buf) > 0 && !k.store.give(order{job: x.job, data: x.buf}) {
		k.lose(x, func(n *StoreStats) { n.Dropped++ })
		return false
	}
	x.buf = nil
	return true
}

// lose forgets a file and counts why.
func (k *Keeper) lose(x *keeping, why func(*StoreStats)) {
	x.lost, x.buf = true, nil
	k.store.give(order{job: x.job, end: true})
	k.store.count(why)
}

// end ends a file that is being stored.
func (k *Keeper) end(f *sensor.File, x *keeping) {
	delete(k.open, f)
	if !x.lost && (f.State != sensor.FileClosed || uint64(x.size) != f.Size) {
		k.lose(x, func(n *StoreStats) { n.Broken++ })
	}
	if x.lost || !k.flush(x) {
		return
	}
	f.Stored = k.store.give(order{job: x.job, end: true, keep: true})
}

// late stores a file that was asked for with its last packet.
func (k *Keeper) late(f *sensor.File) {
	x := &keeping{job: &job{}}
	switch {
	case f.State != sensor.FileClosed:
		k.store.count(func(n *StoreStats) { n.Broken++ })
	case uint64(len(f.Content)) != f.Size:
		k.store.count(func(n *StoreStats) { n.Late++ })
	default:
		k.add(x, f.Content)
		k.end(f, x)
	}
}

// Close forgets the files whose end has not come.
func (k *Keeper) Close() {
	for f, x := range k.open {
		delete(k.open, f)
		if !x.lost {
			k.lose(x, func(n *StoreStats) { n.Broken++ })
		}
	}
}

package signature

import (
	"slices"

	"khien/sensor"
)

// Limits of what rules may remember of one flow.
const (
	bitsMax    = 256
	numbersMax = 64
	counterMax = 64
)

// flowState is what the rules remember of a flow. It hangs at Flow.Detect; names, not numbers, so that it outlives a
// change of rules.
type flowState struct {
	bits        []string // sorted
	numbers     []namedNumber
	counters    []flowCounter
	win         [2]window
	events      []string  // anomalies of the flow outside transactions
	eventsAt    int       // of events, how many rules have seen
	gen         uint32    // generation of the rules that all this refers to
	ipGen       [2]uint32 // generation whose address rules were inspected, by direction; 0 for none
	app         [2]sensor.Proto
	established bool // TCP: before the packet that is being inspected
	sealed      bool // encrypted: nothing is looked for in its bytes
	passed      bool // a pass rule covers the rest of the flow
	dropped     bool
	last        sensor.Dir
	hasLast     bool
	once        []*sig // protocol rules that have matched
	pending     [2][]held
	deferred    []change  // transactions that wait for a packet of their direction
	plain       [2][]*sig // packet rules without a pattern whose addresses and ports are those of the flow
	plainOf     [2]uint32 // generation that plain was made of
	sifts       [2]struct{ stream, fast, head sifting }
}

type namedNumber struct {
	name string
	val  uint32
}

func (st *flowState) reset() {
	*st = flowState{plain: [2][]*sig{st.plain[0][:0], st.plain[1][:0]}, bits: st.bits[:0], numbers: st.numbers[:0], counters: st.counters[:0], events: st.events[:0], deferred: st.deferred[:0], once: st.once[:0],
		win:     [2]window{{data: st.win[0].data[:0], done: st.win[0].done[:0]}, {data: st.win[1].data[:0], done: st.win[1].done[:0]}},
		pending: [2][]held{st.pending[0][:0], st.pending[1][:0]}}
}

func (st *flowState) bit(name string) bool {
	_, ok := slices.BinarySearch(st.bits, name)
	return ok
}

// setBit sets a bit and names it in the flow's labels, which stay sorted.
func (st *flowState) setBit(f *sensor.Flow, name string) {
	i, ok := slices.BinarySearch(st.bits, name)
	if ok || len(st.bits) >= bitsMax {
		return
	}
	st.bits = slices.Insert(st.bits, i, name)
	if i, ok := slices.BinarySearch(f.Meta, name); !ok {
		f.Meta = slices.Insert(f.Meta, i, name)
	}
}

func (st *flowState) clearBit(f *sensor.Flow, name string) {
	if i, ok := slices.BinarySearch(st.bits, name); ok {
		st.bits = slices.Delete(st.bits, i, i+1)
		if i := slices.Index(f.Meta, name); i >= 0 {
			f.Meta = slices.Delete(f.Meta, i, i+1)
		}
	}
}

func (st *flowState) number(name string) (uint32, bool) {
	for i := range st.numbers {
		if st.numbers[i].name == name {
			return st.numbers[i].val, true
		}
	}
	return 0, false
}

func (st *flowState) setNumber(name string, v uint32) {
	for i := range st.numbers {
		if st.numbers[i].name == name {
			st.numbers[i].val = v
			return
		}
	}
	if len(st.numbers) < numbersMax {
		st.numbers = append(st.numbers, namedNumber{name, v})
	}
}

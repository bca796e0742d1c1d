package stream

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// reference is the naive reassembly that the clever one must agree with: it keeps every segment whole, and asks for each
// byte which of the segments that cover it the host would take it from. It shares no code with the package.
type reference struct {
	policy Policy
	segs   []refSegment // in the order in which they came
	out    []byte       // acknowledged bytes; nothing changes them any more
}

// refSegment is data from place off of the stream on.
type refSegment struct {
	off, end int
	came     int
	data     []byte
}

// put takes a segment. What is acknowledged is gone from the host's queue, so a later segment begins behind it.
func (r *reference) put(off int, data []byte) {
	if n := len(r.out) - off; n > 0 {
		off, data = len(r.out), data[min(n, len(data)):]
	}
	if len(data) > 0 {
		r.segs = append(r.segs, refSegment{off, off + len(data), len(r.segs), slices.Clone(data)})
	}
}

// at returns the byte at a place, false when nobody has sent it.
func (r *reference) at(place int) (byte, bool) {
	var c []refSegment
	for _, s := range r.segs {
		if s.off <= place && place < s.end {
			c = append(c, s)
		}
	}
	if len(c) == 0 {
		return 0, false
	}
	w := r.winner(c)
	return w.data[place-w.off], true
}

// winner says whose byte a host takes. Novak and Sturges, "Target-Based TCP Stream Reassembly" (2007), table 1, in words:
// for some systems it is the smallest by an order of segments, for others the first, unless a later one swallows it.
func (r *reference) winner(c []refSegment) refSegment {
	by := func(orders ...func(a, b refSegment) int) refSegment {
		return slices.MinFunc(c, func(a, b refSegment) int {
			for _, o := range orders {
				if x := o(a, b); x != 0 {
					return x
				}
			}
			return 0
		})
	}
	begin := func(a, b refSegment) int { return cmp.Compare(a.off, b.off) }
	longest := func(a, b refSegment) int { return cmp.Compare(b.end, a.end) }
	oldest := func(a, b refSegment) int { return cmp.Compare(a.came, b.came) }
	newest := func(a, b refSegment) int { return cmp.Compare(b.came, a.came) }
	switch r.policy {
	case PolicyFirst:
		return c[0]
	case PolicyLast:
		return c[len(c)-1]
	case PolicyBSD:
		return by(begin, oldest)
	case PolicyLinux:
		return by(begin, longest, oldest)
	case PolicyOldLinux:
		return by(begin, longest, newest)
	}
	w := c[0]
	for _, s := range c[1:] {
		if swallows := s.off < w.off && (s.end > w.end || s.end == w.end && r.policy == PolicySolaris); swallows {
			w = s
		}
	}
	return w
}

// whole returns how far the stream has no hole.
func (r *reference) whole() int {
	for n := len(r.out); ; n++ {
		if _, ok := r.at(n); !ok {
			return n
		}
	}
}

// acknowledge makes the bytes up to a place final.
func (r *reference) acknowledge(to int) {
	for n := len(r.out); n < to; n++ {
		b, _ := r.at(n)
		r.out = append(r.out, b)
	}
}

// overlapped sends segments with contents of their own, at random places and more than once, with acknowledgements
// between them, and compares what comes out with the reference.
func overlapped(t testing.TB, p Policy, size int, rnd *rand.Rand) {
	k := newTalk(t, Config{Policy: p})
	k.isn[0] = uint32(1<<32 - rnd.IntN(size)) // across the wrap
	k.handshake()
	want := &reference{policy: p}
	type sent struct {
		off  int
		data []byte
	}
	var line []sent
	for n := 0; n < 16 || want.whole() < size; n++ {
		if n > 40 && rnd.IntN(2) == 0 { // fill the first hole, so that it ends
			at := want.whole()
			line = append(line, sent{at, random(rnd, 1+rnd.IntN(size-at))})
		} else if len(line) > 0 && rnd.IntN(5) == 0 {
			line = append(line, line[rnd.IntN(len(line))]) // a duplicate
		} else {
			off := rnd.IntN(size)
			line = append(line, sent{off, random(rnd, 1+rnd.IntN(min(20, size-off)))})
		}
		s := line[len(line)-1]
		k.send(toServer, push, uint32(1+s.off), 1, string(s.data))
		want.put(s.off, s.data)
		if rnd.IntN(4) == 0 {
			to := len(want.out) + rnd.IntN(want.whole()-len(want.out)+1)
			k.send(toClient, ack, 1, uint32(1+to), "")
			want.acknowledge(to)
			if !bytes.Equal(k.out.data[0], want.out) {
				t.Fatalf("policy %v after %d segments: %q is acknowledged, want %q", p, n+1, k.out.data[0], want.out)
			}
		}
	}
	want.acknowledge(size)
	k.send(toClient, ack, 1, uint32(1+size), "")
	if !bytes.Equal(k.out.data[0], want.out) || k.out.gaps[0] != 0 || k.out.bad != "" {
		t.Fatalf("policy %v: %q, %d missing, %s; want %q", p, k.out.data[0], k.out.gaps[0], k.out.bad, want.out)
	}
}

func random(rnd *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + rnd.IntN(26))
	}
	return b
}

func TestOverlapPolicies(t *testing.T) {
	for p := range Policy(len(policyNames)) {
		for seed := range uint64(300) {
			overlapped(t, p, 64, rand.New(rand.NewPCG(seed, uint64(p))))
		}
	}
}

// FuzzOverlaps searches for overlaps that the reference reads otherwise.
func FuzzOverlaps(f *testing.F) {
	f.Add(uint64(1), uint8(2), uint8(64))
	f.Fuzz(func(t *testing.T, seed uint64, policy, size uint8) {
		overlapped(t, Policy(int(policy)%len(policyNames)), int(size)+2, rand.New(rand.NewPCG(seed, 3)))
	})
}

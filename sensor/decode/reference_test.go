package decode

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/gopacket"

	"khien/sensor"
)

// reference is the naive reassembly that the clever one must agree with: it keeps every fragment whole, and asks for each
// byte which of the fragments that cover it the host would take it from. It shares no code with the package.
type reference struct {
	policy Policy
	frags  []refFragment // in the order in which they came
	end    int           // behind the last fragment, -1 before it came
	first  bool          // a fragment at offset 0 came
}

type refFragment struct {
	off, end int
	came     int
	data     []byte
}

func (r *reference) put(off int, data []byte, more bool) {
	r.frags = append(r.frags, refFragment{off, off + len(data), len(r.frags), data})
	r.first = r.first || off == 0
	if !more {
		r.end = max(r.end, off+len(data))
	}
}

// winner says whose byte a host takes: Novak, "Target-Based Fragmentation Reassembly" (2005), in words.
func (r *reference) winner(c []refFragment) refFragment {
	begin := func(a, b refFragment) int { return cmp.Compare(a.off, b.off) }
	switch r.policy {
	case PolicyFirst:
		return c[0]
	case PolicyLast:
		return c[len(c)-1]
	case PolicyBSD:
		return slices.MinFunc(c, func(a, b refFragment) int { return cmp.Or(begin(a, b), cmp.Compare(a.came, b.came)) })
	case PolicyLinux:
		return slices.MinFunc(c, func(a, b refFragment) int { return cmp.Or(begin(a, b), cmp.Compare(b.came, a.came)) })
	}
	w := c[0]
	for _, s := range c[1:] {
		if s.off < w.off && (s.end > w.end || s.end == w.end && r.policy == PolicySolaris) {
			w = s
		}
	}
	return w
}

// packet returns the packet once nothing of it is missing. Where fragments reach beyond the last one, they count.
func (r *reference) packet() ([]byte, bool) {
	if r.end < 0 || !r.first {
		return nil, false
	}
	end := r.end
	for _, f := range r.frags {
		end = max(end, f.end)
	}
	out := make([]byte, 0, end)
	for place := range end {
		var c []refFragment
		for _, f := range r.frags {
			if f.off <= place && place < f.end {
				c = append(c, f)
			}
		}
		if len(c) == 0 {
			return nil, false
		}
		w := r.winner(c)
		out = append(out, w.data[place-w.off])
	}
	return out, true
}

// overlapping sends fragments with contents of their own, in any order and more than once, until a packet is complete, and
// compares it with the reference.
func overlapping(t testing.TB, p Policy, version int, rnd *rand.Rand) {
	const size = 96
	d := New(Config{Policy: p, NoChecksum: true})
	want := &reference{policy: p, end: -1}
	for n := 0; n < 2000; n++ {
		off := 8 * rnd.IntN(size/8)
		end := min(off+8*(1+rnd.IntN(4)), size)
		more := off == 0 || end < size || rnd.IntN(3) > 0 // one that begins and ends a packet is no fragment (RFC 6946)
		if n > 60 && rnd.IntN(4) == 0 {
			off, end, more = 8+8*rnd.IntN(size/8-1), size, false
		}
		data := make([]byte, end-off)
		for i := range data {
			data[i] = byte('a' + rnd.IntN(26))
		}
		want.put(off, data, more)
		var segs []*sensor.Segment
		if version == 4 {
			segs = fragment(d, 0, 1, off, more, string(data))
		} else {
			segs = fragmentOf6(t, d, off, more, data)
		}
		packet, whole := want.packet()
		if !whole {
			if len(segs) != 1 {
				t.Fatalf("policy %v, fragment %d: a packet that is not complete", p, n)
			}
			continue
		}
		if len(segs) != 2 || !bytes.Equal(segs[1].IPPayload, packet) {
			t.Fatalf("policy %v, version %d, fragment %d: %d segments, %q %v, want %q", p, version, n, len(segs), segs[len(segs)-1].IPPayload, segs[0].Anomalies, packet)
		}
		if len(d.defrag.trackers) != 0 || d.defrag.memory != 0 {
			t.Fatalf("%d packets, %d bytes are left", len(d.defrag.trackers), d.defrag.memory)
		}
		return
	}
	t.Fatal("no packet in 2000 fragments")
}

// fragmentOf6 sends a fragment of a packet with an upper layer that nobody reads (RFC 3692: 253).
func fragmentOf6(t testing.TB, d *Decoder, off int, more bool, data []byte) []*sensor.Segment {
	h := []byte{253, 0, byte(off >> 8), byte(off), 0, 0, 0, 9}
	if more {
		h[3] |= 1
	}
	b := frame(t, ip6(44), gopacket.Payload(append(h, data...)))
	return d.Decode(&sensor.Packet{Data: b, Length: len(b), Link: sensor.LinkRaw})
}

func TestFragmentPolicies(t *testing.T) {
	for p := range Policy(len(policyNames)) {
		for seed := range uint64(200) {
			overlapping(t, p, 4+2*int(seed%2), rand.New(rand.NewPCG(seed, uint64(p))))
		}
	}
}

// FuzzOverlaps searches for overlaps that the reference reads otherwise.
func FuzzOverlaps(f *testing.F) {
	f.Add(uint64(1), uint8(2), true)
	f.Fuzz(func(t *testing.T, seed uint64, policy uint8, six bool) {
		version := 4
		if six {
			version = 6
		}
		overlapping(t, Policy(int(policy)%len(policyNames)), version, rand.New(rand.NewPCG(seed, 3)))
	})
}

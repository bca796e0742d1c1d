package stream

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"khien/sensor"
)

// deliverAll sends both streams in segments that cuts chooses, repeated and out of order, and returns what came out.
func deliverAll(t testing.TB, c Config, data [2][]byte, rnd *rand.Rand) *recorder {
	k := newTalk(t, c)
	k.isn = [2]uint32{rnd.Uint32(), 1<<32 - 10}
	k.handshake()
	type seg struct {
		off int
		b   []byte
	}
	var line [2][]seg
	for d := range data {
		for off := 0; off < len(data[d]); {
			n := min(1+rnd.IntN(40), len(data[d])-off)
			back := min(rnd.IntN(8), off) // a repeat of what came before
			line[d] = append(line[d], seg{off - back, data[d][off-back : off+n]})
			off += n
		}
		for i := range line[d] { // at most 5 places away from where they belong
			j := min(i+rnd.IntN(5), len(line[d])-1)
			line[d][i], line[d][j] = line[d][j], line[d][i]
		}
	}
	var have [2]map[int]bool
	var got [2]int // in order at the receiver
	for d := range have {
		have[d] = map[int]bool{}
	}
	for len(line[0])+len(line[1]) > 0 {
		d := rnd.IntN(2)
		if len(line[d]) == 0 {
			d ^= 1
		}
		s := line[d][0]
		if rnd.IntN(8) > 0 {
			line[d] = line[d][1:]
		}
		k.send(sensor.Dir(d), push, uint32(1+s.off), uint32(1+got[d^1]), string(s.b))
		for i := range s.b {
			have[d][s.off+i] = true
		}
		if rnd.IntN(2) == 0 {
			for have[d][got[d]] {
				got[d]++
			}
		}
	}
	k.conn.Flush(&k.out)
	if k.out.bad != "" {
		t.Error(k.out.bad)
	}
	k.pool.Put(k.conn)
	if k.pool.Held() != 0 {
		t.Errorf("%d bytes still held", k.pool.Held())
	}
	return &k.out
}

func TestAnyOrder(t *testing.T) {
	for seed := range uint64(400) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		var data [2][]byte
		for d := range data {
			data[d] = make([]byte, rnd.IntN(2000))
			for i := range data[d] {
				data[d][i] = byte(rnd.IntN(256))
			}
		}
		out := deliverAll(t, Config{Policy: Policy(seed % uint64(len(policyNames)))}, data, rnd)
		for d := range data {
			if !bytes.Equal(out.data[d], data[d]) || out.gaps[d] != 0 {
				t.Fatalf("seed %d: %v: %d bytes, %d missing; want %d", seed, sensor.Dir(d), len(out.data[d]), out.gaps[d], len(data[d]))
			}
		}
	}
}

// FuzzCut checks that where a stream is cut, and in which order the pieces come, changes nothing.
func FuzzCut(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\nHost: example.vn\r\n\r\n"), []byte("HTTP/1.1 200 OK\r\n\r\n"), uint64(1))
	f.Fuzz(func(t *testing.T, up, down []byte, seed uint64) {
		if len(up)+len(down) > 20000 {
			return
		}
		out := deliverAll(t, Config{}, [2][]byte{up, down}, rand.New(rand.NewPCG(seed, 1)))
		if !bytes.Equal(out.data[0], up) || !bytes.Equal(out.data[1], down) {
			t.Errorf("%q, %q; want %q, %q", out.data[0], out.data[1], up, down)
		}
	})
}

// FuzzSegments throws arbitrary segments at a connection. However wild, offsets have no jumps, nothing comes behind an
// end, and all memory comes back.
func FuzzSegments(f *testing.F) {
	f.Add([]byte{0, syn, 0, 0, 0, 1, syn | ack, 0, 1, 0, 0, ack, 1, 1, 9, 1, ack, 1, 10, 4}, true)
	f.Fuzz(func(t *testing.T, script []byte, loose bool) {
		k := newTalk(t, Config{Midstream: loose, OneSided: loose && len(script)%2 == 0, Policy: Policy(len(script) % len(policyNames))})
		k.isn = [2]uint32{1<<32 - 3, 1<<31 - 3}
		for n := 0; len(script) >= 5 && n < 2000; n++ {
			s := script[:5]
			script = script[5:]
			data := bytes.Repeat(s[4:5], int(s[4]&63))
			k.send(sensor.Dir(s[0]&1), s[1], uint32(s[2])<<(s[0]>>4), uint32(s[3])<<(s[0]>>1&7), string(data))
			if k.out.bad != "" {
				t.Fatal(k.out.bad)
			}
		}
		k.conn.Flush(&k.out)
		if k.out.bad != "" || k.out.ends[0] > 1 || k.out.ends[1] > 1 {
			t.Fatal(k.out.bad, k.out.ends)
		}
		k.pool.Put(k.conn)
		if k.pool.Held() != 0 {
			t.Fatalf("%d bytes still held", k.pool.Held())
		}
	})
}

// nothing is a Sink that allocates nothing.
type nothing struct{ n int }

func (s *nothing) Bytes(_ sensor.Dir, b []byte, _ uint64) { s.n += len(b) }
func (s *nothing) Gap(sensor.Dir, int, uint64)            {}
func (s *nothing) End(sensor.Dir)                         {}

func TestNoAllocation(t *testing.T) {
	k := newTalk(t, Config{Depth: -1})
	k.handshake()
	data := bytes.Repeat([]byte("x"), 1400)
	out := &nothing{}
	seq := k.isn[0] + 1
	var up, down sensor.Segment
	round := func() {
		up = sensor.Segment{Packet: &k.pkt, Flags: push, Seq: seq, Ack: k.isn[1] + 1, Window: 65535, Payload: data, Anomalies: up.Anomalies[:0]}
		k.conn.Segment(&k.flow, &up, toServer, out)
		seq += uint32(len(data))
		down = sensor.Segment{Packet: &k.pkt, Flags: ack, Seq: k.isn[1] + 1, Ack: seq, Window: 65535, Anomalies: down.Anomalies[:0]}
		k.conn.Segment(&k.flow, &down, toClient, out)
	}
	if n := testing.AllocsPerRun(1000, round); n != 0 {
		t.Errorf("%v allocations a segment", n)
	}
	if out.n != 1001*len(data) {
		t.Errorf("%d bytes delivered, anomalies %v %v", out.n, up.Anomalies, down.Anomalies)
	}
}

func BenchmarkInOrder(b *testing.B) {
	k := newTalk(b, Config{Depth: -1})
	k.handshake()
	data := bytes.Repeat([]byte("x"), 1400)
	out := &nothing{}
	seq := k.isn[0] + 1
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		s := sensor.Segment{Packet: &k.pkt, Flags: push, Seq: seq, Ack: k.isn[1] + 1, Window: 65535, Payload: data}
		k.conn.Segment(&k.flow, &s, toServer, out)
		seq += uint32(len(data))
		s = sensor.Segment{Packet: &k.pkt, Flags: ack, Seq: k.isn[1] + 1, Ack: seq, Window: 65535}
		k.conn.Segment(&k.flow, &s, toClient, out)
	}
}

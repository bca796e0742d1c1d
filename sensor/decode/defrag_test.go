package decode

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"khien/sensor"
)

func fragment(d *Decoder, at int64, id uint16, off int, more bool, data string) []*sensor.Segment {
	ip := ip4(17)
	ip.Id, ip.FragOffset = id, uint16(off/8)
	if more {
		ip.Flags = layers.IPv4MoreFragments
	}
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ip, gopacket.Payload(data)); err != nil {
		panic(err)
	}
	return d.Decode(&sensor.Packet{Data: b.Bytes(), Length: len(b.Bytes()), Link: sensor.LinkRaw, Time: at})
}

func TestFragments(t *testing.T) {
	whole := string(frame(t, ip4(17), udp(53), gopacket.Payload(strings.Repeat("0123456789abcdef", 20)))[20:])
	d := New(Config{})
	if segs := fragment(d, 0, 1, 200, false, whole[200:]); len(segs) != 1 || !segs[0].Fragment || segs[0].L4 != nil {
		t.Fatalf("a fragment: %+v", segs[0])
	}
	fragment(d, 1, 1, 0, true, whole[:104])
	segs := fragment(d, 2, 1, 104, true, whole[104:200])
	if len(segs) != 2 || segs[1].Source != sensor.SourceDefrag || segs[1].DstPort != 53 || string(segs[1].IPPayload) != whole || segs[1].BadL4Sum {
		t.Fatalf("%d segments, last %+v", len(segs), segs[len(segs)-1])
	}
	if len(d.defrag.trackers) != 0 || d.defrag.memory != 0 {
		t.Errorf("%d packets, %d bytes left", len(d.defrag.trackers), d.defrag.memory)
	}
	fragment(d, 0, 2, 0, true, whole[:104])
	d.Tick(61e9)
	if len(fragment(d, 61e9, 2, 104, false, whole[104:])) != 1 {
		t.Error("a packet was completed after the timeout")
	}
}

func TestFragments6(t *testing.T) {
	d := New(Config{})
	whole := frame(t, ip6(17), udp(53), gopacket.Payload(strings.Repeat("x", 100)))
	send := func(off int, more bool, data []byte) []*sensor.Segment {
		h := []byte{17, 0, byte(off >> 8), byte(off), 0, 0, 0, 9}
		if more {
			h[3] |= 1
		}
		b := frame(t, ip6(44), gopacket.Payload(append(h, data...)))
		return d.Decode(&sensor.Packet{Data: b, Length: len(b), Link: sensor.LinkRaw})
	}
	send(56, false, whole[40+56:])
	segs := send(0, true, whole[40:96])
	if len(segs) != 2 || !bytes.Equal(segs[1].L4, whole[40:48]) || segs[1].DstPort != 53 || segs[1].BadL4Sum || segs[1].IPProto != 17 {
		t.Fatalf("%d segments, last %+v", len(segs), segs[len(segs)-1])
	}
}

func TestFragmentLimits(t *testing.T) {
	d := New(Config{MaxFragPackets: 4})
	for id := range uint16(50) {
		fragment(d, 0, id, 0, true, strings.Repeat("x", 64))
	}
	if n := len(d.defrag.trackers); n != 4 {
		t.Errorf("%d packets are kept, want 4", n)
	}
	d = New(Config{MaxFragMemory: 64 << 10})
	for id := range uint16(500) {
		fragment(d, 0, id, 8*int(id), true, strings.Repeat("x", 1400))
		if d.defrag.memory > 64<<10 {
			t.Fatalf("%d bytes are kept", d.defrag.memory)
		}
	}
}

package decode

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"khien/sensor"
)

// inside reports whether a slice lies in memory that b backs.
func inside(part, b []byte) bool {
	return len(part) == 0 || bytes.Contains(b, part)
}

// FuzzDecode checks that no frame makes the decoder leave the packet, that decoding is repeatable, and that gopacket sees
// the same addresses and ports where it sees any.
func FuzzDecode(f *testing.F) {
	f.Add(frame(f, ether(0x0800), ip4(6), tcp(), gopacket.Payload("hello")), uint16(1))
	f.Add(frame(f, ether(0x86dd), ip6(17), udp(53), gopacket.Payload("hello")), uint16(1))
	f.Add(frame(f, ether(0x0800), ip4(47), gopacket.Payload("\x00\x00\x08\x00"), ip4(17), udp(4789), gopacket.Payload("hello")), uint16(1))
	f.Add(frame(f, ip6(0), gopacket.Payload("\x2c\x00\x05\x02\x00\x00\x01\x00\x11\x00\x00\x01\x00\x00\x00\x09xxxxxxxx")), uint16(101))
	f.Add([]byte("\x00\x00\x00\x02\x45\x00"), uint16(0))
	f.Add([]byte("\xff\x03\x00\x21\x45\x00"), uint16(9))
	f.Fuzz(func(t *testing.T, b []byte, link uint16) {
		if len(b) > 4096 {
			return
		}
		p := &sensor.Packet{Data: bytes.Clone(b), Length: len(b), Link: sensor.LinkType(link)}
		d := New(Config{})
		segs := d.Decode(p)
		if len(segs) == 0 || len(segs) > maxSegments {
			t.Fatalf("%d segments", len(segs))
		}
		for _, s := range segs {
			if s.Source != sensor.SourceDefrag && s.Depth == 0 && !(inside(s.IP, b) && inside(s.IPPayload, b) && inside(s.L4, b) && inside(s.Payload, b)) {
				t.Error("a slice leaves the packet")
			}
			if s.IPVersion != 0 && !s.Src.IsValid() || len(s.Anomalies) > maxAnomalies || s.Fragment && s.L4 != nil || s.VLANs > maxVLANs {
				t.Errorf("%+v", s)
			}
		}
		if !bytes.Equal(p.Data, b) {
			t.Error("the packet was written to")
		}
		first := *segs[0]
		first.Anomalies = append([]string(nil), first.Anomalies...)
		d2 := New(Config{})
		d2.Decode(&sensor.Packet{Data: []byte{9}, Link: 1})
		again := d2.Decode(p)
		if len(again) != len(segs) || again[0].Src != first.Src || again[0].DstPort != first.DstPort || len(again[0].Anomalies) != len(first.Anomalies) {
			t.Error("a second decoder, that had another packet before, sees something else")
		}
		if link == 1 {
			compare(t, b, &first)
		}
	})
}

// compare checks the outermost segment against gopacket.
func compare(t *testing.T, b []byte, s *sensor.Segment) {
	g := gopacket.NewPacket(b, layers.LayerTypeEthernet, gopacket.DecodeOptions{NoCopy: true})
	if s.Invalid || s.IPVersion == 0 || g.NetworkLayer() == nil {
		return
	}
	if ip, ok := g.NetworkLayer().(*layers.IPv4); ok && s.EtherType == typeIPv4 && len(g.Layers()) > 1 && g.Layers()[1] == ip {
		src, _ := netip.AddrFromSlice(ip.SrcIP)
		if s.Src != src || s.TTL != ip.TTL || s.IPID != uint32(ip.Id) {
			t.Errorf("IPv4: %v %d %d, gopacket %v %d %d", s.Src, s.TTL, s.IPID, src, ip.TTL, ip.Id)
		}
		if s.Fragment || len(g.Layers()) < 3 {
			return
		}
		switch l := g.Layers()[2].(type) {
		case *layers.TCP:
			if s.L4 != nil && (s.SrcPort != uint16(l.SrcPort) || s.Seq != l.Seq || s.Window != l.Window || !bytes.Equal(s.Payload, l.Payload)) {
				t.Errorf("TCP: %d %d %d, gopacket %d %d %d", s.SrcPort, s.Seq, s.Window, l.SrcPort, l.Seq, l.Window)
			}
		case *layers.UDP:
			if s.L4 != nil && (s.SrcPort != uint16(l.SrcPort) || s.DstPort != uint16(l.DstPort) || !bytes.Equal(s.Payload, l.Payload)) {
				t.Errorf("UDP: %d %d %q, gopacket %d %d %q", s.SrcPort, s.DstPort, s.Payload, l.SrcPort, l.DstPort, l.Payload)
			}
		}
	}
}

// FuzzFragments sends fragments as the input says and checks that memory stays within the limit and all of it comes back,
// and that a reassembled packet has the length its header says.
func FuzzFragments(f *testing.F) {
	f.Add([]byte{0, 1, 8, 1, 8, 0, 9, 1, 0, 1, 8, 1})
	f.Fuzz(func(t *testing.T, script []byte) {
		d := New(Config{MaxFragMemory: 1 << 17, Policy: Policy(len(script) % len(policyNames))})
		at := int64(0)
		for len(script) >= 4 {
			at += int64(script[3]>>4) * 1e9
			segs := fragment(d, at, uint16(script[3]&3), int(script[0])*8<<(script[1]>>6), script[1]&1 != 0, string(bytes.Repeat(script[2:3], int(script[2])*(1+int(script[1]>>2&3)))))
			script = script[4:]
			if d.defrag.memory > 1<<17 {
				t.Fatalf("%d bytes are held", d.defrag.memory)
			}
			if len(segs) == 2 {
				s := segs[1]
				if s.Source != sensor.SourceDefrag || s.Fragment || len(s.IP)+len(s.IPPayload) != int(be16(s.IP[2:])) {
					t.Fatalf("reassembled: %+v", s)
				}
			}
		}
		d.Tick(at + 61e9)
		if len(d.defrag.trackers) != 0 || d.defrag.memory != 0 || d.defrag.oldest != nil || d.defrag.newest != nil {
			t.Fatalf("%d packets, %d bytes are left", len(d.defrag.trackers), d.defrag.memory)
		}
	})
}

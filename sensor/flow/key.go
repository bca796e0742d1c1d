package flow

import (
	"encoding/binary"
	"math/bits"
	"net/netip"

	"khien/sensor"
)

// key names a flow the same way from both directions: the smaller endpoint comes first.
type key struct {
	a, b         netip.Addr
	aPort, bPort uint16
	vlan         [3]uint16
	proto        uint8
	depth        uint8 // tunnels around it: the same addresses inside and outside of one are two conversations
}

// keyOf returns the key of a segment, whether the segment's source is the key's second endpoint, and whether the
// segment has a flow at all.
func keyOf(s *sensor.Segment) (k key, swapped, ok bool) {
	if s.IPVersion == 0 || s.Invalid || s.Fragment {
		return k, false, false
	}
	src, dst := s.SrcPort, s.DstPort
	switch s.IPProto {
	case sensor.IPProtoTCP, sensor.IPProtoUDP, sensor.IPProtoSCTP:
		if s.L4 == nil {
			return k, false, false
		}
	case sensor.IPProtoICMP, sensor.IPProtoICMPv6:
		if s.L4 == nil {
			return k, false, false
		}
		src, dst = icmpPorts(s)
	case sensor.IPProtoESP:
		// Each direction has its own index, so the index cannot be a part of a key for both.
	}
	k = key{a: s.Src, b: s.Dst, aPort: src, bPort: dst, vlan: s.VLAN, proto: s.IPProto, depth: s.Depth}
	if c := s.Src.Compare(s.Dst); c > 0 || c == 0 && src > dst {
		k.a, k.b, k.aPort, k.bPort = k.b, k.a, k.bPort, k.aPort
		swapped = true
	}
	return k, swapped, true
}

// icmpPorts returns what stands for the ports of an ICMP message: type and counter-type, so that a request and its
// reply are one flow, or type and code for messages that nobody answers.
func icmpPorts(s *sensor.Segment) (src, dst uint16) {
	if c, ok := counterType(s.IPProto, s.ICMPType); ok {
		return uint16(s.ICMPType), uint16(c)
	}
	// Both endpoints get the same number: errors in one direction are one flow with errors in the other.
	n := 0x8000 | uint16(s.ICMPType)<<8&0x7f00 | uint16(s.ICMPCode)
	return n, n
}

// counterType returns the type that answers an ICMP type, or that it answers.
func counterType(proto, t uint8) (uint8, bool) {
	if proto == sensor.IPProtoICMP {
		switch t {
		case 0:
			return 8, true
		case 8:
			return 0, true
		case 13:
			return 14, true
		case 14:
			return 13, true
		case 15:
			return 16, true
		case 16:
			return 15, true
		case 17:
			return 18, true
		case 18:
			return 17, true
		case 10:
			return 9, true
		case 9:
			return 10, true
		}
		return 0, false
	}
	switch t {
	case 128:
		return 129, true
	case 129:
		return 128, true
	case 133:
		return 134, true
	case 134:
		return 133, true
	case 135:
		return 136, true
	case 136:
		return 135, true
	case 130:
		return 131, true
	case 131:
		return 130, true
	case 144:
		return 145, true
	case 145:
		return 144, true
	case 139:
		return 140, true
	case 140:
		return 139, true
	}
	return 0, false
}

// Hash returns a number that is the same for both directions of a flow, and for fragments the same for all fragments
// between two hosts. It takes the addresses and, where there are ports, the ports.
func Hash(s *sensor.Segment) uint64 {
	if s.IPVersion == 0 {
		return 0
	}
	h := mix(hashAddr(s.Src)) + mix(hashAddr(s.Dst))
	if !s.Fragment {
		h += uint64(s.SrcPort)*prime1 + uint64(s.DstPort)*prime1
		h += mix(uint64(s.SrcPort)+prime3) + mix(uint64(s.DstPort)+prime3)
	}
	return mix(h ^ uint64(s.IPProto)<<56)
}

const (
	prime1 = 0x9e3779b97f4a7c15
	prime2 = 0xbf58476d1ce4e5b9
	prime3 = 0x94d049bb133111eb
)

// mix is the finishing step of splitmix64: every input bit reaches every output bit.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * prime2
	x = (x ^ x>>27) * prime3
	return x ^ x>>31
}

func hashAddr(a netip.Addr) uint64 {
	b := a.As16()
	return mix(binary.BigEndian.Uint64(b[:])+prime1) ^ bits.RotateLeft64(binary.BigEndian.Uint64(b[8:]), 17)
}

package flow

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"khien/sensor"
)

// identify returns the ID of a flow: a hash of its addresses, ports, protocol, VLANs, start and seed. It is never 0, and
// fits the 53 bits that a JSON number keeps exactly.
func identify(f *sensor.Flow, seed string) uint64 {
	var b [128]byte
	src, dst := f.Src.As16(), f.Dst.As16()
	n := copy(b[:], src[:])
	n += copy(b[n:], dst[:])
	n = len(binary.BigEndian.AppendUint16(b[:n], f.SrcPort))
	n = len(binary.BigEndian.AppendUint16(b[:n], f.DstPort))
	n = len(append(b[:n], f.Proto, f.ICMPType, f.ICMPCode))
	for _, v := range f.VLAN {
		n = len(binary.BigEndian.AppendUint16(b[:n], v))
	}
	n = len(binary.BigEndian.AppendUint64(b[:n], uint64(f.Start)))
	n = len(binary.BigEndian.AppendUint64(b[:n], f.First))
	n = len(binary.BigEndian.AppendUint64(b[:n], xxhash.Sum64String(seed)))
	return max(xxhash.Sum64(b[:n])>>11, 1)
}

// CommunityID returns the community ID of a flow, version 1 with seed 0: a hash of addresses, ports and protocol that
// other monitors compute the same (github.com/corelight/community-id-spec).
func CommunityID(f *sensor.Flow) string {
	src, dst := f.Src, f.Dst
	srcPort, dstPort := f.SrcPort, f.DstPort
	ports, oneWay := true, false
	switch f.Proto {
	case sensor.IPProtoTCP, sensor.IPProtoUDP, sensor.IPProtoSCTP:
	case sensor.IPProtoICMP, sensor.IPProtoICMPv6:
		srcPort = uint16(f.ICMPType)
		if c, ok := counterType(f.Proto, f.ICMPType); ok {
			dstPort = uint16(c)
		} else {
			dstPort, oneWay = uint16(f.ICMPCode), true
		}
	default:
		ports = false
	}
	if c := src.Compare(dst); !oneWay && (c > 0 || c == 0 && ports && srcPort > dstPort) {
		src, dst, srcPort, dstPort = dst, src, dstPort, srcPort
	}
	var b [40]byte // seed, addresses, protocol, padding, ports
	n := 2
	if src.Is4() && dst.Is4() {
		s, d := src.As4(), dst.As4()
		n += copy(b[n:], s[:])
		n += copy(b[n:], d[:])
	} else {
		s, d := src.As16(), dst.As16()
		n += copy(b[n:], s[:])
		n += copy(b[n:], d[:])
	}
	b[n] = f.Proto
	n += 2
	if ports {
		binary.BigEndian.PutUint16(b[n:], srcPort)
		binary.BigEndian.PutUint16(b[n+2:], dstPort)
		n += 4
	}
	h := sha1.Sum(b[:n])
	var out [2 + 28]byte
	copy(out[:], "1:")
	base64.StdEncoding.Encode(out[2:], h[:])
	return string(out[:])
}

package decode

import (
	"encoding/binary"
	"math/bits"

	"khien/sensor"
)

// sum returns the ones' complement sum of b and start, folded to 16 bits (RFC 1071): 0xffff when a checksum in b is
// right. The order of bytes does not matter to such a sum, so it takes eight at a time.
func sum(b []byte, start uint64) uint16 {
	total, carry := start, uint64(0)
	for len(b) >= 32 {
		total, carry = bits.Add64(total, binary.BigEndian.Uint64(b), carry)
		total, carry = bits.Add64(total, binary.BigEndian.Uint64(b[8:]), carry)
		total, carry = bits.Add64(total, binary.BigEndian.Uint64(b[16:]), carry)
		total, carry = bits.Add64(total, binary.BigEndian.Uint64(b[24:]), carry)
		b = b[32:]
	}
	for len(b) >= 8 {
		total, carry = bits.Add64(total, binary.BigEndian.Uint64(b), carry)
		b = b[8:]
	}
	if len(b) > 0 {
		var tail [8]byte
		copy(tail[:], b)
		total, carry = bits.Add64(total, binary.BigEndian.Uint64(tail[:]), carry)
	}
	total, carry = bits.Add64(total, 0, carry)
	total += carry
	total = total>>32 + total&0xffffffff
	total = total>>32 + total&0xffffffff
	total = total>>16 + total&0xffff
	total = total>>16 + total&0xffff
	return uint16(total)
}

// pseudo returns the sum of the pseudo header that TCP, UDP and ICMPv6 checksums include (RFC 9293, 3.1; RFC 8200, 8.1).
func pseudo(s *sensor.Segment, length int) uint64 {
	total := uint64(s.IPProto) + uint64(length)
	if s.IPVersion == 4 {
		return total + uint64(be32(s.IP[12:])) + uint64(be32(s.IP[16:]))
	}
	for i := 8; i < 40; i += 4 {
		total += uint64(be32(s.IP[i:]))
	}
	return total
}

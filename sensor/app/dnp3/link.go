package dnp3

import "encoding/binary"

// Sizes of the data link layer (IEEE 1815-2012, 9.2).
const (
	headerLen = 10 // start, length, control, destination, source, CRC
	blockLen  = 16 // bytes of user data in front of a CRC
	crcLen    = 2
	lengthMin = 5 // the length counts control and addresses, too
)

// link is the header of a frame.
type link struct {
	control  byte
	dst, src uint16
}

// crcTable has the CRC of a byte for the polynomial 0x3d65, reflected (IEEE 1815-2012, 9.2.4.1.2).
var crcTable = func() (t [256]uint16) {
	for i := range t {
		c := uint16(i)
		for range 8 {
			c = c>>1 ^ 0xa6bc*(c&1)
		}
		t[i] = c
	}
	return t
}()

// checked reports whether two bytes behind b are its CRC.
func checked(b, crc []byte) bool {
	c := uint16(0)
	for _, x := range b {
		c = c>>8 ^ crcTable[byte(c)^x]
	}
	return ^c == binary.LittleEndian.Uint16(crc)
}

// headerChecked reports whether b begins with a header whose CRC is right.
func headerChecked(b []byte) bool { return checked(b[:headerLen-crcLen], b[headerLen-crcLen:]) }

// frameLen returns how many bytes a frame has with so much user data.
func frameLen(user int) int { return headerLen + user + (user+blockLen-1)/blockLen*crcLen }

// appendUser appends the user data of a frame whose header has been taken away, and reports whether all CRCs are right.
func appendUser(dst, b []byte) ([]byte, bool) {
	for len(b) > 0 {
		n := min(blockLen, len(b)-crcLen)
		if n <= 0 || !checked(b[:n], b[n:n+crcLen]) {
			return dst, false
		}
		dst = append(dst, b[:n]...)
		b = b[n+crcLen:]
	}
	return dst, true
}

// userData reports whether a frame carries user data of a station: functions 3 and 4 of a primary (IEEE 1815-2012, 9.2.4.1.3).
func (l link) userData() bool { return l.control&0x40 != 0 && (l.control&15 == 3 || l.control&15 == 4) }

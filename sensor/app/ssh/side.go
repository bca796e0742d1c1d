package ssh

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"

	"khien/sensor"
)

// side is what one side showed of itself.
type side struct {
	proto    []byte // "2.0"
	software []byte // "OpenSSH_9.6"
	kex      bool   // the lists were read
	offer    []byte // HASSH string
	hash     []byte // HASSH: MD5 of offer in hexadecimal digits
}

// identify reads an identification line behind "SSH-": protoversion-softwareversion SP comments (RFC 4253, 4.2).
func (s *side) identify(line []byte) bool {
	line = bytes.TrimRight(line, "\r\n")
	proto, rest, ok := bytes.Cut(line, []byte("-"))
	software, _, _ := bytes.Cut(rest, []byte(" "))
	s.proto = append([]byte(nil), proto...)
	s.software = append([]byte(nil), software...)
	return ok && len(proto) > 0 && len(software) > 0
}

// Places of the lists of KEXINIT that make a fingerprint: key exchange, and those of the side's own direction
// (RFC 4253, 7.1).
var fingerprintLists = [2][4]int{sensor.ToServer: {0, 2, 4, 6}, sensor.ToClient: {0, 3, 5, 7}}

const (
	cookieLen = 16
	listCount = 10
)

// lists reads the payload of a KEXINIT behind its type.
func (s *side) lists(dir sensor.Dir, b []byte) bool {
	s.kex = true
	if len(b) < cookieLen {
		return false
	}
	b = b[cookieLen:]
	var lists [listCount][]byte
	for i := range lists {
		if len(b) < 4 {
			return false
		}
		n := binary.BigEndian.Uint32(b)
		if uint64(n) > uint64(len(b)-4) {
			return false
		}
		lists[i], b = b[4:4+n], b[4+n:]
	}
	for i, at := range fingerprintLists[dir] {
		if i > 0 {
			s.offer = append(s.offer, ';')
		}
		s.offer = append(s.offer, lists[at]...)
	}
	sum := md5.Sum(s.offer)
	s.hash = hex.AppendEncode(nil, sum[:])
	return true
}

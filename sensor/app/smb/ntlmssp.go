package smb

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

// ntlm is what an NTLMSSP message tells of a user (MS-NLMP, 2.2.1.3).
type ntlm struct {
	seen               bool
	domain, user, host []byte
	version            string
}

// security reads the security blob of a session setup: NTLMSSP by itself or inside SPNEGO.
func (tx *Tx) security(blob []byte) (malformed bool) {
	i := bytes.Index(blob, []byte("NTLMSSP\x00"))
	if i < 0 {
		return false
	}
	b := blob[i:]
	if len(b) < 12 || binary.LittleEndian.Uint32(b[8:]) != 3 {
		return len(b) < 12
	}
	if len(b) < 64 {
		return true
	}
	flags := binary.LittleEndian.Uint32(b[60:])
	wide := flags&1 != 0
	field := func(at int) ([]byte, bool) {
		n, off := int(binary.LittleEndian.Uint16(b[at:])), uint64(binary.LittleEndian.Uint32(b[at+4:]))
		if off+uint64(n) > uint64(len(b)) {
			return nil, false
		}
		return text(b[off:off+uint64(n)], wide), true
	}
	var ok [3]bool
	tx.ntlm.domain, ok[0] = field(28)
	tx.ntlm.user, ok[1] = field(36)
	tx.ntlm.host, ok[2] = field(44)
	tx.ntlm.seen = ok[0] && ok[1] && ok[2]
	if flags&0x02000000 != 0 && len(b) >= 72 {
		v := append([]byte{}, strconv.Itoa(int(b[64]))...)
		v = append(append(v, '.'), strconv.Itoa(int(b[65]))...)
		v = append(append(v, " build "...), strconv.Itoa(int(binary.LittleEndian.Uint16(b[66:])))...)
		v = append(append(v, " rev "...), strconv.Itoa(int(b[71]))...)
		tx.ntlm.version = string(v)
	}
	return !tx.ntlm.seen
}

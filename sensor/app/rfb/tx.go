package rfb

import (
	"encoding/binary"

	"khien/sensor"
	"khien/sensor/evejson"
)

// Tx is a handshake.
type Tx struct {
	sensor.TxBase
	versions            [2][]byte // by direction, twelve bytes
	chosen              uint32
	hasChosen           bool
	challenge, response []byte
	result              uint32
	hasResult           bool
	shared, hasShared   bool
	screen              []byte // ServerInit
	logged              bool
}

// Buffer returns the desktop's name.
func (tx *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if b != sensor.RFBName || dir != sensor.ToClient || i != 0 || tx.screen == nil {
		return nil, false
	}
	return tx.screen[24:], true
}

// Number returns the security type and its result.
func (tx *Tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	switch {
	case i != 0:
	case b == sensor.RFBSecType && dir == sensor.ToServer:
		return uint64(tx.chosen), tx.hasChosen
	case b == sensor.RFBSecResult && dir == sensor.ToClient:
		return uint64(tx.result), tx.hasResult
	case b == sensor.LoginResult && dir == sensor.ToClient && tx.hasResult && tx.chosen == secVNC: // RFC 6143, 7.1.3
		if tx.result == 0 {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// LogReady reports whether the handshake is over.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == sensor.ToServer && tx.logged }

// AppendEVE appends the object of the handshake.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, '{')
	dst = appendVersion(dst, "server_protocol_version", tx.versions[sensor.ToClient])
	dst = appendVersion(dst, "client_protocol_version", tx.versions[sensor.ToServer])
	if tx.hasChosen {
		dst = append(evejson.AppendKey(dst, "authentication"), '{')
		dst = evejson.AppendUint(dst, "security_type", uint64(tx.chosen))
		if tx.chosen == secVNC {
			dst = append(evejson.AppendKey(dst, "vnc"), '{')
			if tx.challenge != nil {
				dst = evejson.AppendHex(dst, "challenge", tx.challenge)
			}
			if tx.response != nil {
				dst = evejson.AppendHex(dst, "response", tx.response)
			}
			dst = append(dst, '}')
		}
		if tx.hasResult {
			word := "UNKNOWN"
			if tx.result < 3 {
				word = [...]string{"OK", "FAIL", "TOOMANY"}[tx.result]
			}
			dst = evejson.AppendStr(dst, "security_result", word)
		}
		dst = append(dst, '}')
	}
	if tx.hasShared {
		dst = evejson.AppendBool(dst, "screen_shared", tx.shared)
	}
	if tx.screen != nil {
		dst = tx.appendScreen(dst)
	}
	return append(dst, '}')
}

func appendVersion(dst []byte, key string, v []byte) []byte {
	if len(v) != 12 {
		return dst
	}
	dst = append(evejson.AppendKey(dst, key), '{')
	dst = evejson.AppendBytes(dst, "major", v[4:7])
	dst = evejson.AppendBytes(dst, "minor", v[8:11])
	return append(dst, '}')
}

func (tx *Tx) appendScreen(dst []byte) []byte {
	s := tx.screen
	dst = append(evejson.AppendKey(dst, "framebuffer"), '{')
	dst = evejson.AppendUint(dst, "width", uint64(binary.BigEndian.Uint16(s)))
	dst = evejson.AppendUint(dst, "height", uint64(binary.BigEndian.Uint16(s[2:])))
	dst = evejson.AppendBytes(dst, "name", s[24:])
	dst = append(evejson.AppendKey(dst, "pixel_format"), '{')
	dst = evejson.AppendUint(dst, "bits_per_pixel", uint64(s[4]))
	dst = evejson.AppendUint(dst, "depth", uint64(s[5]))
	dst = evejson.AppendBool(dst, "big_endian", s[6] != 0)
	dst = evejson.AppendBool(dst, "true_color", s[7] != 0)
	for i, c := range [...]string{"red", "green", "blue"} {
		dst = evejson.AppendUint(dst, c+"_max", uint64(binary.BigEndian.Uint16(s[8+2*i:])))
	}
	for i, c := range [...]string{"red", "green", "blue"} {
		dst = evejson.AppendUint(dst, c+"_shift", uint64(s[14+i]))
	}
	return append(dst, '}', '}')
}

package rdp

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"unicode/utf8"

	"khien/sensor"
	"khien/sensor/evejson"
)

// Tx is one message of the handshake.
type Tx struct {
	sensor.TxBase
	dir      sensor.Dir
	kind     string
	cookie   []byte
	protocol uint32 // selected
	failure  uint32
	state    byte   // type of the negotiation's answer, 0 when there is none
	core     []byte // client core data behind its header
	channels [][]byte
}

// request reads the cookie of a connection request (MS-RDPBCGR, 2.2.1.1).
func (tx *Tx) request(b []byte) {
	const prefix = "Cookie: mstshash="
	if line, _, ok := bytes.Cut(b, []byte("\r\n")); ok && bytes.HasPrefix(line, []byte(prefix)) {
		v := line[len(prefix):]
		tx.cookie = append([]byte{}, v[:min(len(v), cookieMax)]...)
	}
}

// confirm reads the answer to the negotiation (MS-RDPBCGR, 2.2.1.2).
func (tx *Tx) confirm(b []byte) {
	if len(b) < 8 || b[0] != 2 && b[0] != 3 {
		return
	}
	tx.state = b[0]
	v := binary.LittleEndian.Uint32(b[4:])
	if b[0] == 2 {
		tx.protocol = v
	} else {
		tx.failure = v
	}
}

// Types of the client's blocks (MS-RDPBCGR, 2.2.1.3).
const (
	blockCore = 0xc001
	blockNet  = 0xc003
)

// connect reads the blocks of the client's settings. They follow the key "Duca" of the conference's user data and its
// length (T.124).
func (tx *Tx) connect(b []byte) {
	i := bytes.Index(b, []byte("Duca"))
	if i < 0 || len(b) < i+6 {
		return
	}
	b = b[i+4:]
	if b[0]&0x80 != 0 {
		b = b[2:]
	} else {
		b = b[1:]
	}
	for n := 0; len(b) >= 4 && n < blocksMax; n++ {
		kind, size := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		if size < 4 || size > len(b) {
			return
		}
		body := b[4:size]
		switch kind {
		case blockCore:
			tx.core = append([]byte{}, body...)
		case blockNet:
			tx.net(body)
		}
		b = b[size:]
	}
}

func (tx *Tx) net(b []byte) {
	if len(b) < 4 {
		return
	}
	count := binary.LittleEndian.Uint32(b)
	for b = b[4:]; count > 0 && len(b) >= 12 && len(tx.channels) < channelsMax; count-- {
		name, _, _ := bytes.Cut(b[:8], []byte{0})
		tx.channels = append(tx.channels, append([]byte{}, name...))
		b = b[12:]
	}
}

// Buffer returns nothing: rules match the stream.
func (tx *Tx) Buffer(sensor.Buffer, sensor.Dir, int) ([]byte, bool) { return nil, false }

// Number returns nothing.
func (tx *Tx) Number(sensor.Buffer, sensor.Dir, int) (uint64, bool) { return 0, false }

// LogReady is true in the message's direction.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == tx.dir }

// AppendEVE appends the object of the message.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = evejson.AppendUint(append(dst, '{'), "tx_id", tx.ID)
	dst = evejson.AppendStr(dst, "event_type", tx.kind)
	if tx.cookie != nil {
		dst = evejson.AppendBytes(dst, "cookie", tx.cookie)
	}
	switch tx.state {
	case 2:
		dst = evejson.AppendStr(dst, "protocol", protocolName(tx.protocol))
	case 3:
		dst = evejson.AppendUint(dst, "error_code", uint64(tx.failure))
		if tx.failure > 0 && int(tx.failure) < len(failures) {
			dst = evejson.AppendStr(dst, "reason", failures[tx.failure])
		}
	}
	if tx.core != nil {
		dst = tx.appendClient(evejson.AppendKey(dst, "client"))
	}
	if len(tx.channels) > 0 {
		dst = append(evejson.AppendKey(dst, "channels"), '[')
		for _, c := range tx.channels {
			dst = evejson.AppendString(evejson.AppendComma(dst), c)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

// failures are the reasons of MS-RDPBCGR, 2.2.1.2.2.
var failures = [...]string{"", "SSL_REQUIRED_BY_SERVER", "SSL_NOT_ALLOWED_BY_SERVER", "SSL_CERT_NOT_ON_SERVER",
	"INCONSISTENT_FLAGS", "HYBRID_REQUIRED_BY_SERVER", "SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER"}

func protocolName(p uint32) string {
	switch p {
	case 0:
		return "rdp"
	case 1:
		return "ssl"
	case 2:
		return "hybrid"
	case 4:
		return "rds_tls"
	case 8:
		return "hybrid_ex"
	}
	return strconv.Itoa(int(p))
}

// appendClient appends the client core data (MS-RDPBCGR, 2.2.1.3.2). Later fields may be left out.
func (tx *Tx) appendClient(dst []byte) []byte {
	b := tx.core
	u16 := func(at int) uint64 {
		if len(b) < at+2 {
			return 0
		}
		return uint64(binary.LittleEndian.Uint16(b[at:]))
	}
	u32 := func(at int) uint64 { return u16(at) | u16(at+2)<<16 }
	dst = append(dst, '{')
	if len(b) < 128 {
		return append(dst, '}')
	}
	dst = evejson.AppendStr(dst, "version", versionName(u32(0)))
	dst = evejson.AppendUint(dst, "desktop_width", u16(4))
	dst = evejson.AppendUint(dst, "desktop_height", u16(6))
	dst = evejson.AppendUint(dst, "keyboard_layout", u32(12))
	dst = evejson.AppendStr(dst, "build", buildName(u32(16)))
	if name := wide(b[20:52]); len(name) > 0 {
		dst = evejson.AppendBytes(dst, "client_name", name)
	}
	dst = evejson.AppendUint(dst, "keyboard_type", u32(52))
	dst = evejson.AppendUint(dst, "keyboard_subtype", u32(56))
	dst = evejson.AppendUint(dst, "function_keys", u32(60))
	if ime := wide(b[64:128]); len(ime) > 0 {
		dst = evejson.AppendBytes(dst, "ime", ime)
	}
	if len(b) >= 132 {
		dst = evejson.AppendUint(dst, "product_id", u16(130))
	}
	if len(b) >= 142 {
		dst = append(evejson.AppendKey(dst, "capabilities"), '[')
		for i, name := range capabilities {
			if u16(140)&(1<<i) != 0 && name != "" {
				dst = evejson.AppendText(evejson.AppendComma(dst), name)
			}
		}
		dst = append(dst, ']')
	}
	if len(b) >= 206 {
		if id := wide(b[142:206]); len(id) > 0 {
			dst = evejson.AppendBytes(dst, "id", id)
		}
	}
	return append(dst, '}')
}

// capabilities are EVE's names of the bits of earlyCapabilityFlags.
var capabilities = [...]string{"support_errinfo_pdf", "want_32bpp_session", "support_statusinfo_pdu", "strong_asymmetric_keys",
	"", "valid_connection_type", "support_monitor_layout_pdu", "support_netchar_autodetect", "support_dynvc_gfx_protocol",
	"support_dynamic_time_zone", "support_heartbeat_pdu"}

func versionName(v uint64) string {
	switch {
	case v == 0x00080001:
		return "v4"
	case v == 0x00080004:
		return "v5"
	case v >= 0x00080005 && v <= 0x00080011:
		return "v10." + strconv.Itoa(int(v-0x00080005))
	}
	return "unknown"
}

// buildName names the system that a client's build number belongs to.
func buildName(v uint64) string {
	switch v {
	case 419:
		return "Windows NT 4.0"
	case 2195:
		return "Windows 2000"
	case 2600:
		return "Windows XP"
	case 3790:
		return "Windows Server 2003"
	case 6000, 6001, 6002:
		return "Windows Vista"
	case 7600, 7601:
		return "Windows 7"
	case 9200:
		return "Windows 8"
	case 9600:
		return "Windows 8.1"
	}
	if v >= 10240 && v < 22000 {
		return "Windows 10"
	}
	if v >= 22000 && v < 30000 {
		return "Windows 11"
	}
	return "Build: " + strconv.Itoa(int(v))
}

// wide returns little-endian UTF-16 up to its NUL as UTF-8.
func wide(b []byte) (out []byte) {
	for i := 0; i+1 < len(b); i += 2 {
		r := rune(b[i]) | rune(b[i+1])<<8
		if r == 0 {
			break
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

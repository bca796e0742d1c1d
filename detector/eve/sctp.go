package eve

import (
	"encoding/binary"
	"strconv"
)

// sctpChunks bounds the chunks of a packet that are listed; RFC 9260 allows any number of four-byte chunks.
const sctpChunks = 32

// appendSCTP appends what the SCTP packet carries: `,"sctp":{…}`. RFC 9260, 3: a 12-byte header, then chunks padded to 4.
func appendSCTP(dst, p []byte) []byte {
	if len(p) < 12 {
		return dst
	}
	names := [...]struct {
		kind byte
		key  string
	}{{0, "has_data"}, {1, "has_init"}, {2, "has_init_ack"}, {6, "has_abort"}}
	var has [len(names)]bool
	var kinds [sctpChunks]byte
	n := 0
	for rest := p[12:]; len(rest) >= 4 && n < sctpChunks; {
		length := int(binary.BigEndian.Uint16(rest[2:]))
		if length < 4 {
			break
		}
		kinds[n] = rest[0]
		for i, x := range names {
			has[i] = has[i] || x.kind == rest[0]
		}
		n++
		length = (length + 3) &^ 3
		if length > len(rest) {
			break
		}
		rest = rest[length:]
	}
	dst = append(dst, `,"sctp":{"vtag":`...)
	dst = strconv.AppendUint(dst, uint64(binary.BigEndian.Uint32(p[4:])), 10)
	dst = append(dst, `,"chunk_cnt":`...)
	dst = strconv.AppendInt(dst, int64(n), 10)
	dst = append(dst, `,"chunk_types":[`...)
	for i, k := range kinds[:n] {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), sctpChunkName(k)...), '"')
	}
	dst = append(dst, ']')
	for i, x := range names {
		dst = append(append(append(dst, `,"`...), x.key...), `":`...)
		dst = strconv.AppendBool(dst, has[i])
	}
	return append(dst, '}')
}

// sctpNames are the chunk types of RFC 9260, 3.2, in EVE's spelling.
var sctpNames = [...]string{"data", "init", "init_ack", "sack", "heartbeat", "heartbeat_ack", "abort", "shutdown",
	"shutdown_ack", "error", "cookie_echo", "cookie_ack", "ecne", "cwr", "shutdown_complete"}

func sctpChunkName(k byte) string {
	if int(k) < len(sctpNames) {
		return sctpNames[k]
	}
	return strconv.Itoa(int(k))
}

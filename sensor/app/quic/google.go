package quic

import (
	"bytes"
	"encoding/binary"

	"khien/sensor"
	"khien/sensor/app/tls"
)

// Limits of Google's hello.
const (
	tagsMax  = 128
	hashLen  = 12 // message authentication hash in front of the frames
	googleID = 8  // length of a connection ID
)

// googleVersion returns the version of a packet of Google's QUIC that names it.
func googleVersion(b []byte) (uint32, bool) {
	at := 1
	if len(b) > 0 && b[0]&0x80 == 0 {
		// Q043: public flags with a version and an 8-byte connection ID.
		if b[0]&0x09 != 0x09 {
			return 0, false
		}
		at += googleID
	}
	if len(b) < at+4 {
		return 0, false
	}
	v := binary.BigEndian.Uint32(b[at:])
	return v, google(v) && (b[0]&0x80 == 0) == (v == google43)
}

// googleFrames returns the frames of a packet in clear.
func googleFrames(v uint32, b []byte) []byte {
	at := 0
	if v == google43 {
		at = 1 + googleID + 4 + []int{1, 2, 4, 6}[b[0]>>4&3]
	} else {
		if len(b) < 6 {
			return nil
		}
		ids := int(b[5])
		at = 6
		for _, n := range [...]int{ids >> 4, ids & 15} {
			if n > 0 {
				at += n + 3
			}
		}
		at += 4 // packet number
		if v != google44 {
			at += int(b[0]&3) + 1 - 4
		}
	}
	if at += hashLen; at >= len(b) {
		return nil
	}
	return b[at:]
}

// google reads a packet that may hold a client's hello.
func (p *parser) google(dir sensor.Dir, v uint32, b []byte, out sensor.Emitter) {
	if dir != sensor.ToServer || p.client {
		return
	}
	p.version = v
	for b = googleFrames(v, b); len(b) > 0; {
		kind := b[0]
		b = b[1:]
		if kind == framePadding {
			continue
		}
		if kind&0x80 == 0 {
			return // ACK and control frames do not come before the hello
		}
		// Stream frame, 1FDOOOSS: a length is there with D; O is the length of the offset, S that of the stream's number.
		skip := int(kind&3) + 1
		if o := int(kind >> 2 & 7); o > 0 {
			skip += o + 1
		}
		n := -1
		if kind&0x20 != 0 {
			if len(b) < skip+2 {
				return
			}
			n = int(binary.BigEndian.Uint16(b[skip:]))
			skip += 2
		}
		if len(b) < skip || n > len(b)-skip {
			return
		}
		if n < 0 {
			n = len(b) - skip
		}
		if p.chlo(b[skip:skip+n], out) {
			return
		}
		b = b[skip+n:]
	}
}

// chlo reads the tags of a CHLO message: after the name their count, then for each tag its name and the end of its value
// among the values that follow; numbers are little endian.
func (p *parser) chlo(b []byte, out sensor.Emitter) bool {
	if len(b) < 8 || string(b[:4]) != "CHLO" {
		return false
	}
	count := int(binary.LittleEndian.Uint16(b[4:]))
	if count > tagsMax || len(b) < 8+8*count {
		p.anomaly(sensor.ToServer, anomData, out)
		return true
	}
	p.client = true
	t := p.newTx(sensor.ToServer)
	table, values := b[8:8+8*count], b[8+8*count:]
	t.cyu = append(t.cyu, cyuVersion(p.version)...)
	from := 0
	for i := range count {
		name := bytes.TrimRight(table[8*i:8*i+4], "\x00")
		to := binary.LittleEndian.Uint32(table[8*i+4:])
		sep := byte('-')
		if i == 0 {
			sep = ','
		}
		t.cyu = append(append(t.cyu, sep), name...)
		if uint64(to) < uint64(from) || uint64(to) > uint64(len(values)) {
			continue
		}
		value := values[from:to]
		from = int(to)
		switch string(name) {
		case "SNI":
			t.sni = append([]byte(nil), value...)
		case "UAID":
			t.ua = append([]byte(nil), value...)
		}
	}
	t.cyuHash = tls.AppendMD5(nil, t.cyu)
	p.emit(t, out)
	p.rest()
	return true
}

// cyuVersion is how CYU strings name a version.
func cyuVersion(v uint32) string {
	switch v {
	case google43:
		return "43"
	case google46:
		return "46"
	}
	return "44"
}

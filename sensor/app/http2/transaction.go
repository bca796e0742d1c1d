package http2

import (
	"bytes"
	"strconv"

	"khien/sensor"
	"khien/sensor/app/dns"
	"khien/sensor/app/http"
	"khien/sensor/evejson"
)

// setting is one of a SETTINGS frame.
type setting struct {
	id    uint16
	value uint32
}

const settingTable = 1

// Transaction is a stream, or a frame of the connection when stream is 0.
type Transaction struct {
	http.Transaction
	pool     *pool
	stream   uint32
	body     [2]http.Body
	settings [2][]setting
	frames   [2][]uint64 // types
	codes    [2][]uint64 // errors of RST_STREAM and GOAWAY
	priority [2][]uint64 // weights
	window   [2][]uint64
	dns      [2]*dns.Message // kept for the next stream
	asked    [2]bool         // dns has the direction's message
	long     [2]bool         // it is longer than a message may be
	text     []byte          // of a setting, made when asked for
	told     bool            // of something that it has
	released bool
}

var _ sensor.Transaction = (*Transaction)(nil)

func (p *parser) transaction(stream uint32) *Transaction {
	t, _ := p.pool.txs.Get().(*Transaction)
	if t == nil {
		t = &Transaction{}
	}
	t.Reset()
	t.ID, t.Proto = p.nextID, sensor.ProtoHTTP2
	p.nextID++
	t.pool, t.stream, t.released = p.pool, stream, false
	t.told = false
	t.forgetDNS()
	for d := range t.body {
		t.body[d] = http.Body{}
		t.settings[d], t.frames[d], t.codes[d] = t.settings[d][:0], t.frames[d][:0], t.codes[d][:0]
		t.priority[d], t.window[d] = t.priority[d][:0], t.window[d][:0]
	}
	return t
}

// Release gives the transaction back to the pool. It must not be used after.
func (t *Transaction) Release() {
	if t.released {
		return
	}
	t.released = true
	t.Trim()
	t.pool.txs.Put(t)
}

// frame remembers the type of a frame.
func (t *Transaction) frame(h *half) { t.frames[h.dir] = add(t.frames[h.dir], uint64(h.kind)) }

func add(list []uint64, n uint64) []uint64 {
	if len(list) >= maxNumbers {
		return list
	}
	return append(list, n)
}

// Buffer returns value i of a named buffer of one direction.
func (t *Transaction) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if isDNSBuffer(b) {
		return t.dnsBuffer(b, dir, i)
	}
	switch b {
	case sensor.HTTP2Settings:
		if i < 0 || i >= len(t.settings[dir]) {
			return nil, false
		}
		s := t.settings[dir][i]
		t.text = append(append(t.text[:0], settingName(s.id)...), '=')
		t.text = strconv.AppendUint(t.text, uint64(s.value), 10)
		return t.text, true
	case sensor.HTTP2HeaderName:
		line, ok := t.Buffer(sensor.HTTP2Header, dir, i)
		if name := bytes.Index(line, []byte(": ")); name > 0 {
			line = line[:name]
		}
		return line, ok
	case sensor.HTTP2Header:
		b = sensor.HTTPRequestHeader
		if dir == sensor.ToClient {
			b = sensor.HTTPResponseHeader
		}
	}
	return t.Transaction.Buffer(b, dir, i)
}

// Number returns value i of a named number of one direction.
func (t *Transaction) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	if isDNSBuffer(b) {
		m := t.message(dir)
		if m == nil || i < 0 {
			return 0, false
		}
		return m.Number(b, dir == sensor.ToClient, i)
	}
	var list []uint64
	switch b {
	case sensor.HTTP2FrameType:
		list = t.frames[dir]
	case sensor.HTTP2ErrorCode:
		list = t.codes[dir]
	case sensor.HTTP2Priority:
		list = t.priority[dir]
	case sensor.HTTP2Window:
		list = t.window[dir]
	default:
		return t.Transaction.Number(b, dir, i)
	}
	if i < 0 || i >= len(list) {
		return 0, false
	}
	return list[i], true
}

// Held returns how much memory the stream holds, in bytes.
func (t *Transaction) Held() int {
	n := t.Transaction.Held()
	for _, m := range t.dns {
		if m != nil {
			n += m.Held()
		}
	}
	return n
}

// AppendEVE appends the object that EVE has under "http", or under "dns".
func (t *Transaction) AppendEVE(dst []byte, dir sensor.Dir) []byte {
	if t.Proto == sensor.ProtoDoH2 {
		return t.appendDNS(dst, dir)
	}
	return t.appendHTTP(dst)
}

func (t *Transaction) appendHTTP(dst []byte) []byte {
	dst = append(dst, '{')
	if t.stream != 0 {
		dst = t.appendHeaders(dst, "request_headers", sensor.ToServer)
		dst = t.appendHeaders(dst, "response_headers", sensor.ToClient)
		dst = t.AppendMembers(dst)
	} else {
		dst = evejson.AppendStr(dst, "version", "2")
	}
	dst = append(evejson.AppendKey(dst, "http2"), '{')
	dst = evejson.AppendUint(dst, "stream_id", uint64(t.stream))
	dst = t.appendDir(dst, "request", sensor.ToServer)
	dst = t.appendDir(dst, "response", sensor.ToClient)
	return append(dst, "}}"...)
}

func (t *Transaction) appendHeaders(dst []byte, name string, dir sensor.Dir) []byte {
	dst = append(evejson.AppendKey(dst, name), '[')
	t.Headers(dir, func(n, v []byte) {
		dst = append(evejson.AppendComma(dst), '{')
		dst = evejson.AppendBytes(dst, "name", n)
		dst = append(evejson.AppendBytes(dst, "value", v), '}')
	})
	return append(dst, ']')
}

// appendDir appends what the frames of a direction said beside headers and data.
func (t *Transaction) appendDir(dst []byte, name string, dir sensor.Dir) []byte {
	dst = append(evejson.AppendKey(dst, name), '{')
	if len(t.settings[dir]) > 0 {
		dst = append(evejson.AppendKey(dst, "settings"), '[')
		for _, s := range t.settings[dir] {
			dst = append(evejson.AppendComma(dst), '{')
			dst = evejson.AppendStr(dst, "settings_id", settingName(s.id))
			dst = append(evejson.AppendUint(dst, "settings_value", uint64(s.value)), '}')
		}
		dst = append(dst, ']')
	}
	if n := len(t.codes[dir]); n > 0 {
		dst = evejson.AppendStr(dst, "error_code", errorName(t.codes[dir][n-1]))
	}
	if n := len(t.priority[dir]); n > 0 {
		dst = evejson.AppendUint(dst, "priority", t.priority[dir][n-1])
	}
	return append(dst, '}')
}

// errorNames are those of RFC 9113, 7, as EVE writes them.
var errorNames = [...]string{"NOERROR", "PROTOCOLERROR", "INTERNALERROR", "FLOWCONTROLERROR", "SETTINGSTIMEOUT", "STREAMCLOSED",
	"FRAMESIZEERROR", "REFUSEDSTREAM", "CANCEL", "COMPRESSIONERROR", "CONNECTERROR", "ENHANCEYOURCALM", "INADEQUATESECURITY",
	"HTTP11REQUIRED"}

func errorName(code uint64) string {
	if code < uint64(len(errorNames)) {
		return errorNames[code]
	}
	return strconv.FormatUint(code, 10)
}

// settingNames are those of RFC 9113, 6.5.2 and RFC 8441, as EVE writes them.
var settingNames = [...]string{1: "SETTINGSHEADERTABLESIZE", 2: "SETTINGSENABLEPUSH", 3: "SETTINGSMAXCONCURRENTSTREAMS",
	4: "SETTINGSINITIALWINDOWSIZE", 5: "SETTINGSMAXFRAMESIZE", 6: "SETTINGSMAXHEADERLISTSIZE", 8: "SETTINGSENABLECONNECTPROTOCOL"}

func settingName(id uint16) string {
	if int(id) < len(settingNames) && settingNames[id] != "" {
		return settingNames[id]
	}
	return strconv.Itoa(int(id))
}

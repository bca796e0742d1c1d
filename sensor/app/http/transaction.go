package http

import (
	"strconv"

	"khien/sensor"
)

// Headers that the package looks for.
var (
	keyHost             = key("host")
	keyUserAgent        = key("user-agent")
	keyReferer          = key("referer")
	keyCookie           = key("cookie")
	keySetCookie        = key("set-cookie")
	keyAccept           = key("accept")
	keyAcceptEncoding   = key("accept-encoding")
	keyAcceptLanguage   = key("accept-language")
	keyConnection       = key("connection")
	keyContentType      = key("content-type")
	keyContentLength    = key("content-length")
	keyContentEncoding  = key("content-encoding")
	keyContentRange     = key("content-range")
	keyDisposition      = key("content-disposition")
	keyTransferEncoding = key("transfer-encoding")
	keyServer           = key("server")
	keyLocation         = key("location")
	keyUpgrade          = key("upgrade")
	keyAuthorization    = key("authorization")
)

// Transaction is a request and its response. Either may be missing.
type Transaction struct {
	sensor.TxBase
	msg [2]Message

	method   []byte // part of the request line
	uriRaw   []byte // part of the request line
	uri      []byte // normalised
	path     int    // length of the path within uri
	host     []byte // lower case, without port
	hostRaw  []byte
	port     int // named in the request, 0 when it is not
	status   []byte
	reason   []byte
	code     int // 0 when status is no number
	tunnel   bool
	pool     *Pool
	form     form
	released bool
}

var _ sensor.Transaction = (*Transaction)(nil)
var _ interface{ Release() } = (*Transaction)(nil)

func (p *Pool) transaction(id uint64) *Transaction {
	t, _ := p.txs.Get().(*Transaction)
	if t == nil {
		t = &Transaction{}
	}
	t.Reset()
	t.ID, t.Proto, t.pool = id, sensor.ProtoHTTP, p
	return t
}

// Reset makes an empty transaction of t, which keeps its memory.
func (t *Transaction) Reset() {
	an := t.Anomalies
	files := t.Files
	t.TxBase = sensor.TxBase{Files: files[:0]}
	t.Anomalies[0], t.Anomalies[1] = an[0][:0], an[1][:0]
	for i := range t.msg {
		t.msg[i].reset()
	}
	t.method, t.uriRaw, t.status, t.reason, t.hostRaw = nil, nil, nil, nil, nil
	t.uri, t.host = t.uri[:0], t.host[:0]
	t.path, t.port, t.code, t.tunnel = 0, 0, 0, false
	t.form.reset()
	t.released = false
}

// Held returns how much memory the transaction holds, in bytes.
func (t *Transaction) Held() int {
	return len(t.uri) + len(t.host) + t.msg[0].held() + t.msg[1].held()
}

// Release gives the transaction back to the pool. It must not be used after.
func (t *Transaction) Release() {
	if t.released || t.pool == nil {
		return
	}
	t.released = true
	t.Trim()
	t.pool.txs.Put(t)
}

// Trim lets go of what a transaction that is not used any more should not keep alive.
func (t *Transaction) Trim() {
	for i := range t.msg {
		t.msg[i].trim()
	}
	clear(t.Files)
	t.Detect = nil
}

// Buffer returns value i of a named buffer of one direction.
func (t *Transaction) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	switch b {
	case sensor.HTTPRequestHeader:
		return t.header(sensor.ToServer, i)
	case sensor.HTTPResponseHeader:
		return t.header(sensor.ToClient, i)
	case sensor.FileData:
		return t.fileData(dir, i)
	case sensor.FileName, sensor.FileExt, sensor.FileMagic:
		return nil, false // of files, not of transactions
	case sensor.HTTPFormName, sensor.HTTPFormValue:
		return t.form.field(b == sensor.HTTPFormName, i)
	}
	if i != 0 {
		return nil, false
	}
	if v, known := t.request(b); known {
		return v, v != nil && t.Done[sensor.ToServer] >= sensor.ProgressLine
	}
	if v, known := t.response(b); known {
		return v, v != nil && t.Done[sensor.ToClient] >= sensor.ProgressLine
	}
	v := t.either(b, dir)
	return v, v != nil
}

// request returns the buffers that only requests have.
func (t *Transaction) request(b sensor.Buffer) (v []byte, known bool) {
	m := &t.msg[sensor.ToServer]
	var k nameKey
	switch b {
	case sensor.HTTPMethod:
		return t.method, true
	case sensor.HTTPURI:
		return t.uri, true
	case sensor.HTTPURIRaw:
		return t.uriRaw, true
	case sensor.HTTPRequestLine:
		return m.line, true
	case sensor.HTTPHost:
		return orNil(t.host), true
	case sensor.HTTPHostRaw:
		return t.hostRaw, true
	case sensor.HTTPRequestBody:
		return orNil(m.body), true
	case sensor.HTTPUserAgent:
		k = keyUserAgent
	case sensor.HTTPReferer:
		k = keyReferer
	case sensor.HTTPAccept:
		k = keyAccept
	case sensor.HTTPAcceptEnc:
		k = keyAcceptEncoding
	case sensor.HTTPAcceptLang:
		k = keyAcceptLanguage
	default:
		return nil, false
	}
	return m.get(k), true
}

// response returns the buffers that only responses have.
func (t *Transaction) response(b sensor.Buffer) (v []byte, known bool) {
	m := &t.msg[sensor.ToClient]
	switch b {
	case sensor.HTTPStatCode:
		return t.status, true
	case sensor.HTTPStatMsg:
		return t.reason, true
	case sensor.HTTPResponseLine:
		return m.line, true
	case sensor.HTTPResponseBody:
		return orNil(m.body), true
	case sensor.HTTPServer:
		return m.get(keyServer), true
	case sensor.HTTPLocation:
		return m.get(keyLocation), true
	}
	return nil, false
}

// either returns the buffers that both directions have.
func (t *Transaction) either(b sensor.Buffer, dir sensor.Dir) []byte {
	if t.Done[dir] < sensor.ProgressLine {
		return nil
	}
	m := &t.msg[dir]
	if b == sensor.HTTPProtocol {
		return m.protocol
	}
	if t.Done[dir] < sensor.ProgressHeaders {
		return nil
	}
	switch b {
	case sensor.HTTPHeader:
		m.render(dir)
		return orNil(m.headers)
	case sensor.HTTPHeaderRaw:
		return orNil(m.raw)
	case sensor.HTTPHeaderNames:
		m.render(dir)
		return m.names
	case sensor.HTTPStart:
		m.render(dir)
		return m.start
	case sensor.HTTPCookie:
		if dir == sensor.ToServer {
			return m.get(keyCookie)
		}
		return m.get(keySetCookie)
	case sensor.HTTPConnection:
		return m.get(keyConnection)
	case sensor.HTTPContentType:
		return m.get(keyContentType)
	case sensor.HTTPContentLen:
		return m.get(keyContentLength)
	}
	return nil
}

func orNil(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

func (t *Transaction) header(dir sensor.Dir, i int) ([]byte, bool) {
	m := &t.msg[dir]
	if t.Done[dir] < sensor.ProgressHeaders || i < 0 || i >= len(m.fields) {
		return nil, false
	}
	return m.at(m.fields[i].whole), true
}

// fileData returns the response's body, or the files of a request, or the request's body when it carries no file.
func (t *Transaction) fileData(dir sensor.Dir, i int) ([]byte, bool) {
	if dir == sensor.ToClient {
		v := orNil(t.msg[dir].body)
		return v, i == 0 && v != nil
	}
	for _, f := range t.Files {
		if f.Dir != dir {
			continue
		}
		if i == 0 {
			return f.Content, len(f.Content) > 0
		}
		i--
	}
	return nil, false
}

// Number returns the numbers of a transaction: the status code and the lengths of the URI.
func (t *Transaction) Number(b sensor.Buffer, _ sensor.Dir, i int) (uint64, bool) {
	if i != 0 {
		return 0, false
	}
	asked := t.Done[sensor.ToServer] >= sensor.ProgressLine && t.uriRaw != nil
	switch b {
	case sensor.HTTPStatCode:
		return uint64(t.code), t.code > 0
	case sensor.LoginResult: // RFC 9110, 11: credentials were sent and refused; that they are accepted is every request's case
		return 0, t.code == 401 && t.msg[sensor.ToServer].get(keyAuthorization) != nil
	case sensor.HTTPURILen:
		return uint64(len(t.uri)), asked
	case sensor.HTTPURIRawLen:
		return uint64(len(t.uriRaw)), asked
	case sensor.HTTPContentLen:
		for _, dir := range [...]sensor.Dir{sensor.ToClient, sensor.ToServer} {
			if v := t.msg[dir].get(keyContentLength); v != nil {
				if n, err := strconv.ParseUint(string(v), 10, 63); err == nil {
					return n, true
				}
			}
		}
	}
	return 0, false
}

// LogReady reports whether the record, which is of both directions, is complete.
func (t *Transaction) LogReady(dir sensor.Dir) bool {
	return dir == sensor.ToServer && t.Done[0] == sensor.ProgressComplete && t.Done[1] == sensor.ProgressComplete
}

package http

import (
	"bytes"
	"strconv"

	"khien/sensor"
	"khien/sensor/app/content"
)

// Env is what a parser's bodies need of it.
type Env struct {
	Pool *Pool
	Out  sensor.Emitter
}

// Body takes the bytes of a message's body once its framing is undone, undoes its encodings and puts the result where
// it belongs: the buffer that is inspected, a file, or the parts of a form. The zero value has nothing to do.
type Body struct {
	env       *Env
	dir       sensor.Dir
	tx        *Transaction
	owner     sensor.Transaction // as the pipeline knows it
	chain     *content.Chain
	parts     *multipart
	file      *sensor.File
	opened    bool
	lost      bool // bytes are missing: what follows is not decoded
	encodings [content.MaxLayers + 1]content.Encoding
}

// Begin prepares for the body of a message of tx whose headers are known. owner is the transaction that the pipeline is
// told of, where tx is a part of it.
func (b *Body) Begin(env *Env, dir sensor.Dir, tx *Transaction, owner sensor.Transaction) {
	*b = Body{env: env, dir: dir, tx: tx, owner: owner}
	m := &tx.msg[dir]
	b.chain = env.Pool.decode.Chain(b.codings(m), b)
	if dir == sensor.ToServer {
		if boundary := boundaryOf(m.get(keyContentType)); boundary != nil {
			b.parts = newMultipart(tx, owner, boundary)
		}
	}
}

// codings returns the encodings of a message, in the order in which they were applied. Content-Encoding comes before
// Transfer-Encoding (RFC 9112, 6.1).
func (b *Body) codings(m *Message) []content.Encoding {
	list := b.encodings[:0]
	odd := false
	for _, k := range [...]nameKey{keyContentEncoding, keyTransferEncoding} {
		v := m.get(k)
		for len(v) > 0 {
			name := v
			if i := bytes.IndexAny(v, ",;"); i >= 0 {
				name, v = v[:i], v[i+1:]
			} else {
				v = nil
			}
			e := content.ByName(name)
			switch {
			case e == content.Unknown:
				odd = odd || k == keyContentEncoding
			case e != content.Identity && len(list) < cap(list):
				list = append(list, e)
			}
		}
	}
	if odd {
		b.tx.anomaly(b.dir, anAbnormalCE)
	}
	return list
}

// Feed takes bytes of the body as sent, its framing undone.
func (b *Body) Feed(p []byte) {
	if b.lost {
		b.store(p)
		return
	}
	if b.chain != nil {
		b.chain.Write(p)
		return
	}
	b.Write(p)
}

// Write takes decoded bytes.
func (b *Body) Write(p []byte) {
	m := &b.tx.msg[b.dir]
	m.entity += uint64(len(p))
	limit := b.env.Pool.cfg.ResponseBody
	if b.dir == sensor.ToServer {
		limit = b.env.Pool.cfg.RequestBody
	}
	if room := limit - len(m.body); room > 0 {
		m.body = append(m.body, p[:min(len(p), room)]...)
		if len(p) >= room {
			m.full = true
		}
	}
	b.store(p)
}

// store gives bytes to the file or the form that the body is.
func (b *Body) store(p []byte) {
	if b.parts != nil {
		if !b.lost {
			b.parts.write(p, b.env.Out)
		}
		return
	}
	if !b.opened && len(p) > 0 {
		b.opened = true
		b.open()
	}
	b.env.Out.WriteFile(b.file, p)
}

// open begins the file that a body is: of a response always, of a request when it sends something.
func (b *Body) open() {
	m := &b.tx.msg[b.dir]
	var name []byte
	if b.dir == sensor.ToClient {
		name = fileName(m.get(keyDisposition))
	}
	if name == nil {
		name = b.tx.uri[:b.tx.path]
	}
	if len(name) > maxNames {
		b.tx.anomaly(b.dir, anNameTooLong)
		name = name[:maxNames]
	}
	b.file = b.env.Out.OpenFile(b.owner, b.dir, name)
	if v := m.get(keyContentRange); v != nil && b.file != nil {
		start, end, total, ok := contentRange(v)
		if ok {
			b.file.Start, b.file.End, b.file.Total = start, end, total
		} else {
			b.tx.anomaly(b.dir, anRange)
		}
	}
}

// contentRange reads "bytes 0-499/1234" (RFC 9110, 14.4). total is 0 where it is not told.
func contentRange(v []byte) (start, end, total uint64, ok bool) {
	unit, rest, ok := bytes.Cut(bytes.TrimSpace(v), []byte(" "))
	if !ok || !bytes.EqualFold(unit, []byte("bytes")) {
		return 0, 0, 0, false
	}
	rest, size, ok := bytes.Cut(rest, []byte("/"))
	if !ok {
		return 0, 0, 0, false
	}
	if string(rest) == "*" {
		return 0, 0, 0, true
	}
	a, z, ok := bytes.Cut(rest, []byte("-"))
	start, err1 := strconv.ParseUint(string(bytes.TrimSpace(a)), 10, 63)
	end, err2 := strconv.ParseUint(string(bytes.TrimSpace(z)), 10, 63)
	if !ok || err1 != nil || err2 != nil || end < start {
		return 0, 0, 0, false
	}
	total, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 10, 63)
	if err != nil {
		return start, end, 0, true
	}
	if end >= total {
		return 0, 0, 0, false
	}
	return start, end, total, true
}

// Gap tells that n bytes of the body were lost.
func (b *Body) Gap(n int) {
	b.flush()
	b.lost = true
	if b.parts != nil {
		return
	}
	if !b.opened {
		b.opened = true
		b.open()
	}
	b.env.Out.GapFile(b.file, n)
}

// flush ends decoding and notes what was wrong.
func (b *Body) flush() {
	if b.chain == nil {
		return
	}
	status := b.chain.Close()
	b.chain = nil
	if status&(content.Broken|content.Mislabel) != 0 {
		b.tx.anomaly(b.dir, anGzipFailed)
	}
	if status&content.Bomb != 0 {
		b.tx.anomaly(b.dir, anBomb)
	}
	if status&content.TooMany != 0 {
		b.tx.anomaly(b.dir, anTooManyLayers)
	}
}

// End tells that the body is over; complete is false when its end was not seen.
func (b *Body) End(complete bool) {
	if b.tx == nil {
		return
	}
	b.flush()
	complete = complete && !b.lost
	if b.parts != nil {
		b.parts.end(complete, b.env.Out)
	}
	if b.file != nil {
		b.env.Out.CloseFile(b.file, complete)
	}
	if m := &b.tx.msg[b.dir]; b.dir == sensor.ToServer && isForm(m.get(keyContentType)) {
		b.tx.form.urlencoded(m.body)
	}
	*b = Body{}
}

func isForm(contentType []byte) bool {
	const want = "application/x-www-form-urlencoded"
	return len(contentType) >= len(want) && bytes.EqualFold(contentType[:len(want)], []byte(want))
}

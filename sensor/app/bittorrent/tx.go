package bittorrent

import (
	"net/netip"

	"khien/sensor"
	"khien/sensor/evejson"
)

// Tx is one message.
type Tx struct {
	sensor.TxBase
	dir  sensor.Dir
	raw  []byte
	dict []byte // content of the message's dictionary
}

// parse finds the message's dictionary and reports whether it has what each message must have (BEP 5).
func (tx *Tx) parse() bool {
	kind, dict, _, ok := next(tx.raw, depthMax)
	if !ok || kind != 'd' {
		return false
	}
	tx.dict = dict
	t, ok := text(dict, "t")
	y, ok2 := text(dict, "y")
	if !ok || !ok2 || len(t) == 0 {
		return false
	}
	need := map[string]string{"q": "a", "r": "r", "e": "e"}[string(y)]
	_, _, ok = lookup(dict, need)
	return ok
}

// Buffer returns nothing: rules match the payload.
func (tx *Tx) Buffer(sensor.Buffer, sensor.Dir, int) ([]byte, bool) { return nil, false }

// Number returns nothing.
func (tx *Tx) Number(sensor.Buffer, sensor.Dir, int) (uint64, bool) { return 0, false }

// LogReady is true in the message's direction.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == tx.dir }

// AppendEVE appends the object of the message.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, '{')
	t, _ := text(tx.dict, "t")
	dst = evejson.AppendHex(dst, "transaction_id", t)
	if v, ok := text(tx.dict, "v"); ok {
		dst = evejson.AppendHex(dst, "client_version", v)
	}
	if q, ok := text(tx.dict, "q"); ok {
		dst = evejson.AppendBytes(dst, "request_type", q)
	}
	if kind, a, ok := lookup(tx.dict, "a"); ok && kind == 'd' {
		dst = append(evejson.AppendKey(dst, "request"), '{')
		dst = appendHex(dst, a, "id", "target", "info_hash", "token")
		for _, key := range [...]string{"implied_port", "port"} {
			if n, ok := number(a, key); ok {
				dst = evejson.AppendInt(dst, key, n)
			}
		}
		dst = append(dst, '}')
	}
	if kind, r, ok := lookup(tx.dict, "r"); ok && kind == 'd' {
		dst = append(evejson.AppendKey(dst, "response"), '{')
		dst = appendHex(dst, r, "id", "token")
		dst = appendNodes(dst, r, "nodes", 4)
		dst = appendNodes(dst, r, "nodes6", 16)
		if kind, list, ok := lookup(r, "values"); ok && kind == 'l' {
			dst = appendPeers(dst, list)
		}
		dst = append(dst, '}')
	}
	if kind, e, ok := lookup(tx.dict, "e"); ok && kind == 'l' {
		dst = append(evejson.AppendKey(dst, "error"), '{')
		if kind, num, rest, ok := next(e, 1); ok && kind == 'i' {
			dst = evejson.AppendInt(dst, "num", atoi(num))
			if kind, msg, _, ok := next(rest, 1); ok && kind == 's' {
				dst = evejson.AppendBytes(dst, "msg", msg)
			}
		}
		dst = append(dst, '}')
	}
	return append(dst, '}')
}

func appendHex(dst, dict []byte, keys ...string) []byte {
	for _, key := range keys {
		if v, ok := text(dict, key); ok {
			dst = evejson.AppendHex(dst, key, v)
		}
	}
	return dst
}

// appendNodes appends nodes in compact form: 20 bytes of ID, an address of n bytes, a port (BEP 5, BEP 32).
func appendNodes(dst, dict []byte, key string, n int) []byte {
	list, ok := text(dict, key)
	if !ok {
		return dst
	}
	dst = append(evejson.AppendKey(dst, key), '[')
	for i := 0; len(list) >= 22+n && i < listMax; i++ {
		dst = evejson.AppendHex(append(evejson.AppendComma(dst), '{'), "id", list[:20])
		dst = append(appendPeer(dst, list[20:22+n]), '}')
		list = list[22+n:]
	}
	return append(dst, ']')
}

func appendPeers(dst, list []byte) []byte {
	dst = append(evejson.AppendKey(dst, "values"), '[')
	for i := 0; i < listMax; i++ {
		kind, v, rest, ok := next(list, 1)
		if !ok {
			break
		}
		list = rest
		if kind == 's' && (len(v) == 6 || len(v) == 18) {
			dst = append(appendPeer(append(evejson.AppendComma(dst), '{'), v), '}')
		}
	}
	return append(dst, ']')
}

// appendPeer appends address and port.
func appendPeer(dst, b []byte) []byte {
	n := len(b) - 2
	a, _ := netip.AddrFromSlice(b[:n])
	dst = evejson.AppendStr(dst, "ip", a.String())
	return evejson.AppendUint(dst, "port", uint64(b[n])<<8|uint64(b[n+1]))
}

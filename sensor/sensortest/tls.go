package sensortest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
)

// tls returns the messages of a connection: a handshake as a browser and a server make it, then encrypted records. What
// is encrypted is filler.
func (w *writer) tls(d *directive) ([]message, error) {
	old := d.options["version"] == "1.2"
	if v, ok := d.options["version"]; ok && v != "1.2" && v != "1.3" {
		return nil, fmt.Errorf("version=%s: want 1.2 or 1.3", v)
	}
	send, err := d.number("send", 600, 0, 8<<20)
	if err != nil {
		return nil, err
	}
	recv, err := d.number("recv", 3000, 0, 8<<20)
	if err != nil {
		return nil, err
	}
	seed := sha256.Sum256([]byte(d.args[0] + d.options["sni"]))
	f := &filler{seed: seed}
	hello := clientHello(d, old, f)
	msgs := []message{{data: record(22, hello)}}
	server := record(22, serverHello(d, old, f))
	if old {
		cert, err := certificate(d)
		if err != nil {
			return nil, err
		}
		server = append(server, record(22, handshake(11, vector24(vector24(cert))))...)
		server = append(server, record(22, handshake(12, f.next(300)))...) // ServerKeyExchange
		server = append(server, record(22, handshake(14, nil))...)
		client := record(22, handshake(16, vector8(f.next(32))))
		client = append(client, record(20, []byte{1})...)
		client = append(client, record(22, f.next(40))...)
		finished := append(record(20, []byte{1}), record(22, f.next(40))...)
		msgs = append(msgs, message{server: true, data: server}, message{data: client}, message{server: true, data: finished})
	} else {
		server = append(server, record(20, []byte{1})...)
		server = append(server, record(23, f.next(2400))...) // extensions, certificate, Finished
		client := append(record(20, []byte{1}), record(23, f.next(58))...)
		msgs = append(msgs, message{server: true, data: server}, message{data: client})
	}
	if send > 0 {
		msgs = append(msgs, message{data: opaque(f, send)})
	}
	if recv > 0 {
		msgs = append(msgs, message{server: true, data: opaque(f, recv)})
	}
	return msgs, nil
}

// filler makes bytes that look random.
type filler struct {
	seed [32]byte
}

func (f *filler) next(n int) []byte {
	var out []byte
	for len(out) < n {
		f.seed = sha256.Sum256(f.seed[:])
		out = append(out, f.seed[:]...)
	}
	return out[:n]
}

// opaque returns n bytes as application data records.
func opaque(f *filler, n int) []byte {
	var out []byte
	for ; n > 0; n -= 16384 {
		out = append(out, record(23, f.next(min(n, 16384)))...)
	}
	return out
}

func clientHello(d *directive, old bool, f *filler) []byte { return clientHelloWith(d, old, f, nil) }

// clientHelloWith appends further extensions to those of a browser.
func clientHelloWith(d *directive, old bool, f *filler, more []byte) []byte {
	b := append([]byte{3, 3}, f.next(32)...)
	b = append(b, vector8(f.next(32))...)
	suites := []byte{0x13, 0x01, 0x13, 0x02, 0x13, 0x03, 0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30, 0xcc, 0xa9, 0xcc, 0xa8, 0x00, 0x9c}
	if old {
		suites = suites[6:]
	}
	b = append(b, vector16(suites)...)
	b = append(b, 1, 0)
	var e []byte
	sni := d.options["sni"]
	if outer := d.options["ech"]; outer != "" {
		sni = outer
	}
	if sni != "" {
		e = appendExtension(e, 0, vector16(append([]byte{0}, vector16([]byte(sni))...)))
	}
	e = appendExtension(e, 23, nil)                                      // extended_master_secret
	e = appendExtension(e, 0xff01, []byte{0})                            // renegotiation_info
	e = appendExtension(e, 10, vector16([]byte{0, 29, 0, 23, 0, 24}))    // supported_groups
	e = appendExtension(e, 11, vector8([]byte{0}))                       // ec_point_formats
	e = appendExtension(e, 13, vector16([]byte{4, 3, 8, 4, 4, 1, 5, 3})) // signature_algorithms
	if alpn := d.options["alpn"]; alpn != "" {
		var list []byte
		for p := range strings.SplitSeq(alpn, ",") {
			list = append(list, vector8([]byte(p))...)
		}
		e = appendExtension(e, 16, vector16(list))
	}
	if _, ok := d.options["ech"]; ok { // RFC 9849, 5: the outer hello; what it hides is filler
		inner := append([]byte{0, 0, 1, 0, 1, 7}, vector16(f.next(32))...)
		e = appendExtension(e, 0xfe0d, append(inner, vector16(f.next(240))...))
	}
	if !old {
		e = appendExtension(e, 43, vector8([]byte{3, 4, 3, 3}))                              // supported_versions
		e = appendExtension(e, 45, vector8([]byte{1}))                                       // psk_key_exchange_modes
		e = appendExtension(e, 51, vector16(append([]byte{0, 29}, vector16(f.next(32))...))) // key_share
	}
	return handshake(1, append(b, vector16(append(e, more...))...))
}

func serverHello(d *directive, old bool, f *filler) []byte {
	b := append([]byte{3, 3}, f.next(32)...)
	b = append(b, vector8(f.next(32))...)
	var e []byte
	if old {
		b = append(b, 0xc0, 0x2f, 0)
		e = appendExtension(e, 0xff01, []byte{0})
		if alpn := d.options["alpn"]; alpn != "" {
			first, _, _ := strings.Cut(alpn, ",")
			e = appendExtension(e, 16, vector16(vector8([]byte(first))))
		}
	} else {
		b = append(b, 0x13, 0x01, 0)
		e = appendExtension(e, 43, []byte{3, 4})
		e = appendExtension(e, 51, append([]byte{0, 29}, vector16(f.next(32))...))
	}
	return handshake(2, append(b, vector16(e)...))
}

func appendExtension(b []byte, kind uint16, data []byte) []byte {
	return append(binary.BigEndian.AppendUint16(b, kind), vector16(data)...)
}

func vector8(b []byte) []byte  { return append([]byte{byte(len(b))}, b...) }
func vector16(b []byte) []byte { return append([]byte{byte(len(b) >> 8), byte(len(b))}, b...) }
func vector24(b []byte) []byte {
	return append([]byte{byte(len(b) >> 16), byte(len(b) >> 8), byte(len(b))}, b...)
}

func handshake(kind byte, body []byte) []byte { return append([]byte{kind}, vector24(body)...) }

func record(kind byte, body []byte) []byte { return append([]byte{kind, 3, 3}, vector16(body)...) }

package sensortest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/netip"
)

// Sizes of a QUIC connection's packets (RFC 9000, 14.1) and the salt of version 1 (RFC 9001, 5.2).
const (
	initialSize = 1200
	shortSize   = 1200
	quicSalt    = "\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a"
)

// quic writes a connection: the client's Initial packet with its ClientHello, encrypted as RFC 9001 says; a Handshake
// packet of the server and 1-RTT packets both ways, whose contents are filler.
func (w *writer) quic(d *directive, c, s netip.AddrPort) error {
	send, err := d.number("send", 600, 0, 8<<20)
	if err != nil {
		return err
	}
	recv, err := d.number("recv", 3000, 0, 8<<20)
	if err != nil {
		return err
	}
	if _, ok := d.options["alpn"]; !ok {
		d.options["alpn"] = "h3"
	}
	f := &filler{seed: sha256.Sum256([]byte(d.args[0] + d.options["sni"] + c.String()))}
	dcid, scid := f.next(8), f.next(8)
	hello := clientHelloWith(d, false, f, appendExtension(nil, 57, []byte{4, 4, 0x80, 0x10, 0, 0}))
	packet, err := initialPacket(dcid, nil, hello)
	if err != nil {
		return err
	}
	w.udp(c, s, false, packet)
	long := append([]byte{0xe3, 0, 0, 0, 1, 0, byte(len(scid))}, scid...) // Handshake
	long = append(binary.BigEndian.AppendUint16(long, 0x4000|1100), f.next(1100)...)
	w.udp(c, s, true, long)
	for _, part := range [...]struct {
		n      int
		server bool
	}{{send, false}, {recv, true}} {
		for n := part.n; n > 0; n -= shortSize {
			w.udp(c, s, part.server, append([]byte{0x43}, f.next(max(min(n, shortSize), 40))...))
		}
	}
	return nil
}

// initialPacket seals a client's Initial packet number 0 with one CRYPTO frame, padded.
func initialPacket(dcid, scid, crypto []byte) ([]byte, error) {
	secret, err := hkdf.Extract(sha256.New, dcid, []byte(quicSalt))
	if err != nil {
		return nil, fmt.Errorf("quic: %w", err)
	}
	if secret, err = expandLabel(secret, "client in", 32); err != nil {
		return nil, err
	}
	var keys [3][]byte
	for i, label := range [...]string{"quic key", "quic iv", "quic hp"} {
		n := 16
		if i == 1 {
			n = 12
		}
		if keys[i], err = expandLabel(secret, label, n); err != nil {
			return nil, err
		}
	}
	block, err := aes.NewCipher(keys[0])
	if err != nil {
		return nil, fmt.Errorf("quic: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("quic: %w", err)
	}
	protect, err := aes.NewCipher(keys[2])
	if err != nil {
		return nil, fmt.Errorf("quic: %w", err)
	}
	plain := append([]byte{6, 0}, binary.BigEndian.AppendUint16(nil, 0x4000|uint16(len(crypto)))...)
	plain = append(plain, crypto...)
	const around = 7 + 8 + 1 + 2 + 1 + 16 // header with connection IDs of 8 and 0 bytes, and the tag
	if n := initialSize - around - len(plain); n > 0 {
		plain = append(plain, make([]byte, n)...)
	}
	head := append([]byte{0xc0, 0, 0, 0, 1, byte(len(dcid))}, dcid...)
	head = append(append(head, byte(len(scid))), scid...)
	head = append(head, 0) // no token
	head = binary.BigEndian.AppendUint16(head, 0x4000|uint16(1+len(plain)+aead.Overhead()))
	at := len(head)
	head = append(head, 0) // packet number 0 in one byte
	packet := aead.Seal(head, keys[1], plain, head)
	var mask [16]byte
	protect.Encrypt(mask[:], packet[at+4:at+20])
	packet[0] ^= mask[0] & 0x0f
	packet[at] ^= mask[1]
	return packet, nil
}

// expandLabel is HKDF-Expand-Label with an empty context (RFC 8446, 7.1).
func expandLabel(secret []byte, label string, n int) ([]byte, error) {
	info := append(binary.BigEndian.AppendUint16(nil, uint16(n)), vector8([]byte("tls13 "+label))...)
	out, err := hkdf.Expand(sha256.New, secret, string(append(info, 0)), n)
	if err != nil {
		return nil, fmt.Errorf("quic: %w", err)
	}
	return out, nil
}

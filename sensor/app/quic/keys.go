package quic

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"

	"khien/sensor"
)

// Sizes of AEAD_AES_128_GCM and of the header protection that goes with it (RFC 9001, 5.3 and 5.4.3).
const (
	keyLen    = 16
	ivLen     = 12
	tagLen    = 16
	sampleLen = 16
	secretLen = 32
)

// keys open the Initial packets of one direction.
type keys struct {
	aead   cipher.AEAD
	header cipher.Block
	iv     [ivLen]byte
}

// initialKeys makes the keys of both directions from the client's first destination connection ID (RFC 9001, 5.2).
func initialKeys(version uint32, dcid []byte) (k [2]*keys, err error) {
	initial, err := hkdf.Extract(sha256.New, dcid, []byte(salt(version)))
	if err != nil {
		return k, fmt.Errorf("quic: initial secret: %w", err)
	}
	for dir, label := range [2]string{sensor.ToServer: "client in", sensor.ToClient: "server in"} {
		secret, err := expand(initial, label, secretLen)
		if err != nil {
			return k, err
		}
		if k[dir], err = newKeys(version, secret); err != nil {
			return k, err
		}
	}
	return k, nil
}

func newKeys(version uint32, secret []byte) (*keys, error) {
	prefix := "quic "
	if version == version2 {
		prefix = "quicv2 "
	}
	var parts [3][]byte
	for i, p := range [...]struct {
		label string
		n     int
	}{{"key", keyLen}, {"iv", ivLen}, {"hp", keyLen}} {
		var err error
		if parts[i], err = expand(secret, prefix+p.label, p.n); err != nil {
			return nil, err
		}
	}
	block, err := aes.NewCipher(parts[0])
	if err != nil {
		return nil, fmt.Errorf("quic: packet key: %w", err)
	}
	k := &keys{}
	copy(k.iv[:], parts[1])
	if k.aead, err = cipher.NewGCM(block); err != nil {
		return nil, fmt.Errorf("quic: packet cipher: %w", err)
	}
	if k.header, err = aes.NewCipher(parts[2]); err != nil {
		return nil, fmt.Errorf("quic: header key: %w", err)
	}
	return k, nil
}

// expand is HKDF-Expand-Label with an empty context (RFC 8446, 7.1).
func expand(secret []byte, label string, n int) ([]byte, error) {
	info := append([]byte{byte(n >> 8), byte(n), byte(len("tls13 ") + len(label))}, "tls13 "+label...)
	out, err := hkdf.Expand(sha256.New, secret, string(append(info, 0)), n)
	if err != nil {
		return nil, fmt.Errorf("quic: secret %q: %w", label, err)
	}
	return out, nil
}

// open undoes header protection and decrypts a packet (RFC 9001, 5.3 and 5.4). packet is the whole packet, pnAt the place
// of its packet number and next the number that is expected. The plaintext is appended to dst; scratch is for the header.
func (k *keys) open(dst, scratch, packet []byte, pnAt int, next uint64) (plain, head []byte, number uint64, ok bool) {
	if len(packet) < pnAt+4+sampleLen {
		return dst, scratch, 0, false
	}
	var mask [sampleLen]byte
	k.header.Encrypt(mask[:], packet[pnAt+4:pnAt+4+sampleLen])
	first := packet[0] ^ mask[0]&0x0f
	n := int(first&3) + 1
	head = append(scratch[:0], packet[:pnAt+n]...)
	head[0] = first
	var low uint64
	for i := range n {
		head[pnAt+i] ^= mask[1+i]
		low = low<<8 | uint64(head[pnAt+i])
	}
	number = fullNumber(next, low, n)
	nonce := k.iv
	for i := range 8 {
		nonce[ivLen-1-i] ^= byte(number >> (8 * i))
	}
	plain, err := k.aead.Open(dst, nonce[:], packet[pnAt+n:], head)
	return plain, head, number, err == nil
}

// fullNumber completes a packet number of which n bytes were sent (RFC 9000, A.3).
func fullNumber(next, low uint64, n int) uint64 {
	window := uint64(1) << (8 * n)
	number := next&^(window-1) | low
	switch {
	case number+window/2 <= next:
		return number + window
	case number > next+window/2 && number >= window:
		return number - window
	}
	return number
}

package tls

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"hash"

	"golang.org/x/crypto/chacha20poly1305"
)

// suite is a cipher suite that can be decrypted.
type suite struct {
	key      int // bytes
	fixed    int // bytes of the nonce that the keys give; the rest stands in the record
	hash     func() hash.Hash
	chacha   bool
	version3 bool // of TLS 1.3
}

// suiteOf returns a suite by its number (IANA); false for those whose records are not sealed with an AEAD that is known.
func suiteOf(id uint16) (suite, bool) {
	switch id {
	case 0x1301:
		return suite{16, 12, sha256.New, false, true}, true
	case 0x1302:
		return suite{32, 12, sha512.New384, false, true}, true
	case 0x1303:
		return suite{32, 12, sha256.New, true, true}, true
	case 0x009c, 0x009e, 0xc02b, 0xc02f: // AES_128_GCM with RSA, DHE-RSA, ECDHE-ECDSA, ECDHE-RSA
		return suite{16, 4, sha256.New, false, false}, true
	case 0x009d, 0x009f, 0xc02c, 0xc030: // AES_256_GCM with the same
		return suite{32, 4, sha512.New384, false, false}, true
	case 0xcca8, 0xcca9, 0xccaa: // CHACHA20_POLY1305 (RFC 7905)
		return suite{32, 12, sha256.New, true, false}, true
	}
	return suite{}, false
}

// opener opens the records of one direction.
type opener struct {
	aead  cipher.AEAD
	iv    []byte // suite.fixed bytes
	seq   uint64
	nonce [12]byte
	head  [13]byte
}

func (s suite) opener(key, iv []byte) (*opener, error) {
	var a cipher.AEAD
	var err error
	if s.chacha {
		a, err = chacha20poly1305.New(key)
	} else {
		var block cipher.Block
		if block, err = aes.NewCipher(key); err == nil {
			a, err = cipher.NewGCM(block)
		}
	}
	return &opener{aead: a, iv: iv}, err
}

// openers12 makes the keys of both directions of TLS 1.2 (RFC 5246, 6.3).
func (s suite) openers12(master, client, server []byte) (out [2]*opener, err error) {
	block := prf(s.hash, master, "key expansion", append(append([]byte(nil), server...), client...), 2*(s.key+s.fixed))
	keys, ivs := block[:2*s.key], block[2*s.key:]
	for d := range out {
		if out[d], err = s.opener(keys[d*s.key:(d+1)*s.key], ivs[d*s.fixed:(d+1)*s.fixed]); err != nil {
			return out, err
		}
	}
	return out, nil
}

// opener13 makes the keys of a traffic secret (RFC 8446, 7.3).
func (s suite) opener13(secret []byte) (*opener, error) {
	key, err := s.expand(secret, "key", s.key)
	if err != nil {
		return nil, err
	}
	iv, err := s.expand(secret, "iv", s.fixed)
	if err != nil {
		return nil, err
	}
	return s.opener(key, iv)
}

// expand is HKDF-Expand-Label with an empty context (RFC 8446, 7.1).
func (s suite) expand(secret []byte, label string, n int) ([]byte, error) {
	info := append([]byte{byte(n >> 8), byte(n), byte(len("tls13 ") + len(label))}, "tls13 "+label...)
	return hkdf.Expand(s.hash, secret, string(append(info, 0)), n)
}

// prf is the pseudo-random function of TLS 1.2 (RFC 5246, 5).
func prf(h func() hash.Hash, secret []byte, label string, seed []byte, n int) []byte {
	seed = append([]byte(label), seed...)
	sum := func(parts ...[]byte) []byte {
		m := hmac.New(h, secret)
		for _, p := range parts {
			m.Write(p)
		}
		return m.Sum(nil)
	}
	var out []byte
	for a := sum(seed); len(out) < n; a = sum(a) {
		out = append(out, sum(a, seed)...)
	}
	return out[:n]
}

var errSealed = errors.New("tls: the record does not open with the keys that there are")

// open decrypts a record in place. head is its header.
func (o *opener) open(head [headerLen]byte, body []byte, version3 bool) ([]byte, error) {
	nonce, aad := o.nonce[:], append(o.head[:0], head[:]...)
	explicit := 12 - len(o.iv)
	if len(body) < explicit+o.aead.Overhead() {
		return nil, errSealed
	}
	copy(nonce, o.iv)
	if explicit > 0 {
		copy(nonce[len(o.iv):], body[:explicit])
		body = body[explicit:]
	} else {
		clear(nonce[:4])
		binary.BigEndian.PutUint64(nonce[4:], o.seq)
		for i, b := range o.iv {
			nonce[i] ^= b
		}
	}
	if !version3 { // RFC 5246, 6.2.3.3: sequence number, type, version, length of the plaintext
		aad = binary.BigEndian.AppendUint64(o.head[:0], o.seq)
		aad = append(aad, head[0], head[1], head[2])
		aad = binary.BigEndian.AppendUint16(aad, uint16(len(body)-o.aead.Overhead()))
	}
	plain, err := o.aead.Open(body[:0], nonce, body, aad)
	if err != nil {
		return nil, errSealed
	}
	o.seq++
	return plain, nil
}

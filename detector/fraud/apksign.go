package fraud

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// Blocks of the APK signing block (source.android.com, "APK Signature Scheme v2" and "v3").
const (
	signV2  = 0x7109871a
	signV3  = 0xf05368c0
	signV31 = 0x1b93ad61
)

const (
	signMagic = "APK Sig Block 42"
	maxPairs  = 64
	maxCerts  = 8
)

// signingCerts returns the SHA-256 of the certificates of the first signer, as v2 or v3 of the scheme has them, and whether
// there is a signing block at all.
func signingCerts(apk []byte) (certs []string, signed bool) {
	dir, ok := centralDirectory(apk)
	if !ok || dir < 24 || string(apk[dir-16:dir]) != signMagic {
		return nil, false
	}
	size := binary.LittleEndian.Uint64(apk[dir-24:])
	if size < 24 || size > uint64(dir-8) {
		return nil, false
	}
	b := apk[uint64(dir)-size : dir-24] // pairs, behind the first copy of the size
	for range maxPairs {
		if len(b) < 12 {
			break
		}
		n := binary.LittleEndian.Uint64(b)
		if n < 4 || n > uint64(len(b)-8) {
			break
		}
		id := binary.LittleEndian.Uint32(b[8:])
		value := b[12 : 8+n]
		b = b[8+n:]
		if id == signV2 || id == signV3 || id == signV31 {
			signed = true
			if c := certificates(value); c != nil {
				return c, true
			}
		}
	}
	return nil, signed
}

// centralDirectory returns the offset of the ZIP's central directory.
func centralDirectory(b []byte) (int, bool) {
	tail := b[max(0, len(b)-22-0xffff):]
	i := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if i < 0 || len(tail)-i < 22 {
		return 0, false
	}
	off := uint64(binary.LittleEndian.Uint32(tail[i+16:]))
	if off > uint64(len(b)-len(tail)+i) {
		return 0, false
	}
	return int(off), true
}

// certificates walks the length-prefixed sequences: signers, signer, signed data, digests, certificates.
func certificates(v []byte) []string {
	signers, _, ok := prefixed(v)
	if !ok {
		return nil
	}
	signer, _, ok := prefixed(signers)
	if !ok {
		return nil
	}
	data, _, ok := prefixed(signer)
	if !ok {
		return nil
	}
	_, rest, ok := prefixed(data) // digests
	if !ok {
		return nil
	}
	list, _, ok := prefixed(rest)
	if !ok {
		return nil
	}
	var out []string
	for len(list) > 0 && len(out) < maxCerts {
		cert, after, ok := prefixed(list)
		if !ok {
			break
		}
		sum := sha256.Sum256(cert)
		out = append(out, hex.EncodeToString(sum[:]))
		list = after
	}
	return out
}

// prefixed splits off what a four-byte length stands before.
func prefixed(b []byte) (value, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := uint64(binary.LittleEndian.Uint32(b))
	if n > uint64(len(b)-4) {
		return nil, nil, false
	}
	return b[4 : 4+n], b[4+n:], true
}

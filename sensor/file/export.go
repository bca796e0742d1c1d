package file

import (
	"archive/zip"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"time"
)

// Sizes of AE-2 with AES-256.
const (
	aesKey    = 32
	aesSalt   = 16
	aesCheck  = 2  // of the password
	aesTag    = 10 // HMAC-SHA1-80
	aesRounds = 1000
)

// Encrypt writes data, of a size that is known, as the only member of a zip that is encrypted with AES-256, so that nothing on
// its way opens it by mistake. Samples customarily have the password "infected"; an empty one is refused.
//
// The format is WinZip's AE-2 (winzip.com, "AES Encryption Information"), which 7-Zip, libarchive and pyzipper read.
func Encrypt(w io.Writer, name string, data io.Reader, size int64, at time.Time, password string) error {
	if password == "" {
		return fmt.Errorf("file: encrypt %s: the password is empty", name)
	}
	h := &zip.FileHeader{Name: name, Method: 99, Flags: 1, CreatorVersion: 51, ReaderVersion: 51, Modified: at,
		CompressedSize64: uint64(aesSalt + aesCheck + size + aesTag), UncompressedSize64: uint64(size)}
	h.Extra = binary.LittleEndian.AppendUint16(h.Extra, 0x9901)
	h.Extra = binary.LittleEndian.AppendUint16(h.Extra, 7)
	h.Extra = append(h.Extra, 2, 0, 'A', 'E', 3, 0, 0) // AE-2, AES-256, stored; its CRC is 0, since it would tell the content
	z := zip.NewWriter(w)
	out, err := z.CreateRaw(h)
	if err != nil {
		return err
	}
	salt := make([]byte, aesSalt)
	rand.Read(salt) // never fails
	keys, err := pbkdf2.Key(sha1.New, password, salt, aesRounds, 2*aesKey+aesCheck)
	if err != nil {
		return err
	}
	block, err := aes.NewCipher(keys[:aesKey])
	if err != nil {
		return err
	}
	if _, err := out.Write(append(salt, keys[2*aesKey:]...)); err != nil {
		return err
	}
	seal := &sealer{w: out, block: block, tag: hmac.New(sha1.New, keys[aesKey:2*aesKey])}
	n, err := io.Copy(seal, data)
	if err == nil && n != size {
		err = fmt.Errorf("%d bytes of %d", n, size)
	}
	if err == nil {
		_, err = out.Write(seal.tag.Sum(nil)[:aesTag])
	}
	if err != nil {
		return err
	}
	return z.Close()
}

// sealer encrypts with a counter that, unlike that of crypto/cipher, is little endian and begins at 1.
type sealer struct {
	w     io.Writer
	block cipher.Block
	tag   hash.Hash
	count uint64
	key   [aes.BlockSize]byte // what is left of the key stream lies at its end
	left  int
	buf   []byte
}

func (s *sealer) Write(p []byte) (int, error) {
	s.buf = append(s.buf[:0], p...)
	for i := range s.buf {
		if s.left == 0 {
			s.count++
			var counter [aes.BlockSize]byte
			binary.LittleEndian.PutUint64(counter[:], s.count)
			s.block.Encrypt(s.key[:], counter[:])
			s.left = aes.BlockSize
		}
		s.buf[i] ^= s.key[aes.BlockSize-s.left]
		s.left--
	}
	s.tag.Write(s.buf)
	return s.w.Write(s.buf)
}

package file

import (
	"archive/zip"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// deriveByHand is PBKDF2 (RFC 8018, 5.2) with HMAC-SHA1 as the RFC words it.
func deriveByHand(password, salt []byte, rounds, n int) (out []byte) {
	for i := uint32(1); len(out) < n; i++ {
		h := hmac.New(sha1.New, password)
		h.Write(binary.BigEndian.AppendUint32(slices.Clone(salt), i))
		u := h.Sum(nil)
		t := slices.Clone(u)
		for range rounds - 1 {
			h.Reset()
			h.Write(u)
			u = h.Sum(nil)
			for j := range t {
				t[j] ^= u[j]
			}
		}
		out = append(out, t...)
	}
	return out[:n]
}

func TestEncrypt(t *testing.T) {
	s := openStore(t, StoreConfig{Dir: t.TempDir()})
	k := s.Keeper(KeepAll)
	data := bytes.Repeat([]byte("MZ evil "), 10_001)
	transfer(New(Config{}), k, data, 3, -1, true)
	s.Close()
	sha := shaOf(data)
	var b bytes.Buffer
	kept, err := s.Open(sha)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	if err := Encrypt(&b, sha, kept, int64(len(data)), time.Unix(1_800_000_000, 0), "infected"); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b.Bytes(), []byte("evil")) {
		t.Error("it is not encrypted")
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil || len(z.File) != 1 {
		t.Fatal(err)
	}
	m := z.File[0]
	if m.Name != sha || m.Method != 99 || m.Flags&1 == 0 || m.CRC32 != 0 || m.UncompressedSize64 != uint64(len(data)) {
		t.Errorf("%+v", m.FileHeader)
	}
	raw, err := m.OpenRaw()
	if err != nil {
		t.Fatal(err)
	}
	packed, err := io.ReadAll(raw)
	if err != nil {
		t.Fatal(err)
	}
	keys := deriveByHand([]byte("infected"), packed[:16], 1000, 66)
	body, tag := packed[18:len(packed)-10], packed[len(packed)-10:]
	h := hmac.New(sha1.New, keys[32:64])
	h.Write(body)
	if !bytes.Equal(packed[16:18], keys[64:]) || !bytes.Equal(h.Sum(nil)[:10], tag) {
		t.Error("the password's check or the tag is wrong")
	}
	// A counter that is little endian is had from one that is big endian block by block.
	block, err := aes.NewCipher(keys[:32])
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(body))
	for i := 0; i < len(body); i += 16 {
		var iv [16]byte
		binary.LittleEndian.PutUint64(iv[:], uint64(i/16+1))
		end := min(i+16, len(body))
		cipher.NewCTR(block, iv[:]).XORKeyStream(got[i:end], body[i:end])
	}
	if !bytes.Equal(got, data) {
		t.Error("it does not decrypt to the file")
	}
	if err := Encrypt(io.Discard, sha, bytes.NewReader(data), int64(len(data)), time.Time{}, ""); err == nil {
		t.Error("an empty password")
	}
	if err := Encrypt(io.Discard, sha, bytes.NewReader(data[1:]), int64(len(data)), time.Time{}, "infected"); err == nil {
		t.Error("a file that is shorter than it was")
	}
	if _, err := s.Open(shaOf(nil)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	byOthers(t, b.Bytes(), sha, data)
}

// byOthers decrypts with pyzipper, which deploy/setup test has put into deploy/.deps.
func byOthers(t *testing.T, archive []byte, sha string, data []byte) {
	t.Run("pyzipper", func(t *testing.T) {
		installed, err := filepath.Abs("../../deploy/.deps/python")
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("PYTHONPATH", installed)
		if exec.Command("python3", "-c", "import pyzipper").Run() != nil {
			t.Skip("another reader of encrypted zips is asked where there is one: run deploy/setup test")
		}
		name := filepath.Join(t.TempDir(), "x.zip")
		if err := os.WriteFile(name, archive, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := exec.Command("python3", "-c", `import pyzipper,sys
sys.stdout.buffer.write(pyzipper.AESZipFile(sys.argv[1]).read(sys.argv[2],pwd=b"infected"))`, name, sha).Output()
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes, want %d: %v", len(got), len(data), err)
		}
	})
}

package release

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"khien/detector/wholefile"
)

// PartBytes is how large the parts are in which a pack travels: servers of NATS take a megabyte unless told otherwise.
const PartBytes = 512 << 10

// headMax bounds a signed head.
const headMax = 4 << 10

// Head names a version.
type Head struct {
	Number    uint64    `json:"number"` // greater than that of every version before
	SHA256    string    `json:"sha256"` // of the pack
	Size      int       `json:"size"`   // of the pack
	Made      time.Time `json:"made"`
	NoDefault bool      `json:"no_default_rules,omitempty"` // without the rules that the program brings along
	SkipBad   bool      `json:"skip_bad_rules,omitempty"`   // load the rest when a rule cannot be loaded
}

// Parts is in how many parts the pack travels.
func (h *Head) Parts() int { return (h.Size + PartBytes - 1) / PartBytes }

// Short is the hash as people see it.
func (h *Head) Short() string { return h.SHA256[:min(8, len(h.SHA256))] }

// Matches reports whether a pack is the one that the head names.
func (h *Head) Matches(packed []byte) bool {
	return len(packed) == h.Size && hashOf(packed) == h.SHA256
}

func hashOf(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// signed is a head as it travels.
type signed struct {
	Head      []byte `json:"head"`
	Signature []byte `json:"signature"`
}

// domain stands before what is signed, so that a signature of something else is never one of a version.
const domain = "khien release 1\n"

// Sign returns the signed head of a pack. It sets hash and size.
func Sign(key ed25519.PrivateKey, h Head, packed []byte) ([]byte, error) {
	h.SHA256, h.Size = hashOf(packed), len(packed)
	text, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("release: %w", err)
	}
	b, err := json.Marshal(signed{text, ed25519.Sign(key, append([]byte(domain), text...))})
	if err != nil {
		return nil, fmt.Errorf("release: %w", err)
	}
	return b, nil
}

// ErrForeign is given for what the key's owner has not signed.
var ErrForeign = errors.New("release: the version is not signed by the core that this sensor belongs to")

// Open returns a head when the key's owner has signed it.
func Open(key ed25519.PublicKey, b []byte) (Head, error) {
	var s signed
	if len(b) > headMax || json.Unmarshal(b, &s) != nil || len(key) != ed25519.PublicKeySize ||
		!ed25519.Verify(key, append([]byte(domain), s.Head...), s.Signature) {
		return Head{}, ErrForeign
	}
	var h Head
	if err := json.Unmarshal(s.Head, &h); err != nil {
		return Head{}, fmt.Errorf("release: head: %w", err)
	}
	if sum, err := hex.DecodeString(h.SHA256); err != nil || len(sum) != sha256.Size || h.Number == 0 || h.Size < 1 || h.Size > packedMax {
		return Head{}, fmt.Errorf("release: the head of version %d makes no sense", h.Number)
	}
	return h, nil
}

const keyName = "release.key"

// Key reads the key that signs the versions of a core from its folder, and makes it first when there is none.
func Key(dir string) (ed25519.PrivateKey, error) {
	name := filepath.Join(dir, keyName)
	err := os.MkdirAll(dir, 0o700)
	var text []byte
	if err == nil {
		text, err = wholefile.Once(name, 0o600, makeKey)
	}
	if err != nil {
		return nil, fmt.Errorf("release: key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("release: %s holds no key", name)
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("release: %s: %w", name, err)
	}
	key, ok := k.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("release: %s holds another kind of key", name)
	}
	return key, nil
}

func makeKey() ([]byte, error) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), err
}

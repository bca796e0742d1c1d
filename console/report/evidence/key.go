package evidence

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"aead.dev/minisign"
	"filippo.io/age"

	"khien/detector/wholefile"
)

// Names of the files of the signing key in a folder.
const (
	keyName    = "signing.key"
	PublicName = "signing.pub"
)

// OpenKey returns the signing key in a folder and makes one when there is none. The file is readable by its owner alone and
// not encrypted: a program signs, and minisign's key derivation takes 13 s and 1 GB. The public key beside it is what others
// need.
func OpenKey(dir string) (minisign.PrivateKey, error) {
	var key minisign.PrivateKey
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return key, fmt.Errorf("evidence: signing key: %w", err)
	}
	name := filepath.Join(dir, keyName)
	text, err := wholefile.Once(name, 0o600, newKey)
	switch {
	case err == nil && minisign.IsEncrypted(text):
		err = errors.New("it is encrypted; take the password off with minisign -C -W -s FILE")
	case err == nil:
		err = key.UnmarshalText(text)
	}
	if err != nil {
		return key, fmt.Errorf("evidence: signing key %s: %w", name, err)
	}
	return key, publish(dir, key)
}

func newKey() ([]byte, error) {
	_, key, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	text, err := key.MarshalText()
	return append(text, '\n'), err
}

// publish writes the public key of a key beside it.
func publish(dir string, key minisign.PrivateKey) error {
	public, ok := key.Public().(minisign.PublicKey)
	if !ok {
		panic("BUG: a minisign key without its public part")
	}
	text, err := public.MarshalText()
	if err != nil {
		return fmt.Errorf("evidence: signing key: %w", err)
	}
	return WriteOnce(filepath.Join(dir, PublicName), append(text, '\n'), 0o644)
}

// ReadPublic returns a public key from its text or from a file that holds it.
func ReadPublic(s string) (minisign.PublicKey, error) {
	var key minisign.PublicKey
	if key.UnmarshalText([]byte(s)) == nil {
		return key, nil
	}
	key, err := minisign.PublicKeyFromFile(s)
	if err != nil {
		return key, fmt.Errorf("evidence: %.80q is neither a minisign public key nor a file with one: %w", s, err)
	}
	return key, nil
}

// Seal encrypts a pack to recipients ("age1…"): nobody else reads it.
func Seal(w io.Writer, r io.Reader, recipients []string) error {
	var to []age.Recipient
	for _, s := range recipients {
		k, err := age.ParseX25519Recipient(s)
		if err != nil {
			return fmt.Errorf("evidence: seal: %.80q: %w", s, err)
		}
		to = append(to, k)
	}
	if len(to) == 0 {
		return errors.New("evidence: seal: for whom?")
	}
	enc, err := age.Encrypt(w, to...)
	if err == nil {
		_, err = io.Copy(enc, r)
	}
	if err == nil {
		err = enc.Close()
	}
	if err != nil {
		return fmt.Errorf("evidence: seal: %w", err)
	}
	return nil
}

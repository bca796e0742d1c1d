package evidence

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"aead.dev/minisign"
)

// Changed says which file of a pack is not what was signed.
type Changed struct {
	File string
	Why  string
}

func (e *Changed) Error() string { return fmt.Sprintf("evidence: %s: %s", e.File, e.Why) }

// Verified is what a good pack holds.
type Verified struct {
	Manifest Manifest
	Hash     string // of the manifest
	Signed   string // trusted comment of the signature
	Stamped  time.Time
}

// Verify checks a pack against a public key: the signature, every file, and that not one byte of the archive is another
// than the program would write. Roots are the authorities whose time stamps count; nil checks a stamp's own signature only.
func Verify(name string, key minisign.PublicKey, roots *x509.CertPool) (*Verified, error) {
	z, err := zip.OpenReader(name)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("evidence: %w", err)
		}
		return nil, &Changed{name, "is not a readable pack: " + err.Error()}
	}
	defer z.Close()
	files := map[string]*zip.File{}
	for _, f := range z.File {
		if files[f.Name] != nil {
			return nil, &Changed{f.Name, "is there twice"}
		}
		files[f.Name] = f
	}
	v, err := verifyManifest(files, key)
	if err != nil {
		return nil, err
	}
	text, err := content(files, ManifestName)
	if err != nil {
		return nil, err
	}
	if v.Stamped, err = verifyStamp(files, text, key, roots); err != nil {
		return nil, err
	}
	order := []string{ManifestName, SignatureName}
	if files[StampName] != nil {
		order = append(order, StampName, StampSigned)
	}
	for _, it := range v.Manifest.Items {
		if err := verifyItem(files[it.Path], it); err != nil {
			return nil, err
		}
		order = append(order, it.Path)
	}
	for f := range files {
		if !contains(order, f) {
			return nil, &Changed{f, "is in the archive and not in the manifest"}
		}
	}
	if err := sameArchive(name, files, order); err != nil {
		return nil, err
	}
	return v, nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// content returns one of the pack's own small files.
func content(files map[string]*zip.File, name string) ([]byte, error) {
	f := files[name]
	if f == nil {
		return nil, &Changed{name, "is missing"}
	}
	r, err := f.Open()
	if err != nil {
		return nil, &Changed{name, err.Error()}
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, manifestMax+1))
	if err != nil {
		return nil, &Changed{name, "cannot be read: " + err.Error()}
	}
	if len(b) > manifestMax {
		return nil, &Changed{name, fmt.Sprintf("is longer than %d bytes", manifestMax)}
	}
	return b, nil
}

func verifyManifest(files map[string]*zip.File, key minisign.PublicKey) (*Verified, error) {
	text, err := content(files, ManifestName)
	if err != nil {
		return nil, err
	}
	sig, err := content(files, SignatureName)
	if err != nil {
		return nil, err
	}
	v := &Verified{Hash: Hash(text)}
	if v.Signed, err = verifySignature(SignatureName, text, sig, key); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &v.Manifest); err != nil {
		return nil, &Changed{ManifestName, err.Error()}
	}
	if err := v.Manifest.validate(); err != nil {
		return nil, &Changed{ManifestName, err.Error()}
	}
	again, err := Canonical(v.Manifest)
	if err != nil || !bytes.Equal(again, text) {
		return nil, &Changed{ManifestName, "is not in canonical form"}
	}
	if root, err := merkle(v.Manifest.Items); err != nil || root != v.Manifest.Root {
		return nil, &Changed{ManifestName, "the Merkle root does not belong to its items"}
	}
	return v, nil
}

// verifySignature checks a signature and that it is written as the program writes it: what is not signed in it is fixed.
func verifySignature(name string, message, sig []byte, key minisign.PublicKey) (comment string, err error) {
	var s minisign.Signature
	if err := s.UnmarshalText(sig); err != nil {
		return "", &Changed{name, err.Error()}
	}
	again, err := s.MarshalText()
	if err != nil || !bytes.Equal(bytes.TrimSpace(again), bytes.TrimSpace(sig)) || s.UntrustedComment != signedNote {
		return "", &Changed{name, "is not written as a signature of this program"}
	}
	if s.KeyID != key.ID() {
		return "", &Changed{name, fmt.Sprintf("was made with the key %X, not with %X", s.KeyID, key.ID())}
	}
	if !minisign.Verify(key, message, sig) {
		signed := name[:len(name)-len(".minisig")]
		return "", &Changed{signed, "does not fit its signature " + name + ": one of both was changed"}
	}
	return s.TrustedComment, nil
}

func verifyItem(f *zip.File, it Item) error {
	if f == nil {
		return &Changed{it.Path, "is missing"}
	}
	r, err := f.Open()
	if err != nil {
		return &Changed{it.Path, err.Error()}
	}
	defer r.Close()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(r, it.Size+1))
	switch {
	case err != nil && !errors.Is(err, zip.ErrChecksum):
		return &Changed{it.Path, "cannot be read: " + err.Error()}
	case n != it.Size:
		return &Changed{it.Path, fmt.Sprintf("has not the %d bytes that were signed", it.Size)}
	case hex.EncodeToString(h.Sum(nil)) != it.SHA256:
		return &Changed{it.Path, "its SHA-256 is not the one that was signed"}
	case err != nil:
		return &Changed{it.Path, "its entry in the archive was changed: " + err.Error()}
	}
	return nil
}

// sameArchive writes the archive again from what was verified and compares: names, dates, comments and padding are nobody's
// place to put something.
func sameArchive(name string, files map[string]*zip.File, order []string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	defer f.Close()
	c := &comparer{want: f}
	a := archive{z: zip.NewWriter(c)}
	for _, n := range order {
		c.file = n
		r, err := files[n].Open()
		if err != nil {
			return &Changed{n, err.Error()}
		}
		a.add(n, r)
		r.Close()
	}
	if a.err == nil {
		c.file = "the archive's directory"
		a.err = a.z.Close()
	}
	var ch *Changed
	if errors.As(a.err, &ch) {
		return ch
	}
	if a.err != nil {
		return &Changed{name, a.err.Error()}
	}
	if n, err := f.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		return &Changed{name, "goes on behind its end"}
	}
	return nil
}

// comparer takes what should be written and compares it with what is there.
type comparer struct {
	want io.Reader
	file string
	at   int64
	buf  []byte
}

func (c *comparer) Write(p []byte) (int, error) {
	if len(c.buf) < len(p) {
		c.buf = make([]byte, len(p))
	}
	b := c.buf[:len(p)]
	n, err := io.ReadFull(c.want, b)
	for i := range n {
		if b[i] != p[i] {
			return 0, &Changed{c.file, fmt.Sprintf("its entry in the archive was changed at byte %d", c.at+int64(i))}
		}
	}
	if err != nil {
		return 0, &Changed{c.file, fmt.Sprintf("the archive ends at byte %d", c.at+int64(n))}
	}
	c.at += int64(n)
	return n, nil
}

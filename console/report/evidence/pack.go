package evidence

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"time"

	"aead.dev/minisign"
)

// File is a file for a pack: Item says what it is, Name where it lies, or Data holds it.
type File struct {
	Item
	Name string
	Data []byte
}

// Stamper asks a time-stamping authority; it returns nothing when none is at hand.
type Stamper func(manifest []byte) ([]byte, error)

// Made is a pack that was written.
type Made struct {
	Manifest Manifest
	Hash     string // SHA-256 of the canonical manifest: what the next pack of the case names
	Stamped  bool
}

// signedNote is the untrusted comment of signatures: it is not signed, so that it is fixed.
const signedNote = "khien evidence pack"

// Write writes a pack. Sizes and hashes of the items are computed here. The bytes depend on the arguments alone; a stamp is
// put in when stamp gives one.
func Write(w io.Writer, m Manifest, files []File, key minisign.PrivateKey, stamp Stamper) (Made, error) {
	byPath := map[string]*File{}
	m.Items = nil
	for i := range files {
		f := &files[i]
		if err := f.measure(); err != nil {
			return Made{}, err
		}
		f.Acquired = f.Acquired.UTC()
		m.Items = append(m.Items, f.Item)
		byPath[f.Path] = f
	}
	m.Created = m.Created.UTC()
	if err := m.prepare(); err != nil {
		return Made{}, err
	}
	text, err := Canonical(m)
	if err != nil {
		return Made{}, err
	}
	a := archive{z: zip.NewWriter(w)}
	comment := fmt.Sprintf("case:%s\tcreated:%s", m.Case, m.Created.Format(time.RFC3339))
	a.add(ManifestName, bytes.NewReader(text))
	a.add(SignatureName, bytes.NewReader(minisign.SignWithComments(key, text, comment, signedNote)))
	made := Made{Manifest: m, Hash: Hash(text)}
	if stamp != nil {
		tsr, err := stamp(text)
		if err != nil {
			return Made{}, err
		}
		if made.Stamped = len(tsr) > 0; made.Stamped {
			a.add(StampName, bytes.NewReader(tsr))
			a.add(StampSigned, bytes.NewReader(minisign.SignWithComments(key, tsr, comment, signedNote)))
		}
	}
	for _, it := range m.Items {
		a.file(byPath[it.Path])
	}
	if a.err == nil {
		a.err = a.z.Close()
	}
	if a.err != nil {
		return Made{}, fmt.Errorf("evidence: write: %w", a.err)
	}
	return made, nil
}

// Hash returns the SHA-256 of bytes in hexadecimal.
func Hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// HashFile returns the SHA-256 of a file in hexadecimal.
func HashFile(name string) (string, error) {
	f := File{Name: name}
	if err := f.measure(); err != nil {
		return "", err
	}
	return f.SHA256, nil
}

func (f *File) open() (io.ReadCloser, error) {
	if f.Data != nil || f.Name == "" {
		return io.NopCloser(bytes.NewReader(f.Data)), nil
	}
	r, err := os.Open(f.Name)
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	return r, nil
}

func (f *File) measure() error {
	r, err := f.open()
	if err != nil {
		return err
	}
	defer r.Close()
	h := sha256.New()
	f.Size, err = io.Copy(h, io.LimitReader(r, ItemMax+1))
	if err != nil {
		return fmt.Errorf("evidence: read %s: %w", f.Path, err)
	}
	f.SHA256 = hex.EncodeToString(h.Sum(nil))
	return nil
}

// archive writes a ZIP archive whose bytes depend on its contents alone: nothing is compressed, nothing is dated.
type archive struct {
	z   *zip.Writer
	err error
}

func (a *archive) add(name string, r io.Reader) {
	if a.err != nil {
		return
	}
	w, err := a.z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err == nil {
		_, err = io.Copy(w, r)
	}
	a.err = err
}

// file adds an item and makes sure that it is still what was measured.
func (a *archive) file(f *File) {
	if a.err != nil {
		return
	}
	r, err := f.open()
	if err != nil {
		a.err = err
		return
	}
	defer r.Close()
	h := sha256.New()
	a.add(f.Path, io.TeeReader(io.LimitReader(r, ItemMax+1), h))
	if got := hex.EncodeToString(h.Sum(nil)); a.err == nil && got != f.SHA256 {
		a.err = fmt.Errorf("%s changed while the pack was written", f.Path)
	}
}

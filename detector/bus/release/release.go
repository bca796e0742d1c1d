// Package release makes, signs and keeps the versions of what sensors detect with: rules, YARA rules, brands and lists of
// names. In go files; out comes a pack of their bytes and a head that names it by number and hash and is signed with a key
// that never leaves the core. Whoever holds the public key alone decides with Open and Unpack whether a version is one of
// the core's: the bus in between is not trusted. All values are copies.
package release

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Kinds are the folders of a version; a file is in one of them, and none below.
func Kinds() []string {
	return []string{Rules, YARA, Brands, Blocklists, NewNames, Places, Reputation, Categories}
}

// What a file of a version is.
const (
	Rules      = "rules" // and the lists that rules name
	YARA       = "yara"
	Brands     = "brands"
	Blocklists = "blocklists"
	NewNames   = "new-names"
	Places     = "places"
	Reputation = "reputation"
	Categories = "reputation-categories" // one file
)

// Limits of a version.
const (
	filesMax  = 4096
	bytesMax  = 256 << 20 // of all files
	packedMax = 64 << 20
)

// File is one file of a version. Name is its kind, "/" and a plain name.
type File struct {
	Name string
	Data []byte
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// checkName says what is wrong with a file's name. What passes stays within the folder that it is unpacked to.
func checkName(name string) error {
	kind, rest, _ := strings.Cut(name, "/")
	if !slices.Contains(Kinds(), kind) || !plainName.MatchString(rest) {
		return fmt.Errorf("release: %q is no name for a file: want %s and a name of letters, digits, '.', '_' and '-'", name, strings.Join(Kinds(), "/, ")+"/")
	}
	return nil
}

// Pack returns files as one pack. The same files make the same pack, in any order.
func Pack(files []File) ([]byte, error) {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	if len(files) > filesMax {
		return nil, fmt.Errorf("release: %d files, at most %d", len(files), filesMax)
	}
	var out bytes.Buffer
	z, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
	if err != nil {
		return nil, fmt.Errorf("release: %w", err)
	}
	t := tar.NewWriter(z)
	sum := 0
	for i, f := range files {
		if err := checkName(f.Name); err != nil {
			return nil, err
		}
		if i > 0 && files[i-1].Name == f.Name {
			return nil, fmt.Errorf("release: two files are called %s", f.Name)
		}
		if sum += len(f.Data); sum > bytesMax {
			return nil, fmt.Errorf("release: more than %d MiB of files", bytesMax>>20)
		}
		if err := t.WriteHeader(&tar.Header{Name: f.Name, Mode: 0o600, Size: int64(len(f.Data)), Format: tar.FormatUSTAR}); err != nil {
			return nil, fmt.Errorf("release: %s: %w", f.Name, err)
		}
		if _, err := t.Write(f.Data); err != nil {
			return nil, fmt.Errorf("release: %s: %w", f.Name, err)
		}
	}
	if err := errors.Join(t.Close(), z.Close()); err != nil {
		return nil, fmt.Errorf("release: %w", err)
	}
	if out.Len() > packedMax {
		return nil, fmt.Errorf("release: %d MiB packed, at most %d", out.Len()>>20, packedMax>>20)
	}
	return out.Bytes(), nil
}

// Unpack returns the files of a pack, in the order of their names.
func Unpack(packed []byte) ([]File, error) {
	if len(packed) > packedMax {
		return nil, fmt.Errorf("release: %d MiB packed, at most %d", len(packed)>>20, packedMax>>20)
	}
	// The window is bounded by the memory limit; how much comes out is counted below.
	z, err := zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(bytesMax))
	if err != nil {
		return nil, fmt.Errorf("release: %w", err)
	}
	defer z.Close()
	t := tar.NewReader(z)
	var out []File
	left := int64(bytesMax)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("release: entry %d: %w", len(out)+1, err)
		}
		switch {
		case len(out) == filesMax:
			return nil, fmt.Errorf("release: more than %d files", filesMax)
		case h.Typeflag != tar.TypeReg:
			return nil, fmt.Errorf("release: %q is no ordinary file", h.Name)
		case len(out) > 0 && h.Name <= out[len(out)-1].Name:
			return nil, fmt.Errorf("release: %q stands behind %q", h.Name, out[len(out)-1].Name)
		}
		if err := checkName(h.Name); err != nil {
			return nil, err
		}
		if left -= max(h.Size, 0); left < 0 {
			return nil, fmt.Errorf("release: more than %d MiB of files", bytesMax>>20)
		}
		data, err := io.ReadAll(t)
		if err != nil {
			return nil, fmt.Errorf("release: %s: %w", h.Name, err)
		}
		out = append(out, File{h.Name, data})
	}
}

package update

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"

	"khien/detector/signature"
)

// Limits of a source that is unpacked.
const (
	unpackedMax = 512 << 20 // bytes of all files
	filesMax    = 20_000    // entries of an archive
)

// plain takes the source as one rule file.
func plain(name string, data []byte) ([]signature.File, error) {
	if len(data) > unpackedMax || bytes.IndexByte(data, 0) >= 0 {
		return nil, fmt.Errorf("%s: neither a tar.gz archive nor a rule file", name)
	}
	return []signature.File{{Name: filepath.Base(name), Data: data}}, nil
}

// unpack returns the rule files of a source: a tar archive compressed with gzip, or rules as they stand, compressed
// or not.
func unpack(name string, data []byte) ([]signature.File, error) {
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return plain(name, data)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer z.Close()
	var out []signature.File
	left := int64(unpackedMax)
	r := bufio.NewReader(z)
	if head, _ := r.Peek(262); len(head) < 262 || string(head[257:]) != "ustar" {
		text, err := io.ReadAll(io.LimitReader(r, unpackedMax+1))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return plain(strings.TrimSuffix(name, ".gz"), text)
	}
	t := tar.NewReader(r)
	for n := 0; ; n++ {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: entry %d: %w", name, n+1, err)
		}
		if n == filesMax {
			return nil, fmt.Errorf("%s: more than %d files", name, filesMax)
		}
		if left -= max(h.Size, 0); left < 0 {
			return nil, fmt.Errorf("%s: more than %d MiB unpacked", name, unpackedMax>>20)
		}
		if h.Typeflag != tar.TypeReg || !strings.HasSuffix(h.Name, ".rules") || path.Base(h.Name) == "deleted.rules" {
			continue
		}
		text, err := io.ReadAll(io.LimitReader(t, h.Size))
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", name, h.Name, err)
		}
		out = append(out, signature.File{Name: path.Base(h.Name), Data: text})
	}
	// An archive that was cut off behind its last file is noticed by its checksum alone.
	if _, err := io.Copy(io.Discard, io.LimitReader(r, unpackedMax)); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: no .rules file in it", name)
	}
	return out, nil
}

package update

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestArchiveStaysInside: whatever an archive of rules calls its files, and whatever its links point to, nothing is written
// but below the folder of the data.
func TestArchiveStaysInside(t *testing.T) {
	dir := t.TempDir()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	a := tar.NewWriter(z)
	add := func(h tar.Header, text string) {
		h.Mode, h.Size = 0o644, int64(len(text))
		if err := a.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	rule := func(sid string) string {
		return `alert udp any any -> any any (msg:"x"; content:"x"; sid:` + sid + ";)\n"
	}
	add(tar.Header{Name: "rules/away.rules", Typeflag: tar.TypeSymlink, Linkname: dir}, "")
	add(tar.Header{Name: "rules/away.rules/through.rules", Typeflag: tar.TypeReg}, rule("1"))
	add(tar.Header{Name: "../../../up.rules", Typeflag: tar.TypeReg}, rule("2"))
	add(tar.Header{Name: filepath.Join(dir, "absolute.rules"), Typeflag: tar.TypeReg}, rule("3"))
	add(tar.Header{Name: "a/../../dots.rules", Typeflag: tar.TypeReg}, rule("4"))
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	archive, data := filepath.Join(dir, "evil.tar.gz"), filepath.Join(dir, "a", "b", "data")
	if err := os.WriteFile(archive, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	o := Options{Data: data, Timeout: 10 * time.Second, Source: archive}
	var errs bytes.Buffer
	if _, err := Run(o, &errs); err != nil {
		t.Fatal(err, errs.String())
	}
	kept := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path == archive {
			return err
		}
		if !strings.HasPrefix(path, data+string(filepath.Separator)) || d.Type()&fs.ModeSymlink != 0 {
			t.Errorf("%s was written", path)
		}
		kept++
		return nil
	})
	if err != nil || kept == 0 {
		t.Errorf("%d files are kept, %v", kept, err)
	}
}

package release

import (
	"archive/tar"
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func pack(t testing.TB, files ...File) []byte {
	t.Helper()
	b, err := Pack(files)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rawPack packs entries that Pack would refuse.
func rawPack(t testing.TB, entries ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := zstd.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	zeros := make([]byte, 1<<20)
	for _, h := range entries {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		for left := h.Size; left > 0; left -= int64(len(zeros)) {
			if _, err := w.Write(zeros[:min(left, int64(len(zeros)))]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func newKey(t testing.TB) (ed25519.PrivateKey, ed25519.PublicKey) {
	t.Helper()
	dir := t.TempDir()
	key, err := Key(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Key(dir); err != nil || !again.Equal(key) {
		t.Fatalf("the key is another one when it is read again: %v", err)
	}
	return key, key.Public().(ed25519.PublicKey)
}

func version(t testing.TB, key ed25519.PrivateKey, number uint64, packed []byte) ([]byte, Head) {
	t.Helper()
	b, err := Sign(key, Head{Number: number}, packed)
	if err != nil {
		t.Fatal(err)
	}
	h, err := Open(key.Public().(ed25519.PublicKey), b)
	if err != nil {
		t.Fatal(err)
	}
	return b, h
}

func TestPackIsTheSameInAnyOrder(t *testing.T) {
	files := []File{{"yara/b.yar", []byte("b")}, {"rules/a.rules", []byte("a")}, {"rules/empty", nil}}
	b := pack(t, files...)
	slices.Reverse(files)
	if !bytes.Equal(b, pack(t, files...)) {
		t.Error("the order of files changes the pack")
	}
	got, err := Unpack(b)
	if err != nil || len(got) != 3 || got[0].Name != "rules/a.rules" || string(got[2].Data) != "b" {
		t.Errorf("%v, %v", got, err)
	}
	for name, want := range map[string]string{"rules/../x": "no name", "x.rules": "no name", "rules/": "no name", "rules/.x": "no name", "other/x": "no name",
		"rules/" + strings.Repeat("x", 129): "no name"} {
		if _, err := Pack([]File{{name, nil}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
	}
	if _, err := Pack([]File{{"rules/a", nil}, {"rules/a", nil}}); err == nil {
		t.Error("two files of one name are packed")
	}
	if _, err := Pack(make([]File, filesMax+1)); err == nil {
		t.Error("too many files are packed")
	}
}

func TestUnpackRefuses(t *testing.T) {
	f := func(want string, entries ...tar.Header) {
		t.Helper()
		if files, err := Unpack(rawPack(t, entries...)); err == nil || files != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d files, %v; want %q", len(files), err, want)
		}
	}
	f("no name", tar.Header{Name: "rules/../../etc/passwd"})
	f("no name", tar.Header{Name: "/etc/passwd"})
	f("no name", tar.Header{Name: "rules/a/b"})
	f("no ordinary file", tar.Header{Name: "rules/a", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"})
	f("stands behind", tar.Header{Name: "rules/b"}, tar.Header{Name: "rules/a"})
	f("stands behind", tar.Header{Name: "rules/a"}, tar.Header{Name: "rules/a"})
	f("MiB of files", tar.Header{Name: "rules/a", Size: bytesMax + 1})
	var many []tar.Header
	for i := range filesMax + 1 {
		many = append(many, tar.Header{Name: "rules/" + fmt.Sprintf("%04d", i)})
	}
	f("more than 4096 files", many...)
	if _, err := Unpack([]byte("x")); err == nil {
		t.Error("nonsense is unpacked")
	}
	if _, err := Unpack(make([]byte, packedMax+1)); err == nil {
		t.Error("a pack that is too large is unpacked")
	}
}

func TestOnlyTheOwnersVersionsAreOpened(t *testing.T) {
	key, pub := newKey(t)
	_, other := newKey(t)
	p := pack(t, File{"rules/a.rules", []byte("a")})
	b, h := version(t, key, 7, p)
	if h.Number != 7 || !h.Matches(p) || h.Matches(p[1:]) || h.Parts() != 1 {
		t.Errorf("%+v", h)
	}
	if _, err := Open(other, b); !errors.Is(err, ErrForeign) {
		t.Errorf("another's key opens it: %v", err)
	}
	for i := range b {
		c := bytes.Clone(b)
		c[i] ^= 1
		if got, err := Open(pub, c); err == nil && got != h {
			t.Fatalf("byte %d changed: %+v", i, got)
		}
	}
	for _, bad := range []Head{{Number: 0}, {Number: 1}} {
		b, err := Sign(key, bad, nil) // no pack, or no number
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(pub, b); err == nil {
			t.Errorf("%+v is opened", bad)
		}
	}
	if _, err := Open(pub, make([]byte, headMax+1)); !errors.Is(err, ErrForeign) {
		t.Error(err)
	}
}

func TestFolderNeverGoesBack(t *testing.T) {
	key, pub := newKey(t)
	dir := filepath.Join(t.TempDir(), "release")
	open := func(key ed25519.PublicKey) *Folder {
		t.Helper()
		f, err := OpenFolder(dir, key)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := open(pub)
	if _, d, err := f.Last(); d != "" || err != nil {
		t.Fatalf("%q, %v", d, err)
	}
	load := func(f *Folder, number uint64, text string, good bool) error {
		t.Helper()
		p := pack(t, File{"rules/a.rules", []byte(text)})
		b, h := version(t, key, number, p)
		d, err := f.Begin(h, p)
		if err != nil {
			return err
		}
		if got, err := os.ReadFile(filepath.Join(d, "rules", "a.rules")); err != nil || string(got) != text {
			t.Errorf("%q, %v", got, err)
		}
		if good {
			return f.Keep(h, b, p)
		}
		return f.Refuse(h)
	}
	f2 := func(err error, want string) {
		t.Helper()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	f2(load(f, 2, "two", true), "")
	f2(load(f, 1, "one", true), "older than version 2")
	f2(load(f, 2, "other", true), "two versions")
	f2(load(f, 5, "five", false), "")
	f2(load(f, 4, "four", true), "older than version 5")
	for _, half := range []string{".good5577006791947779410", ".state.json8674665223082153551", ".new-1234"} { // the power was cut
		if err := os.WriteFile(filepath.Join(dir, half), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f = open(pub) // a restart
	if h, d, err := f.Last(); err != nil || h.Number != 2 || !strings.Contains(d, "2-") {
		t.Fatalf("%+v, %q, %v", h, d, err)
	}
	f2(load(f, 4, "four", true), "older than version 5")
	p := pack(t, File{"rules/a.rules", []byte("five")})
	b, h := version(t, key, 5, p)
	for range triesMax { // the sensor dies each time
		f = open(pub)
		if _, err := f.Begin(h, p); err != nil {
			t.Fatal(err)
		}
	}
	f = open(pub)
	f2(f.Offer(h), "not tried again")
	f2(load(f, 6, "six", true), "")
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("%v, %v; want good, state.json and one version", entries, err)
	}
	if err := os.WriteFile(filepath.Join(dir, goodName), slices.Concat(b, []byte("\n"), p[:len(p)-1]), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := open(pub).Last(); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged version is used: %v", err)
	}
	_, other := newKey(t)
	if _, _, err := open(other).Last(); !errors.Is(err, ErrForeign) {
		t.Errorf("a version of another core is used: %v", err)
	}
}

// FuzzUnpack: what is unpacked is packed to something that unpacks to the same, and every name stays within the folder.
func FuzzUnpack(f *testing.F) {
	f.Add([]byte{})
	f.Add(rawPack(f, tar.Header{Name: "rules/a", Size: 3}, tar.Header{Name: "yara/b"}))
	z, err := zstd.NewWriter(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		files, err := Unpack(z.EncodeAll(b, nil))
		if err != nil {
			if files != nil {
				t.Fatal("files and an error")
			}
			return
		}
		for _, file := range files {
			if !filepath.IsLocal(file.Name) || strings.Count(file.Name, "/") != 1 {
				t.Fatalf("%q", file.Name)
			}
		}
		again, err := Unpack(pack(t, files...))
		if err != nil || len(again) != len(files) {
			t.Fatalf("%d files of %d, %v", len(again), len(files), err)
		}
		for i := range files {
			if again[i].Name != files[i].Name || !bytes.Equal(again[i].Data, files[i].Data) {
				t.Fatalf("%q", files[i].Name)
			}
		}
	})
}

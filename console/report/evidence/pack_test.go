package evidence

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aead.dev/minisign"
	"filippo.io/age"
)

var at = time.Date(2026, 11, 29, 1, 2, 3, 0, time.UTC)

func testKey(t *testing.T) (minisign.PrivateKey, minisign.PublicKey, string) {
	t.Helper()
	dir := t.TempDir()
	key, err := OpenKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	public, err := ReadPublic(filepath.Join(dir, PublicName))
	if err != nil {
		t.Fatal(err)
	}
	return key, public, filepath.Join(dir, PublicName)
}

func testFiles() []File {
	return []File{
		{Item: Item{Path: "packets/case.pcapng", Type: "pcap", MediaType: "application/x-pcapng", Acquired: at}, Data: []byte("packets")},
		{Item: Item{Path: "findings.json", Type: "log", MediaType: "application/json", Acquired: at, Description: "Các phát hiện"}, Data: []byte("{}")},
		{Item: Item{Path: "empty.txt", Type: "log", Acquired: at}},
	}
}

func testPack(t *testing.T, key minisign.PrivateKey, stamp Stamper) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := Write(&b, Manifest{Case: "SC-2026-0001", Created: at, Tool: "khien test", TLP: "amber"}, testFiles(), key, stamp); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func save(t *testing.T, b []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "pack.zip")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestVerify(t *testing.T) {
	key, public, _ := testKey(t)
	pack := testPack(t, key, nil)
	if !bytes.Equal(pack, testPack(t, key, nil)) {
		t.Error("two runs gave different bytes")
	}
	v, err := Verify(save(t, pack), public, nil)
	if err != nil || len(v.Manifest.Items) != 3 || v.Manifest.Items[0].Path != "empty.txt" || !strings.HasPrefix(v.Signed, "case:SC-2026-0001") {
		t.Fatalf("%+v, %v", v, err)
	}
	_, other, _ := testKey(t)
	if _, err := Verify(save(t, pack), other, nil); err == nil || !strings.Contains(err.Error(), "was made with the key") {
		t.Errorf("another key: %v", err)
	}
}

// TestEveryByte: whichever byte of a pack is changed, Verify fails and names a file.
func TestEveryByte(t *testing.T) {
	key, public, _ := testKey(t)
	pack := testPack(t, key, nil)
	name := save(t, pack)
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i := range pack {
		if _, err := f.WriteAt([]byte{pack[i] ^ 1}, int64(i)); err != nil {
			t.Fatal(err)
		}
		_, err := Verify(name, public, nil)
		var c *Changed
		if !errors.As(err, &c) || c.File == "" {
			t.Errorf("byte %d of %d: %v", i, len(pack), err)
		}
		if _, err := f.WriteAt(pack[i:i+1], int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	named := func(what, want string, changed []byte) {
		t.Helper()
		_, err := Verify(save(t, changed), public, nil)
		var c *Changed
		if !errors.As(err, &c) || !strings.Contains(c.File, want) {
			t.Errorf("%s: %v, want a name with %q", what, err, want)
		}
	}
	named("content", "packets/case.pcapng", bytes.Replace(pack, []byte("packets\x50\x4b"), []byte("pockets\x50\x4b"), 1))
	named("cut off", "pack.zip", pack[:len(pack)-1])
	named("added", "pack.zip", append(bytes.Clone(pack), 0))
}

// TestMinisign: the program that Debian ships takes the signature.
func TestMinisign(t *testing.T) {
	if _, err := exec.LookPath("minisign"); err != nil {
		t.Skip("minisign is missing: apt-get install minisign")
	}
	key, _, publicFile := testKey(t)
	dir := t.TempDir()
	unzip(t, testPack(t, key, nil), dir)
	cmd := exec.Command("minisign", "-V", "-p", publicFile, "-m", ManifestName)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "case:SC-2026-0001") {
		t.Errorf("%s %v", out, err)
	}
	manifest := filepath.Join(dir, ManifestName)
	b, err := os.ReadFile(manifest)
	if err == nil {
		err = os.WriteFile(manifest, append(b, ' '), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command("minisign", "-V", "-p", publicFile, "-m", ManifestName)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Errorf("a changed manifest passed: %s", out)
	}
}

func TestKey(t *testing.T) {
	dir := t.TempDir()
	a, err := OpenKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := OpenKey(dir); err != nil || !a.Equal(b) {
		t.Errorf("another key on the second opening: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, keyName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	// A crash between the two files leaves the private one: the public one comes back.
	if err := os.Remove(filepath.Join(dir, PublicName)); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKey(dir); err != nil {
		t.Error(err)
	}
	if public, err := ReadPublic(filepath.Join(dir, PublicName)); err != nil || public.ID() != a.ID() {
		t.Errorf("the public key: %v", err)
	}
}

func TestSeal(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Seal(&b, strings.NewReader("pack"), []string{id.Recipient().String()}); err != nil || bytes.Contains(b.Bytes(), []byte("pack")) {
		t.Fatal(err)
	}
	r, err := age.Decrypt(&b, id)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := out.ReadFrom(r); err != nil || out.String() != "pack" {
		t.Errorf("%q, %v", out.String(), err)
	}
	for _, to := range [][]string{nil, {"age1nonsense"}} {
		if err := Seal(&b, strings.NewReader("x"), to); err == nil {
			t.Errorf("%v was taken", to)
		}
	}
}

func TestRefused(t *testing.T) {
	key, _, _ := testKey(t)
	f := func(want string, files ...File) {
		t.Helper()
		if _, err := Write(&bytes.Buffer{}, Manifest{Case: "c", Created: at}, files, key, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for _, p := range []string{"", "/etc/passwd", "../x", "a/../b", "a\\b", "tệp", ManifestName, strings.Repeat("a", pathMax+1)} {
		f("path", File{Item: Item{Path: p}})
	}
	f("twice", File{Item: Item{Path: "a"}}, File{Item: Item{Path: "a"}})
	f("at most", make([]File, ItemsMax+1)...)
	f("no such file", File{Item: Item{Path: "a"}, Name: "/nowhere/at/all"})
}

func TestCanonical(t *testing.T) {
	f := func(v any, want string) {
		t.Helper()
		if got, err := Canonical(v); err != nil || string(got) != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
	f(map[string]any{"b": 1, "a": []any{true, nil, "x"}}, `{"a":[true,null,"x"],"b":1}`)
	f("€$\x0f\nA'B\"\\\"/<é", `"€$\u000f\nA'B\"\\\"/<é"`) // of RFC 8785, 3.2.3
	f(map[string]int{"\U0001f600": 1, "\ufb33": 2}, "{\"\U0001f600\":1,\"\ufb33\":2}")
	for _, v := range []any{1.5, 1 << 53} {
		if _, err := Canonical(v); err == nil {
			t.Errorf("%v was taken", v)
		}
	}
}

func TestWriteOnce(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a")
	if err := WriteOnce(name, []byte("one"), 0o400); err != nil {
		t.Fatal(err)
	}
	if err := WriteOnce(name, []byte("one"), 0o400); err != nil {
		t.Errorf("the same again: %v", err)
	}
	if err := WriteOnce(name, []byte("two"), 0o400); !errors.Is(err, os.ErrExist) {
		t.Errorf("other bytes: %v", err)
	}
	if b, err := os.ReadFile(name); err != nil || string(b) != "one" {
		t.Errorf("%q, %v", b, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
	o := Objects{filepath.Join(dir, "objects")}
	h, err := o.Put([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := o.Get(h); err != nil || string(b) != "x" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := o.Get("../../etc/passwd"); err == nil {
		t.Error("a path was taken for a hash")
	}
}

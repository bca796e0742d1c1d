package file

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"testing"

	"khien/sensor"
)

func archive(t testing.TB, method uint16, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: files[i], Method: method})
		if err == nil {
			_, err = w.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarball(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		err := w.WriteHeader(&tar.Header{Name: files[i], Size: int64(len(files[i+1])), Mode: 0o644})
		if err == nil {
			_, err = w.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gz(t testing.TB, name string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name = name
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func show(list []sensor.Member, anomalies []string) string {
	var s strings.Builder
	for _, m := range list {
		data := string(m.Data)
		if len(data) > 20 {
			data = fmt.Sprintf("%s...%d", data[:5], len(data))
		}
		fmt.Fprintf(&s, "%s %d %s\n", m.Path, m.Size, data)
	}
	for _, a := range anomalies {
		fmt.Fprintf(&s, "! %s\n", a)
	}
	return s.String()
}

func TestMembers(t *testing.T) {
	long := strings.Repeat("ab", 300)
	f := func(name string, data []byte, complete bool, want string) {
		t.Helper()
		if got := show(NewArchive(ArchiveConfig{}).Members(data, complete)); got != want {
			t.Errorf("%s:\n%swant:\n%s", name, got, want)
		}
	}
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		data := archive(t, method, "AndroidManifest.xml", "x", "classes.dex", long, "empty", "")
		want := "AndroidManifest.xml 1 x\nclasses.dex 600 ababa...600\nempty 0 \n"
		f("zip", data, true, want)
		f("zip, its directory not yet there", data[:bytes.Index(data, []byte("PK\x01\x02"))], false, want)
		f("zip with something in front", append([]byte("PK\x03\x04 stub"), data...), true, want)
	}
	f("tar", tarball(t, "a/b", "one", "c", long), true, "a/b 3 one\nc 600 ababa...600\n")
	f("tar with a long name", tarball(t, strings.Repeat("n", 150), "one"), true, strings.Repeat("n", 150)+" 3 one\n")
	f("gzip", gz(t, "a.txt", []byte("one")), true, "a.txt 3 one\n")
	f("gzip without a name", gz(t, "", []byte("one")), true, "data 3 one\n")
	f("tar in gzip", gz(t, "", tarball(t, "a", "one")), true, "a 3 one\n")
	inner := archive(t, zip.Deflate, "x.exe", "MZ")
	f("zip in zip", archive(t, zip.Store, "in.zip", string(inner)), true,
		fmt.Sprintf("in.zip %d PK\x03\x04\x14...%d\nin.zip/x.exe 2 MZ\n", len(inner), len(inner)))
	f("no archive", []byte("%PDF-1.4"), true, "")
}

func TestMembersLimits(t *testing.T) {
	f := func(name string, c ArchiveConfig, data []byte, anomaly string, most int) {
		t.Helper()
		list, anomalies := NewArchive(c).Members(data, true)
		total := 0
		for _, m := range list {
			total += len(m.Data)
		}
		if !slices.Contains(anomalies, anomaly) || total > most {
			t.Errorf("%s: %d members with %d bytes, anomalies %v; want %s and at most %d bytes", name, len(list), total, anomalies, anomaly, most)
		}
	}
	zeros := strings.Repeat("\x00", 40<<20)
	f("ratio", ArchiveConfig{}, archive(t, zip.Deflate, "bomb", zeros), BombRatio, 0)
	f("ratio in gzip", ArchiveConfig{}, gz(t, "", []byte(zeros)), BombRatio, 0)
	var many []string
	for range 30 {
		many = append(many, "a", strings.Repeat("b", 1000))
	}
	f("members", ArchiveConfig{Members: 20}, archive(t, zip.Deflate, many...), BombMembers, 20000)
	f("total", ArchiveConfig{Total: 10000}, archive(t, zip.Store, many...), BombTotal, 10000)
	nested := archive(t, zip.Deflate, "x", "y")
	for range 5 {
		nested = archive(t, zip.Deflate, "n.zip", string(nested))
	}
	f("depth", ArchiveConfig{}, nested, BombDepth, 10000)
}

// TestMembersOdd reads archives as Android does, which samples make use of to keep others out.
func TestMembersOdd(t *testing.T) {
	data := archive(t, zip.Deflate, "AndroidManifest.xml", strings.Repeat("manifest", 50))
	at := bytes.Index(data, []byte("PK\x01\x02"))
	data[6] |= 1 // "encrypted"
	data[at+8] |= 1
	list, _ := NewArchive(ArchiveConfig{}).Members(data, true)
	if len(list) != 1 || len(list[0].Data) != 400 {
		t.Errorf("falsely encrypted: %s", show(list, nil))
	}
	data = archive(t, zip.Store, "AndroidManifest.xml", "manifest")
	at = bytes.Index(data, []byte("PK\x01\x02"))
	data[at+10] = 99
	list, anomalies := NewArchive(ArchiveConfig{}).Members(data, true)
	if len(list) != 1 || string(list[0].Data) != "manifest" || !slices.Contains(anomalies, Malformed) {
		t.Errorf("unknown method: %s", show(list, anomalies))
	}
}

// FuzzMembers: whatever the bytes, the limits hold, and reading twice gives the same.
func FuzzMembers(f *testing.F) {
	f.Add(archive(f, zip.Deflate, "a", "b", "c", "d"), true)
	f.Add(archive(f, zip.Store, "a", "b", "c.zip", string(archive(f, zip.Deflate, "x", "y"))), false)
	f.Add(tarball(f, "a", "b"), true)
	f.Add(gz(f, "a", tarball(f, "a", "b")), true)
	f.Fuzz(func(t *testing.T, data []byte, complete bool) {
		a := NewArchive(ArchiveConfig{Members: 10, Member: 1000, Total: 3000})
		list, anomalies := a.Members(data, complete)
		total := 0
		for _, m := range list {
			if len(m.Data) > 1000 || len(m.Path) > maxPath || uint64(len(m.Data)) > m.Size {
				t.Fatalf("%d bytes of %d, path of %d", len(m.Data), m.Size, len(m.Path))
			}
			total += len(m.Data)
		}
		if total > 3000 || len(list) > 10 {
			t.Fatalf("%d bytes in %d members", total, len(list))
		}
		if again := show(a.Members(data, complete)); again != show(list, anomalies) {
			t.Fatalf("differs the second time:\n%s", again)
		}
	})
}

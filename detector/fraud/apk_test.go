package fraud

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"testing"
	"unicode/utf16"
)

// binaryXML writes a manifest as aapt does: strings in UTF-16, a start element each.
func binaryXML(pkg, label string, perms []string) []byte {
	var table []string
	ref := func(s string) uint32 {
		for i, x := range table {
			if x == s {
				return uint32(i)
			}
		}
		table = append(table, s)
		return uint32(len(table) - 1)
	}
	le32, le16 := binary.LittleEndian.AppendUint32, binary.LittleEndian.AppendUint16
	element := func(tag, name, value string) []byte {
		b := le16(le16(nil, chunkStartElem), 16)
		b = le32(b, 36+20)
		b = le32(le32(b, 1), 0xffffffff)
		b = le32(le32(b, 0xffffffff), ref(tag))
		b = le16(le16(le16(b, 20), 20), 1)
		b = le16(le16(le16(b, 0), 0), 0)
		b = le32(le32(b, 0xffffffff), ref(name))
		b = le32(b, ref(value))
		return le32(append(le16(b, 8), 0, 3), ref(value))
	}
	var body []byte
	body = append(body, element("manifest", "package", pkg)...)
	body = append(body, element("application", "label", label)...)
	for _, p := range perms {
		body = append(body, element("uses-permission", "name", "android.permission."+p)...)
	}
	var offsets, data []byte
	for _, s := range table {
		offsets = le32(offsets, uint32(len(data)))
		u := utf16.Encode([]rune(s))
		data = le16(data, uint16(len(u)))
		for _, c := range u {
			data = le16(data, c)
		}
		data = le16(data, 0)
	}
	pool := le16(le16(nil, chunkStrings), 28)
	pool = le32(pool, uint32(28+len(offsets)+len(data)))
	pool = le32(le32(pool, uint32(len(table))), 0)
	pool = le32(le32(pool, 0), uint32(28+len(offsets)))
	pool = le32(pool, 0)
	pool = append(append(pool, offsets...), data...)
	out := le16(le16(nil, chunkXML), 8)
	out = le32(out, uint32(8+len(pool)+len(body)))
	return append(append(out, pool...), body...)
}

func testAPK(t testing.TB, pkg, label string, perms ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range []struct {
		name string
		data []byte
	}{{"META-INF/MANIFEST.MF", []byte("Manifest-Version: 1.0\n")}, {"AndroidManifest.xml", binaryXML(pkg, label, perms)}, {"classes.dex", bytes.Repeat([]byte("dex\n035\x00"), 200)}} {
		f, err := w.Create(m.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(m.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sign puts a v2 signing block with one certificate before the central directory.
func sign(t testing.TB, apk, cert []byte) []byte {
	t.Helper()
	le32, le64 := binary.LittleEndian.AppendUint32, binary.LittleEndian.AppendUint64
	pre := func(b []byte) []byte { return append(le32(nil, uint32(len(b))), b...) }
	signedData := append(pre(nil), pre(pre(cert))...)
	value := pre(pre(pre(signedData)))
	pair := append(le32(le64(nil, uint64(4+len(value))), signV2), value...)
	size := uint64(len(pair) + 24)
	block := append(append(le64(nil, size), pair...), le64(nil, size)...)
	block = append(block, signMagic...)
	dir, ok := centralDirectory(apk)
	if !ok {
		t.Fatal("no central directory")
	}
	end := bytes.LastIndex(apk, []byte("PK\x05\x06"))
	out := append(bytes.Clone(apk[:dir]), block...)
	out = append(out, apk[dir:]...)
	binary.LittleEndian.PutUint32(out[end+len(block)+16:], uint32(dir+len(block)))
	return out
}

func TestParseAPK(t *testing.T) {
	apk := testAPK(t, "vn.test.app", "Ngân hàng", "READ_SMS", "BIND_ACCESSIBILITY_SERVICE", "INTERNET")
	a, ok := parseAPK(apk, true)
	if !ok || a.Package != "vn.test.app" || a.Label != "Ngân hàng" || a.Perms != permSMS|permAccessibility || a.Signed || !a.Whole {
		t.Errorf("%v %+v", ok, a)
	}
	// The first bytes alone say the same, but nothing of the signature.
	part, ok := parseAPK(apk[:len(apk)-200], false)
	if !ok || part.Package != a.Package || part.Perms != a.Perms || part.Whole {
		t.Errorf("part: %v %+v", ok, part)
	}
	cert := []byte("certificate")
	sum := sha256.Sum256(cert)
	a, ok = parseAPK(sign(t, apk, cert), true)
	if !ok || !a.Signed || len(a.Certs) != 1 || a.Certs[0] != hex.EncodeToString(sum[:]) {
		t.Errorf("signed: %v %+v", ok, a)
	}
}

func FuzzAPK(f *testing.F) {
	apk := testAPK(f, "vn.test.app", "App", "READ_SMS")
	f.Add(apk, true)
	f.Add(sign(f, apk, []byte("cert")), true)
	f.Add(apk[:300], false)
	f.Fuzz(func(t *testing.T, b []byte, whole bool) {
		a, ok := parseAPK(b, whole)
		if !ok && (a.Package != "" || a.Certs != nil) || ok && a.Package == "" {
			t.Fatalf("%v %+v", ok, a)
		}
		if len(a.Certs) > maxCerts || len(a.Package) > 4*maxString {
			t.Fatalf("limits: %d certificates", len(a.Certs))
		}
		for _, c := range a.Certs {
			if len(c) != 64 {
				t.Fatal(c)
			}
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add(binaryXML("a.b", "L", []string{"READ_SMS"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var one, two app
		if parseManifest(b, &one) != (one.Package != "") {
			t.Fatal("a manifest without a package was taken")
		}
		// What stands behind the manifest changes nothing of what was read.
		parseManifest(append(bytes.Clone(b), 0xff, 0xff, 0xff), &two)
		if one.Package != "" && len(b) >= 8 && two.Package == "" {
			t.Fatal("bytes behind the manifest hide it")
		}
	})
}

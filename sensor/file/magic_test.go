package file

import (
	"strings"
	"testing"
)

func TestType(t *testing.T) {
	f := func(data, want string) {
		t.Helper()
		if got, mime := Type([]byte(data)); got != want || mime == "" {
			t.Errorf("Type(%.20q) = %q (%s), want %q", data, got, mime, want)
		}
	}
	pe := "MZ" + strings.Repeat("\x00", 0x3a) + "\x40\x00\x00\x00" + "PE\x00\x00\x64\x86" + strings.Repeat("\x00", 16) + "\x22\x20" +
		"\x0b\x02" + strings.Repeat("\x00", 66) + "\x02\x00" + strings.Repeat("\x00", 200)
	f("", "empty")
	f(pe, "PE32+ executable (DLL) (GUI) x86-64, for MS Windows")
	f(pe[:0x50], "MS-DOS executable")
	f("MZ", "MS-DOS executable")
	f("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00", "ELF 64-bit LSB executable, x86-64")
	f("%PDF-1.7\n", "PDF document, version 1.7")
	f("\xca\xfe\xba\xbe\x00\x00\x00\x34", "compiled Java class data, version 52.0")
	f("\xca\xfe\xba\xbe\x00\x00\x00\x02", "Mach-O universal binary with 2 architectures")
	f("PK\x03\x04\x14\x00\x08\x00"+strings.Repeat("\x00", 18)+"\x13\x00\x00\x00AndroidManifest.xml", "Android package (APK)")
	f("PK\x03\x04\x14\x00\x08\x00"+strings.Repeat("\x00", 18)+"\x01\x00\x00\x00a", "Zip archive data, at least v2.0 to extract")
	f("dex\n035\x00", "Dalvik dex file version 035")
	f("GIF89a\x01\x00\x02\x00", "GIF image data, version 89a, 1 x 2")
	f(" <!DOCTYPE HTML>\n<p>", "HTML document, ASCII text")
	f("<?xml version='1.0'?><svg/>", "SVG Scalable Vector Graphics image, ASCII text")
	f("#!/bin/sh\nid\n", "POSIX shell script, ASCII text")
	f("var a = function() { document.write(1) }", "JavaScript source, ASCII text")
	f("hello\r\nworld\r\n", "ASCII text, with CRLF line terminators")
	f("khiên\n", "Unicode text, UTF-8 text")
	f("khi\xean\n", "ISO-8859 text")
	f("\xff\xfeh\x00i\x00", "Unicode text, UTF-16, little-endian text, with no line terminators")
	f("\x00\x01\x02", "data")
	f("BMW is a car", "ASCII text, with no line terminators")
	f("BZhello", "ASCII text, with no line terminators")
	f(strings.Repeat("\x00", 257)+"ustar\x0000", "POSIX tar archive")
}

func FuzzType(f *testing.F) {
	for _, s := range signatures {
		f.Add([]byte(strings.Repeat("\x00", s.offset) + s.mark + strings.Repeat("\x01", 64)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		magic, mime := Type(data)
		if magic == "" || !strings.Contains(mime, "/") {
			t.Fatalf("%q %q", magic, mime)
		}
	})
}

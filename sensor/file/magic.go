package file

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

// Media types that several rows share.
const (
	mimeBinary = "application/octet-stream"
	mimeZIP    = "application/zip"
	mimeText   = "text/plain"
)

// signature is a row of the table: mark stands at offset in files of the type. say refines the words where they depend
// on more bytes; it returns "" when the bytes behind the mark show that it is another type after all.
type signature struct {
	offset int
	mark   string
	magic  string
	mime   string
	say    func(data []byte) (magic, mime string)
}

// signatures are looked at from top to bottom, so a mark that begins another stands behind it.
var signatures = [...]signature{
	{0, "MZ", "", "", sayPE},
	{0, "\x7fELF", "", "", sayELF},
	{0, "PK\x03\x04", "", "", sayZIP},
	{0, "PK\x05\x06", "Zip archive data (empty)", mimeZIP, nil},
	{0, "PK00PK\x03\x04", "Zip archive data, multi-volume", mimeZIP, nil},
	{0, "%PDF-", "", "", sayPDF},
	{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "", "", sayOLE},
	{0, "{\\rtf", "Rich Text Format data", "text/rtf", sayRTF},
	{0, "\x1f\x8b", "gzip compressed data", "application/gzip", nil},
	{0, "7z\xbc\xaf\x27\x1c", "7-zip archive data", "application/x-7z-compressed", say7z},
	{0, "Rar!\x1a\x07\x01\x00", "RAR archive data, v5", "application/x-rar", nil},
	{0, "Rar!\x1a\x07\x00", "RAR archive data", "application/x-rar", nil},
	{0, "\xfd7zXZ\x00", "XZ compressed data", "application/x-xz", nil},
	{0, "BZh", "", "", sayBzip2},
	{0, "\x28\xb5\x2f\xfd", "Zstandard compressed data (v0.8+)", "application/zstd", nil},
	{0, "\x04\x22\x4d\x18", "LZ4 compressed data (v1.4+)", "application/x-lz4", nil},
	{0, "\x5d\x00\x00", "", "", sayLZMA},
	{0, "\x1f\x9d", "compress'd data", "application/x-compress", nil},
	{0, "MSCF\x00\x00\x00\x00", "Microsoft Cabinet archive data", "application/vnd.ms-cab-compressed", nil},
	{0, "ISc(", "InstallShield CAB", "application/x-installshield", nil},
	{0, "\x60\xea", "ARJ archive data", "application/x-arj", nil},
	{0, "**ACE**", "ACE archive data", "application/x-ace-compressed", nil},
	{7, "**ACE**", "ACE archive data", "application/x-ace-compressed", nil},
	{0, "ITSF\x03\x00\x00\x00", "MS Windows HtmlHelp Data", "application/vnd.ms-htmlhelp", nil},
	{0, "!<arch>\ndebian-binary", "Debian binary package (format 2.0)", "application/vnd.debian.binary-package", nil},
	{0, "!<arch>\n", "current ar archive", "application/x-archive", nil},
	{0, "\xed\xab\xee\xdb", "RPM v3.0 bin", "application/x-rpm", nil},
	{0, "\x89PNG\r\n\x1a\n", "PNG image data", "image/png", sayPNG},
	{0, "\xff\xd8\xff", "JPEG image data", "image/jpeg", nil},
	{0, "GIF87a", "GIF image data, version 87a", "image/gif", sayGIF},
	{0, "GIF89a", "GIF image data, version 89a", "image/gif", sayGIF},
	{0, "RIFF", "", "", sayRIFF},
	{0, "BM", "", "", sayBMP},
	{0, "\x00\x00\x01\x00", "", "", sayICO},
	{0, "II*\x00", "TIFF image data, little-endian", "image/tiff", nil},
	{0, "MM\x00*", "TIFF image data, big-endian", "image/tiff", nil},
	{0, "\xca\xfe\xba\xbe", "", "", sayCafeBabe},
	{0, "\xfe\xed\xfa\xce", "Mach-O executable", "application/x-mach-binary", nil},
	{0, "\xfe\xed\xfa\xcf", "Mach-O 64-bit executable", "application/x-mach-binary", nil},
	{0, "\xce\xfa\xed\xfe", "Mach-O executable", "application/x-mach-binary", nil},
	{0, "\xcf\xfa\xed\xfe", "Mach-O 64-bit executable", "application/x-mach-binary", nil},
	{0, "dex\n", "", "", sayDEX},
	{0, "dey\n", "Dalvik dex file (optimized for host)", mimeBinary, nil},
	{0, "\x03\x00\x08\x00", "Android binary XML", mimeBinary, nil},
	{0, "FWS", "", "", sayFlash},
	{0, "CWS", "", "", sayFlash},
	{0, "ZWS", "", "", sayFlash},
	{0, "FLV\x01", "Macromedia Flash Video", "video/x-flv", nil},
	{0, "L\x00\x00\x00\x01\x14\x02\x00", "MS Windows shortcut", "application/x-ms-shortcut", nil},
	{0, "SQLite format 3\x00", "SQLite 3.x database", "application/vnd.sqlite3", nil},
	{0, "\x00\x01\x00\x00Standard Jet DB", "Microsoft Access Database", "application/x-msaccess", nil},
	{0, "\x00\x01\x00\x00Standard ACE DB", "Microsoft Access Database", "application/x-msaccess", nil},
	{0, "!BDN", "Microsoft Outlook email folder", "application/vnd.ms-outlook", nil},
	{0, "ID3", "Audio file with ID3", "audio/mpeg", nil},
	{0, "\xff\xfb", "MPEG ADTS, layer III, v1", "audio/mpeg", nil},
	{0, "OggS", "Ogg data", "application/ogg", nil},
	{0, "fLaC", "FLAC audio bitstream data", "audio/flac", nil},
	{0, "\x1aE\xdf\xa3", "Matroska data", "video/x-matroska", nil},
	{4, "ftyp", "", "", sayISOMedia},
	{0, "wOFF", "Web Open Font Format", "font/woff", nil},
	{0, "wOF2", "Web Open Font Format (Version 2)", "font/woff2", nil},
	{0, "\x00\x01\x00\x00\x00", "TrueType Font data", "font/sfnt", nil},
	{0, "OTTO", "OpenType font data", "application/vnd.ms-opentype", nil},
	{0, "\xd4\xc3\xb2\xa1", "pcap capture file, microsecond ts (little-endian)", "application/vnd.tcpdump.pcap", nil},
	{0, "\xa1\xb2\xc3\xd4", "pcap capture file, microsecond ts (big-endian)", "application/vnd.tcpdump.pcap", nil},
	{0, "\x0a\x0d\x0d\x0a", "pcapng capture file", mimeBinary, nil},
	{0, "regf", "MS Windows registry file, NT/2000 or above", mimeBinary, nil},
	{0, "\x00asm", "WebAssembly (wasm) binary module", "application/wasm", nil},
	{0, "AutoIt", "AutoIt script data", mimeBinary, nil},
	{0, "\x80\x02", "", "", sayPickle},
	{257, "ustar\x0000", "POSIX tar archive", "application/x-tar", nil},
	{257, "ustar  \x00", "POSIX tar archive (GNU)", "application/x-tar", nil},
	{0x8001, "CD001", "ISO 9660 CD-ROM filesystem data", "application/x-iso9660-image", nil},
	{0, "xar!", "xar archive", "application/x-xar", nil},
	{0, "vhdxfile", "Microsoft Disk Image eXtended", mimeBinary, nil},
	{0, "conectix", "Microsoft Disk Image, Virtual Server or Virtual PC", mimeBinary, nil},
	{0, "WARC/", "WARC Archive", "application/warc", nil},
	{0, "ITOLITLS", "Microsoft Reader eBook Data", "application/x-ms-reader", nil},
	{0, "\x30\x82", "", "", sayDER},
	{0, "\x95\x04\x22", "PGP Secret Key", "application/pgp-keys", nil},
}

// Type returns the type of a file by its first bytes, in the words of file(1) where we know them, and its media type.
// It never fails: bytes that nothing is known about are "data", and no bytes are "empty".
func Type(data []byte) (magic, mime string) {
	if len(data) == 0 {
		return "empty", "application/x-empty"
	}
	for i := range signatures {
		s := &signatures[i]
		end := s.offset + len(s.mark)
		if len(data) < end || string(data[s.offset:end]) != s.mark {
			continue
		}
		if s.say == nil {
			return s.magic, s.mime
		}
		if magic, mime = s.say(data); magic != "" {
			return magic, mime
		}
		if s.magic != "" {
			return s.magic, s.mime
		}
	}
	return textType(data)
}

func sayPDF(d []byte) (string, string) {
	v := d[5:min(len(d), 8)]
	if len(v) == 3 && isDigit(v[0]) && v[1] == '.' && isDigit(v[2]) {
		return "PDF document, version " + string(v), "application/pdf"
	}
	return "PDF document", "application/pdf"
}

func sayRTF(d []byte) (string, string) {
	if len(d) > 5 && d[5] == '1' {
		return "Rich Text Format data, version 1", "text/rtf"
	}
	return "", ""
}

func say7z(d []byte) (string, string) {
	if len(d) < 8 {
		return "", ""
	}
	return "7-zip archive data, version " + strconv.Itoa(int(d[6])) + "." + strconv.Itoa(int(d[7])), "application/x-7z-compressed"
}

func sayBzip2(d []byte) (string, string) {
	if len(d) < 4 || d[3] < '1' || d[3] > '9' {
		return "", ""
	}
	return "bzip2 compressed data, block size = " + string(d[3]) + "00k", "application/x-bzip2"
}

func sayLZMA(d []byte) (string, string) {
	// Header: properties, dictionary size (a power of two in practice), size or all ones.
	if len(d) < 13 {
		return "", ""
	}
	if dict := binary.LittleEndian.Uint32(d[1:]); dict&(dict-1) != 0 || dict < 1<<12 {
		return "", ""
	}
	return "LZMA compressed data", "application/x-lzma"
}

func sayPNG(d []byte) (string, string) {
	if len(d) < 24 || string(d[12:16]) != "IHDR" {
		return "", ""
	}
	w, h := binary.BigEndian.Uint32(d[16:]), binary.BigEndian.Uint32(d[20:])
	return "PNG image data, " + by(w, h), "image/png"
}

func sayGIF(d []byte) (string, string) {
	if len(d) < 10 {
		return "", ""
	}
	w, h := binary.LittleEndian.Uint16(d[6:]), binary.LittleEndian.Uint16(d[8:])
	return "GIF image data, version " + string(d[3:6]) + ", " + by(uint32(w), uint32(h)), "image/gif"
}

func by(w, h uint32) string {
	return strconv.FormatUint(uint64(w), 10) + " x " + strconv.FormatUint(uint64(h), 10)
}

func sayRIFF(d []byte) (string, string) {
	if len(d) < 12 {
		return "", ""
	}
	switch string(d[8:12]) {
	case "WEBP":
		return "RIFF (little-endian) data, Web/P image", "image/webp"
	case "WAVE":
		return "RIFF (little-endian) data, WAVE audio", "audio/x-wav"
	case "AVI ":
		return "RIFF (little-endian) data, AVI", "video/x-msvideo"
	case "ACON":
		return "RIFF (little-endian) data, animated cursor", "application/x-navi-animation"
	}
	return "RIFF (little-endian) data", mimeBinary
}

func sayBMP(d []byte) (string, string) {
	if len(d) < 26 {
		return "", ""
	}
	switch binary.LittleEndian.Uint32(d[14:]) {
	case 12, 40, 52, 56, 64, 108, 124:
		return "PC bitmap, Windows 3.x format", "image/bmp"
	}
	return "", ""
}

func sayICO(d []byte) (string, string) {
	if len(d) < 22 {
		return "", ""
	}
	n := binary.LittleEndian.Uint16(d[4:])
	if n == 0 || n > 256 || d[9] != 0 {
		return "", ""
	}
	return "MS Windows icon resource - " + strconv.Itoa(int(n)) + plural(int(n), " icon"), "image/vnd.microsoft.icon"
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

func sayFlash(d []byte) (string, string) {
	if len(d) < 8 || d[3] == 0 || d[3] > 60 {
		return "", ""
	}
	how := ""
	if d[0] != 'F' {
		how = " (compressed)"
	}
	return "Macromedia Flash data" + how + ", version " + strconv.Itoa(int(d[3])), "application/vnd.adobe.flash.movie"
}

func sayDEX(d []byte) (string, string) {
	if len(d) < 8 || d[7] != 0 {
		return "", ""
	}
	return "Dalvik dex file version " + string(d[4:7]), mimeBinary
}

func sayCafeBabe(d []byte) (string, string) {
	// Java classes and Mach-O universal binaries share the mark; the latter hold few architectures.
	if len(d) < 8 {
		return "", ""
	}
	n := binary.BigEndian.Uint32(d[4:])
	if n < 20 {
		return "Mach-O universal binary with " + strconv.Itoa(int(n)) + plural(int(n), " architecture"), "application/x-mach-binary"
	}
	return "compiled Java class data, version " + strconv.Itoa(int(n&0xffff)) + "." + strconv.Itoa(int(n>>16)), "application/x-java-applet"
}

func sayISOMedia(d []byte) (string, string) {
	if len(d) < 12 {
		return "ISO Media", "video/mp4"
	}
	switch brand := string(d[8:12]); brand {
	case "M4A ":
		return "ISO Media, Apple iTunes ALAC/AAC-LC (.M4A) Audio", "audio/x-m4a"
	case "qt  ":
		return "ISO Media, Apple QuickTime movie", "video/quicktime"
	case "heic", "heix", "mif1":
		return "ISO Media, HEIF Image", "image/heic"
	case "avif":
		return "ISO Media, AVIF Image", "image/avif"
	}
	return "ISO Media, MP4", "video/mp4"
}

func sayPickle(d []byte) (string, string) {
	if len(d) > 3 && bytes.IndexByte([]byte("c}]q(X"), d[2]) >= 0 && d[len(d)-1] == '.' {
		return "Python pickle, version 2", mimeBinary
	}
	return "", ""
}

func sayDER(d []byte) (string, string) {
	if len(d) >= 6 && d[4] == 0x30 && d[5] == 0x82 {
		return "Certificate, Version=3", "application/pkix-cert"
	}
	return "", ""
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

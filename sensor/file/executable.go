package file

import (
	"bytes"
	"encoding/binary"
)

const mimePE = "application/vnd.microsoft.portable-executable"

// sayPE tells DOS programs from portable executables (Microsoft PE Format, "COFF File Header").
func sayPE(d []byte) (string, string) {
	if len(d) < 0x40 {
		return "MS-DOS executable", "application/x-dosexec"
	}
	at := uint64(binary.LittleEndian.Uint32(d[0x3c:]))
	if at+24 > uint64(len(d)) || string(d[at:at+4]) != "PE\x00\x00" {
		return "MS-DOS executable", "application/x-dosexec"
	}
	pe := d[at:]
	format := "PE32"
	sub := 0
	if len(pe) >= 24+70 {
		if binary.LittleEndian.Uint16(pe[24:]) == 0x20b {
			format = "PE32+"
		}
		sub = int(binary.LittleEndian.Uint16(pe[24+68:]))
	}
	kind := " executable"
	flags := binary.LittleEndian.Uint16(pe[22:])
	if flags&0x2000 != 0 {
		kind = " executable (DLL)"
	}
	switch sub {
	case 1:
		kind += " (native)"
	case 2:
		kind += " (GUI)"
	case 3:
		kind += " (console)"
	}
	machine := ""
	switch binary.LittleEndian.Uint16(pe[4:]) {
	case 0x014c:
		machine = " Intel 80386"
	case 0x8664:
		machine = " x86-64"
	case 0x01c0, 0x01c4:
		machine = " ARMv7 Thumb"
	case 0xaa64:
		machine = " Aarch64"
	}
	net := ""
	dirs := 24 + 96
	if format == "PE32+" {
		dirs = 24 + 112
	}
	if len(pe) >= dirs+15*8 && binary.LittleEndian.Uint32(pe[dirs+14*8:]) != 0 {
		net = " Mono/.Net assembly"
	}
	return format + kind + machine + net + ", for MS Windows", mimePE
}

func sayELF(d []byte) (string, string) {
	if len(d) < 20 {
		return "ELF", mimeBinary
	}
	bits, order := "32-bit", " LSB"
	if d[4] == 2 {
		bits = "64-bit"
	}
	var e binary.ByteOrder = binary.LittleEndian
	if d[5] == 2 {
		order, e = " MSB", binary.BigEndian
	}
	kind, mime := "", mimeBinary
	switch e.Uint16(d[16:]) {
	case 1:
		kind, mime = " relocatable", "application/x-object"
	case 2:
		kind, mime = " executable", "application/x-executable"
	case 3:
		kind, mime = " shared object", "application/x-sharedlib"
	case 4:
		kind, mime = " core file", "application/x-coredump"
	}
	machine := ""
	switch e.Uint16(d[18:]) {
	case 3:
		machine = ", Intel 80386"
	case 8:
		machine = ", MIPS"
	case 20, 21:
		machine = ", PowerPC"
	case 2, 43:
		machine = ", SPARC"
	case 40:
		machine = ", ARM"
	case 42:
		machine = ", Renesas SH"
	case 62:
		machine = ", x86-64"
	case 183:
		machine = ", ARM aarch64"
	case 243:
		machine = ", UCB RISC-V"
	}
	return "ELF " + bits + order + kind + machine, mime
}

// sayOLE tells the programs of compound files apart by the names of their streams, which are UTF-16 in the directory.
func sayOLE(d []byte) (string, string) {
	has := func(name string) bool {
		wide := make([]byte, 0, 64)
		for i := 0; i < len(name); i++ {
			wide = append(wide, name[i], 0)
		}
		return bytes.Contains(d, wide)
	}
	switch {
	case has("WordDocument"):
		return "Composite Document File V2 Document, Microsoft Word", "application/msword"
	case has("Workbook"), has("Book\x00"):
		return "Composite Document File V2 Document, Microsoft Excel", "application/vnd.ms-excel"
	case has("PowerPoint Document"):
		return "Composite Document File V2 Document, Microsoft PowerPoint", "application/vnd.ms-powerpoint"
	case has("__substg1.0_"), has("__nameid_version1.0"):
		return "CDFV2 Microsoft Outlook Message", "application/vnd.ms-outlook"
	}
	return "Composite Document File V2 Document", "application/x-ole-storage"
}

// sayZIP names what is packed as zip by the names of the first members: their order is fixed by convention.
func sayZIP(d []byte) (string, string) {
	first := ""
	if len(d) >= 30 {
		n := int(binary.LittleEndian.Uint16(d[26:]))
		if 30+n <= len(d) {
			first = string(d[30 : 30+n])
		}
	}
	has := func(name string) bool { return bytes.Contains(d, []byte(name)) }
	switch {
	case first == "mimetype" && has("mimetypeapplication/epub+zip"):
		return "EPUB document", "application/epub+zip"
	case first == "mimetype" && has("mimetypeapplication/vnd.oasis.opendocument."):
		return "OpenDocument", "application/vnd.oasis.opendocument"
	case has("AndroidManifest.xml"), has("classes.dex"):
		return "Android package (APK)", "application/vnd.android.package-archive"
	case first == "[Content_Types].xml", first == "_rels/.rels", first == "docProps/":
		switch {
		case has("word/"):
			return "Microsoft Word 2007+", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
		case has("xl/"):
			return "Microsoft Excel 2007+", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
		case has("ppt/"):
			return "Microsoft PowerPoint 2007+", "application/vnd.openxmlformats-officedocument.presentationml.presentation"
		}
		return "Microsoft OOXML", mimeBinary
	case first == "META-INF/", first == "META-INF/MANIFEST.MF":
		return "Java archive data (JAR)", "application/java-archive"
	}
	if len(d) >= 6 && d[4] >= 10 && d[4] < 64 {
		v := d[4]
		return "Zip archive data, at least v" + string('0'+v/10) + "." + string('0'+v%10) + " to extract", mimeZIP
	}
	return "Zip archive data", mimeZIP
}

package quic

import "strconv"

// Versions of QUIC.
const (
	version1     = 0x00000001 // RFC 9000
	version2     = 0x6b3343cf // RFC 9369
	draftPrefix  = 0xff000000
	draftOldest  = 0xff000017 // draft 23, the first with the salt below
	draftNewSalt = 0xff00001d // draft 29
	draftNewest  = 0xff000022 // draft 34
	google43     = 'Q'<<24 | '0'<<16 | '4'<<8 | '3'
	google44     = google43 + 1
	google45     = google43 + 2
	google46     = google43 + 3
)

// salts from which the keys of Initial packets are made (RFC 9001, 5.2; RFC 9369, 3.3.1; the drafts' section 5.2).
const (
	salt1     = "\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a"
	salt2     = "\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9"
	saltOld   = "\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02"
	saltDraft = "\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99"
)

// ietf reports whether v is a version whose Initial packets can be read.
func ietf(v uint32) bool {
	return v == version1 || v == version2 || v >= draftOldest && v <= draftNewest
}

// google reports whether v is a version of Google's that sends its hello in clear.
func google(v uint32) bool { return v >= google43 && v <= google46 }

func salt(v uint32) string {
	switch {
	case v == version1 || v > draftNewSalt+3 && v <= draftNewest: // drafts 33 and 34 have the salt of the RFC
		return salt1
	case v == version2:
		return salt2
	case v >= draftNewSalt:
		return saltDraft
	}
	return saltOld
}

// appendVersion appends a version as records name it.
func appendVersion(dst []byte, v uint32) []byte {
	switch {
	case v == version1:
		return append(dst, '1')
	case v == version2:
		return append(dst, '2')
	case v>>8 == draftPrefix>>8:
		return strconv.AppendUint(append(dst, "draft-"...), uint64(v&0xff), 10)
	case v>>24 == 'Q':
		return append(dst, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
	}
	return strconv.AppendUint(dst, uint64(v), 16)
}

package tls

import "strconv"

// versionNumber returns a version as rules write it: "1.2".
func versionNumber(v uint16) string {
	switch v {
	case 0x0002, 0x0200:
		return "2.0"
	case 0x0300:
		return "3.0"
	case 0x0301:
		return "1.0"
	case 0x0302:
		return "1.1"
	case 0x0303:
		return "1.2"
	case 0x0304:
		return "1.3"
	}
	return "0x" + strconv.FormatUint(uint64(v), 16)
}

// VersionName returns a version as records name it: "TLS 1.2".
func VersionName(v uint16) string {
	switch {
	case v == 0:
		return "UNDETERMINED"
	case v == 0x0002 || v == 0x0200:
		return "SSLv2"
	case v == 0x0300:
		return "SSLv3"
	case v == 0x0301:
		return "TLSv1"
	case v == 0x0302:
		return "TLS 1.1"
	case v == 0x0303:
		return "TLS 1.2"
	case v == 0x0304:
		return "TLS 1.3"
	case v == 0xfb17 || v == 0xfb1a:
		return "TLS 1.3 Facebook-draft-" + strconv.Itoa(int(v&0xff))
	case v>>8 == 0x7f:
		return "TLS 1.3 draft-" + strconv.Itoa(int(v&0xff))
	}
	return "0x" + strconv.FormatUint(uint64(v), 16)
}

package tls

import (
	"net/netip"
	"strconv"
	"unicode/utf8"
)

// attributes are the short names of the attribute types that names are made of, by the DER content of their OID.
var attributes = map[string]string{
	"\x55\x04\x03": "CN", "\x55\x04\x04": "SN", "\x55\x04\x05": "serialNumber", "\x55\x04\x06": "C", "\x55\x04\x07": "L",
	"\x55\x04\x08": "ST", "\x55\x04\x09": "street", "\x55\x04\x0a": "O", "\x55\x04\x0b": "OU", "\x55\x04\x0c": "title",
	"\x55\x04\x0d": "description", "\x55\x04\x0f": "businessCategory", "\x55\x04\x11": "postalCode", "\x55\x04\x29": "name",
	"\x55\x04\x2a": "GN", "\x55\x04\x2b": "initials", "\x55\x04\x2c": "generationQualifier", "\x55\x04\x2e": "dnQualifier",
	"\x55\x04\x41": "pseudonym", "\x55\x04\x61": "organizationIdentifier",
	"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01": "Email", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02": "unstructuredName",
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01": "UID", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19": "DC",
	"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01": "jurisdictionL",
	"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02": "jurisdictionST",
	"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03": "jurisdictionC",
}

// appendName appends a distinguished name in the order of the certificate: "C=VN, O=…, CN=…". The parts of a set are
// joined by " + ".
func appendName(dst []byte, d der) []byte {
	start := len(dst)
	for len(d) > 0 && len(dst)-start < dnMax {
		set, ok := d.expect(tagSet)
		if !ok {
			break
		}
		for first := true; len(set) > 0 && len(dst)-start < dnMax; first = false {
			pair, ok := set.expect(tagSequence)
			if !ok {
				break
			}
			oid, ok := pair.expect(tagOID)
			if !ok {
				break
			}
			tag, value, ok := pair.next()
			if !ok {
				break
			}
			if len(dst) > start {
				if first {
					dst = append(dst, ", "...)
				} else {
					dst = append(dst, " + "...)
				}
			}
			if name, ok := attributes[string(oid)]; ok {
				dst = append(dst, name...)
			} else {
				dst = appendOID(dst, oid)
			}
			dst = appendText(append(dst, '='), tag, value)
		}
	}
	return dst[:min(len(dst), start+dnMax)]
}

// appendText appends a string in UTF-8.
func appendText(dst []byte, tag byte, v []byte) []byte {
	switch tag {
	case tagBMP:
		for ; len(v) >= 2; v = v[2:] {
			dst = utf8.AppendRune(dst, rune(v[0])<<8|rune(v[1]))
		}
		return dst
	case tagUniversal:
		for ; len(v) >= 4; v = v[4:] {
			dst = utf8.AppendRune(dst, rune(uint32(v[0])<<24|uint32(v[1])<<16|uint32(v[2])<<8|uint32(v[3])))
		}
		return dst
	}
	return append(dst, v...)
}

// appendOID appends an object identifier in dotted decimal form.
func appendOID(dst, b []byte) []byte {
	var v uint64
	first := true
	for _, c := range b {
		v = v<<7 | uint64(c&0x7f)
		if c&0x80 != 0 {
			continue
		}
		if first {
			first = false
			arc := min(v/40, 2)
			dst = append(strconv.AppendUint(dst, arc, 10), '.')
			v -= arc * 40
		} else {
			dst = append(dst, '.')
		}
		dst = strconv.AppendUint(dst, v, 10)
		v = 0
	}
	return dst
}

// appendIP appends an address of a certificate, or its bytes in hexadecimal digits when it is none.
func appendIP(dst, b []byte) []byte {
	if a, ok := netip.AddrFromSlice(b); ok {
		return a.AppendTo(dst)
	}
	return appendHex(dst, b)
}

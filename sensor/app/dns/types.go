package dns

import "strconv"

// Record types that are read further (IANA DNS parameters).
const (
	typeA      = 1
	typeNS     = 2
	typeCNAME  = 5
	typeSOA    = 6
	typeNULL   = 10
	typePTR    = 12
	typeHINFO  = 13
	typeMX     = 15
	typeTXT    = 16
	typeAAAA   = 28
	typeSRV    = 33
	typeNAPTR  = 35
	typeDNAME  = 39
	typeOPT    = 41
	typeDS     = 43
	typeSSHFP  = 44
	typeDNSKEY = 48
	typeTLSA   = 52
	typeCDS    = 59
	typeSVCB   = 64
	typeHTTPS  = 65
	typeSPF    = 99
	typeURI    = 256
	typeCAA    = 257
)

// typeName returns the name of a record type, and false for a type that has none.
func typeName(t uint16) (string, bool) {
	switch t {
	case 1:
		return "A", true
	case 2:
		return "NS", true
	case 3:
		return "MD", true
	case 4:
		return "MF", true
	case 5:
		return "CNAME", true
	case 6:
		return "SOA", true
	case 7:
		return "MB", true
	case 8:
		return "MG", true
	case 9:
		return "MR", true
	case 10:
		return "NULL", true
	case 11:
		return "WKS", true
	case 12:
		return "PTR", true
	case 13:
		return "HINFO", true
	case 14:
		return "MINFO", true
	case 15:
		return "MX", true
	case 16:
		return "TXT", true
	case 17:
		return "RP", true
	case 18:
		return "AFSDB", true
	case 19:
		return "X25", true
	case 20:
		return "ISDN", true
	case 21:
		return "RT", true
	case 22:
		return "NSAP", true
	case 23:
		return "NSAPPTR", true
	case 24:
		return "SIG", true
	case 25:
		return "KEY", true
	case 26:
		return "PX", true
	case 27:
		return "GPOS", true
	case 28:
		return "AAAA", true
	case 29:
		return "LOC", true
	case 30:
		return "NXT", true
	case 31:
		return "EID", true
	case 32:
		return "NIMLOC", true
	case 33:
		return "SRV", true
	case 34:
		return "ATMA", true
	case 35:
		return "NAPTR", true
	case 36:
		return "KX", true
	case 37:
		return "CERT", true
	case 38:
		return "A6", true
	case 39:
		return "DNAME", true
	case 41:
		return "OPT", true
	case 42:
		return "APL", true
	case 43:
		return "DS", true
	case 44:
		return "SSHFP", true
	case 45:
		return "IPSECKEY", true
	case 46:
		return "RRSIG", true
	case 47:
		return "NSEC", true
	case 48:
		return "DNSKEY", true
	case 49:
		return "DHCID", true
	case 50:
		return "NSEC3", true
	case 51:
		return "NSEC3PARAM", true
	case 52:
		return "TLSA", true
	case 53:
		return "SMIMEA", true
	case 55:
		return "HIP", true
	case 59:
		return "CDS", true
	case 60:
		return "CDNSKEY", true
	case 61:
		return "OPENPGPKEY", true
	case 62:
		return "CSYNC", true
	case 63:
		return "ZONEMD", true
	case 64:
		return "SVCB", true
	case 65:
		return "HTTPS", true
	case 99:
		return "SPF", true
	case 108:
		return "EUI48", true
	case 109:
		return "EUI64", true
	case 249:
		return "TKEY", true
	case 250:
		return "TSIG", true
	case 251:
		return "IXFR", true
	case 252:
		return "AXFR", true
	case 253:
		return "MAILB", true
	case 254:
		return "MAILA", true
	case 255:
		return "ANY", true
	case 256:
		return "URI", true
	case 257:
		return "CAA", true
	case 32768:
		return "TA", true
	case 32769:
		return "DLV", true
	}
	return "", false
}

// appendType appends the name of a record type, or its number.
func appendType(dst []byte, t uint16) []byte {
	if s, ok := typeName(t); ok {
		return append(dst, s...)
	}
	return strconv.AppendUint(dst, uint64(t), 10)
}

// appendRCode appends the name of a response code, or its number.
func appendRCode(dst []byte, code uint16) []byte {
	names := [...]string{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
		"NOTAUTH", "NOTZONE"}
	if int(code) < len(names) {
		return append(dst, names[code]...)
	}
	return strconv.AppendUint(dst, uint64(code), 10)
}

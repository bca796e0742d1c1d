package tls

import (
	"crypto/sha1"
	"encoding/hex"
	"time"
)

// Limits of certificates.
const (
	chainMax = 32  // certificates kept of a direction
	sansMax  = 512 // subject alternative names kept of a certificate
	dnMax    = 4096
)

// certificate is what is shown of the first certificate of a chain. Texts are ready for rules and records.
type certificate struct {
	subject, issuer     []byte
	serial              []byte
	fingerprint         []byte
	notBefore, notAfter int64 // seconds since 1970
	sans                [][]byte
}

// certFault tells which part of a certificate could not be read; the parts before it can be shown.
type certFault uint8

const (
	certGood certFault = iota
	certBad
	certBadSerial
	certBadAlgorithm
	certBadName
	certBadDate
	certBadExtensions
	certBadLength
)

// parse reads a certificate (RFC 5280, 4.1).
func (c *certificate) parse(raw []byte) certFault {
	*c = certificate{subject: c.subject[:0], issuer: c.issuer[:0], serial: c.serial[:0], fingerprint: c.fingerprint[:0],
		sans: c.sans[:0]}
	sum := sha1.Sum(raw)
	c.fingerprint = appendColonHex(c.fingerprint, sum[:], "0123456789abcdef")
	d := der(raw)
	outer, ok := d.expect(tagSequence)
	if !ok {
		return d.fault(certBad)
	}
	tbs, ok := outer.expect(tagSequence)
	if !ok {
		return outer.fault(certBad)
	}
	tbs.skip(tagVersion)
	serial, ok := tbs.expect(tagInteger)
	if !ok {
		return tbs.fault(certBadSerial)
	}
	c.serial = appendColonHex(c.serial, serial, "0123456789ABCDEF")
	if _, ok = tbs.expect(tagSequence); !ok {
		return tbs.fault(certBadAlgorithm)
	}
	issuer, ok := tbs.expect(tagSequence)
	if !ok {
		return tbs.fault(certBadName)
	}
	c.issuer = appendName(c.issuer, issuer)
	validity, ok := tbs.expect(tagSequence)
	if !ok {
		return certBadDate
	}
	var good [2]bool
	for i, dst := range []*int64{&c.notBefore, &c.notAfter} {
		tag, text, ok := validity.next()
		if ok {
			*dst, good[i] = parseTime(tag, text)
		}
	}
	subject, ok := tbs.expect(tagSequence)
	if !ok {
		return tbs.fault(certBadName)
	}
	c.subject = appendName(c.subject, subject)
	if !good[0] || !good[1] {
		return certBadDate
	}
	if _, ok = tbs.expect(tagSequence); !ok { // public key
		return certBad
	}
	for len(tbs) > 0 {
		tag, content, ok := tbs.next()
		if !ok {
			return certBadExtensions
		}
		if tag == tagExtensions && !c.extensions(content) {
			return certBadExtensions
		}
	}
	return certGood
}

// fault says what is wrong with a certificate of which d cannot be read: f, or that its lengths are cut off.
func (d der) fault(f certFault) certFault {
	if d.cut() {
		return certBadLength
	}
	return f
}

// oidSAN is subjectAltName, 2.5.29.17.
const oidSAN = "\x55\x1d\x11"

func (c *certificate) extensions(d der) bool {
	list, ok := d.expect(tagSequence)
	for ok && len(list) > 0 {
		var ext der
		if ext, ok = list.expect(tagSequence); !ok {
			break
		}
		oid, good := ext.expect(tagOID)
		ext.skip(tagBoolean)
		value, good2 := ext.expect(tagOctets)
		if !good || !good2 {
			return false
		}
		if string(oid) == oidSAN {
			ok = c.altNames(value)
		}
	}
	return ok
}

// altNames reads a GeneralNames (RFC 5280, 4.2.1.6).
func (c *certificate) altNames(d der) bool {
	names, ok := d.expect(tagSequence)
	for ok && len(names) > 0 {
		var tag byte
		var v der
		if tag, v, ok = names.next(); !ok {
			break
		}
		if len(c.sans) >= sansMax {
			return true
		}
		switch tag {
		case 0x81, 0x82, 0x86: // rfc822Name, dNSName, uniformResourceIdentifier
			c.sans = append(c.sans, v)
		case 0x87: // iPAddress
			c.sans = append(c.sans, appendIP(nil, v))
		case 0xa4: // directoryName
			if name, good := v.expect(tagSequence); good {
				c.sans = append(c.sans, appendName(nil, name))
			}
		}
	}
	return ok
}

// parseTime reads a UTCTime or GeneralizedTime. Seconds and the zone may be missing, as in old certificates.
func parseTime(tag byte, b []byte) (int64, bool) {
	digits := 0
	for digits < len(b) && b[digits] >= '0' && b[digits] <= '9' {
		digits++
	}
	num := func(at, n int) int {
		v := 0
		for _, c := range b[at : at+n] {
			v = v*10 + int(c-'0')
		}
		return v
	}
	year, at := 0, 0
	switch {
	case tag == tagUTCTime && digits >= 10:
		if year, at = num(0, 2), 2; year < 50 { // RFC 5280, 4.1.2.5.1
			year += 100
		}
		year += 1900
	case tag == tagTime && digits >= 12:
		year, at = num(0, 4), 4
	default:
		return 0, false
	}
	month, day, hour, minute, second := num(at, 2), num(at+2, 2), num(at+4, 2), num(at+6, 2), 0
	if digits >= at+10 {
		second = num(at+8, 2)
	}
	if month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 60 {
		return 0, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC).Unix()
	if zone := b[digits:]; len(zone) == 5 && (zone[0] == '+' || zone[0] == '-') {
		var v [4]int64
		for i, c := range zone[1:] {
			if c < '0' || c > '9' {
				return 0, false
			}
			v[i] = int64(c - '0')
		}
		offset := (v[0]*10+v[1])*3600 + (v[2]*10+v[3])*60
		if zone[0] == '+' {
			offset = -offset
		}
		t += offset
	}
	return t, true
}

func appendColonHex(dst, b []byte, digits string) []byte {
	for i, c := range b {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return dst
}

func appendHex(dst, b []byte) []byte { return hex.AppendEncode(dst, b) }

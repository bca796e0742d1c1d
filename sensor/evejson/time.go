package evejson

import "time"

// CertificateTime is how EVE writes when a certificate is valid, in UTC.
const CertificateTime = "2006-01-02T15:04:05"

// ParseTime reads "2026-11-21T07:29:02.000000+0000", also with a Z or a colon in the zone, or without a zone for UTC.
func ParseTime(b []byte) (int64, bool) {
	if len(b) < 19 || len(b) > 40 || b[4] != '-' || b[7] != '-' || b[10] != 'T' || b[13] != ':' || b[16] != ':' {
		return 0, false
	}
	ok := true
	n := func(from, to int) int {
		x, good := ParseUint(b[from:to])
		ok = ok && good
		return int(x)
	}
	year, month, day, hour, minute, second := n(0, 4), n(5, 7), n(8, 10), n(11, 13), n(14, 16), n(17, 19)
	if !ok || year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60 {
		return 0, false
	}
	ns := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC).UnixNano()
	b = b[19:]
	if len(b) > 0 && b[0] == '.' {
		unit := int64(time.Second)
		for b = b[1:]; len(b) > 0 && b[0] >= '0' && b[0] <= '9'; b = b[1:] {
			unit /= 10
			ns += int64(b[0]-'0') * unit
		}
	}
	switch {
	case len(b) == 0 || len(b) == 1 && b[0] == 'Z':
		return ns, true
	case b[0] != '+' && b[0] != '-':
		return 0, false
	}
	zone := b[1:]
	if len(zone) == 5 && zone[2] == ':' {
		zone = append(append(make([]byte, 0, 4), zone[:2]...), zone[3:]...)
	}
	x, good := ParseUint(zone)
	if len(zone) != 4 || !good || x%100 > 59 || x/100 > 15 {
		return 0, false
	}
	offset := int64(x/100)*int64(time.Hour) + int64(x%100)*int64(time.Minute)
	if b[0] == '+' {
		offset = -offset
	}
	return ns + offset, true
}

package signature

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"khien/sensor"
)

// tlsKeywords look at the certificate: the forms that rules had before there were sticky buffers, and its dates.
func tlsKeywords() []keyword {
	return []keyword{
		{"tls.subject", argMay, oldText("tls.cert_subject")},
		{"tls.issuerdn", argMay, oldText("tls.cert_issuer")},
		{"tls.fingerprint", argNeed, oldText("tls.cert_fingerprint")},
		{"tls_cert_notbefore", argNeed, func(b *builder, arg string) error { return b.certDate(sensor.TLSNotBefore, arg) }},
		{"tls_cert_notafter", argNeed, func(b *builder, arg string) error { return b.certDate(sensor.TLSNotAfter, arg) }},
		{"tls_cert_expired", argNone, func(b *builder, _ string) error { return b.certNow(true) }},
		{"tls_cert_valid", argNone, func(b *builder, _ string) error { return b.certNow(false) }},
	}
}

// oldText makes a keyword that has its text as an argument, KEYWORD:[!]"text", and is the sticky buffer without.
func oldText(buffer string) func(b *builder, arg string) error {
	return func(b *builder, arg string) error {
		d := b.ld.buffers[buffer]
		if arg = strings.TrimSpace(arg); arg == "" || arg == "to_server" || arg == "to_client" {
			return b.sticky(d, arg)
		}
		pat, neg, err := parseContent(arg)
		if err != nil {
			return err
		}
		if err := b.needProtos(d.protos, d.name); err != nil {
			return err
		}
		l := b.listOf(d, nil, "", 0)
		l.items = append(l.items, item{kind: kindContent, c: &content{pat: pat, neg: neg}})
		return nil
	}
}

func certDates(buf sensor.Buffer) *bufferDef {
	return &bufferDef{name: "tls.validity", buf: buf, dirs: bothDirs, protos: protoTLS, stage: stHead, flags: numeric, bits: 64}
}

// certDate is a condition on a date of the certificate: DATE, <DATE, >DATE or DATE<>DATE. The bounds belong to it.
func (b *builder) certDate(buf sensor.Buffer, arg string) error {
	n := &number{}
	from, to, ranged := strings.Cut(arg, "<>")
	var err error
	switch arg = strings.TrimSpace(arg); {
	case ranged:
		var last uint64
		if n.a, err = parseDate(from); err != nil {
			return err
		}
		if last, err = parseDate(to); err != nil {
			return err
		}
		if last <= n.a || n.a == 0 {
			return fmt.Errorf("%q is no range", arg)
		}
		n.op, n.a, n.b = opRange, n.a-1, last+1
	case arg[0] == '<':
		n.op = opLessEqual
		n.a, err = parseDate(arg[1:])
	case arg[0] == '>':
		n.op = opGreaterEqual
		n.a, err = parseDate(arg[1:])
	default:
		n.a, err = parseDate(arg)
	}
	if err != nil {
		return err
	}
	_, err = b.addTo(certDates(buf), &numberIn{values{number: *n}})
	return err
}

// parseDate reads a date of the language, in UTC, from the month down to the second, as seconds since 1970. Digits alone are
// such seconds.
func parseDate(s string) (uint64, error) {
	s = strings.TrimSpace(s)
	if n, err := strconv.ParseUint(s, 10, 40); err == nil {
		return n, nil
	}
	for _, layout := range [...]string{"2006-1", "2006-1-2", "2006-1-2 15", "2006-1-2 15:4", "2006-1-2 15:4:5", "2006-1-2T15", "2006-1-2T15:4", "2006-1-2T15:4:5"} {
		if t, err := time.Parse(layout, s); err == nil && t.Unix() >= 0 {
			return uint64(t.Unix()), nil
		}
	}
	return 0, fmt.Errorf("bad date %q: expected 2016-10, 2016-10-22 or 2016-10-22 12:30:00", s)
}

// certTime is tls_cert_expired and tls_cert_valid: the certificate's end before the packet, or not.
type certTime struct{ expired bool }

func (c *certTime) run(s *scan) bool {
	v, ok := s.m.number(s.l.def, 0)
	return ok && (s.m.now/int64(time.Second) > int64(min(v, 1<<62))) == c.expired
}

func (b *builder) certNow(expired bool) error {
	_, err := b.addTo(certDates(sensor.TLSNotAfter), &certTime{expired})
	return err
}

package signature

import (
	"fmt"
	"strings"

	"khien/sensor"
)

// ticketNames are encryption types of Kerberos (IANA, Kerberos encryption type numbers).
var ticketNames = map[string]uint64{"des-cbc-crc": 1, "des-cbc-md4": 2, "des-cbc-md5": 3, "des3-cbc-md5": 5,
	"des3-cbc-sha1": 7, "des3-cbc-sha1-kd": 16, "aes128-cts-hmac-sha1-96": 17, "aes256-cts-hmac-sha1-96": 18,
	"aes128-cts-hmac-sha256-128": 19, "aes256-cts-hmac-sha384-192": 20, "rc4-hmac": 23, "rc4-hmac-exp": 24,
	"camellia128-cts-cmac": 25, "camellia256-cts-cmac": 26}

// oneOf is a list of numbers of which one must be the buffer's, or none.
type oneOf struct {
	list []uint64
	neg  bool
}

func (c *oneOf) run(s *scan) bool {
	v, ok := s.m.number(s.l.def, 0)
	if !ok {
		return false
	}
	for _, x := range c.list {
		if x == v {
			return !c.neg
		}
	}
	return c.neg
}

// ticketEncryption reads krb5.ticket_encryption: [!]weak, or [!] and a list of names and numbers.
func (b *builder) ticketEncryption(arg string) error {
	d := &bufferDef{name: "krb5.ticket_encryption", buf: sensor.KRB5TicketEnc, dirs: bothDirs, protos: []sensor.Proto{sensor.ProtoKRB5},
		stage: stLine, flags: numeric | grows, bits: 32}
	c := &oneOf{}
	arg, c.neg = strings.CutPrefix(strings.TrimSpace(unquote(arg)), "!")
	for _, w := range fields(strings.ToLower(arg)) {
		if w == "weak" {
			d.buf, c.list = sensor.KRB5WeakTicket, []uint64{1}
			break
		}
		n, err := parseNumber(w, 32, ticketNames)
		if err != nil || n.op != opEqual {
			return fmt.Errorf("bad encryption type %q", w)
		}
		c.list = append(c.list, n.a)
	}
	if len(c.list) == 0 {
		return fmt.Errorf("expected weak or encryption types")
	}
	_, err := b.addTo(d, c)
	return err
}

package signature

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"khien/sensor"
)

// dcerpcKeywords are those that are more than a buffer.
func dcerpcKeywords() []keyword {
	return []keyword{
		{"dcerpc.iface", argNeed, (*builder).dceInterface},
		{"dce_iface", argNeed, (*builder).dceInterface},
		{"dcerpc.opnum", argNeed, (*builder).dceOpnum},
		{"dce_opnum", argNeed, (*builder).dceOpnum},
	}
}

// dceInterface is dcerpc.iface: a bound interface with its version.
type dceInterface struct {
	uuid [16]byte
	ver  *number
}

func (c *dceInterface) run(s *scan) bool {
	if len(s.buf) < 18 || string(s.buf[:16]) != string(c.uuid[:]) {
		return false
	}
	return c.ver == nil || c.ver.match(uint64(binary.BigEndian.Uint16(s.buf[16:])))
}

func (b *builder) dceInterface(arg string) error {
	c := &dceInterface{}
	p := fields(arg)
	raw, err := hex.DecodeString(strings.ReplaceAll(p[0], "-", ""))
	if err != nil || len(raw) != 16 || len(p[0]) != 36 {
		return fmt.Errorf("bad interface %q", p[0])
	}
	copy(c.uuid[:], raw)
	for _, o := range p[1:] {
		if o == "any_frag" {
			continue
		}
		if c.ver, err = parseNumber(o, 16, nil); err != nil {
			return err
		}
	}
	d := &bufferDef{name: "dcerpc.iface", buf: sensor.DCERPCIface, dirs: bothDirs, protos: protoDCE, stage: stLine, flags: multi | grows}
	_, err = b.addTo(d, c)
	return err
}

// dceOpnum reads dcerpc.opnum: a number behind <, >, ! or =, or a list of numbers and ranges, to which their bounds belong.
func (b *builder) dceOpnum(arg string) error {
	d := &bufferDef{name: "dcerpc.opnum", buf: sensor.DCERPCOpnum, dirs: bothDirs, protos: protoDCE, stage: stLine, flags: numeric, bits: 16}
	c := &anyNumber{}
	for _, w := range fields(arg) {
		from, to, ranged := strings.Cut(w, "-")
		n := &number{}
		if ranged {
			low, err1 := strconv.ParseUint(strings.TrimSpace(from), 10, 16)
			high, err2 := strconv.ParseUint(strings.TrimSpace(to), 10, 16)
			if err1 != nil || err2 != nil || high <= low {
				return fmt.Errorf("bad range %q", w)
			}
			if *n = (number{op: opRange, a: low - 1, b: high + 1}); low == 0 {
				*n = number{op: opLessEqual, a: high}
			}
		} else {
			var err error
			if n, err = parseNumber(w, 16, nil); err != nil {
				return err
			}
		}
		c.ns = append(c.ns, *n)
	}
	_, err := b.addTo(d, c)
	return err
}

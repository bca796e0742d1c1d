package signature

import (
	"fmt"
	"strconv"
	"strings"

	"khien/sensor"
)

// modbusCheck is modbus: conditions on the request, of which all that are there must hold.
type modbusCheck struct {
	unit     *number
	category uint64 // bits; 0 for any
	function uint64 // 0 for any
	sub      *number
	access   uint64 // read or write; 0 for any
	table    uint64
	address  *number
	value    *number
}

func (c *modbusCheck) run(s *scan) bool {
	get := func(b sensor.Buffer, i int) (uint64, bool) { return s.m.tx.Number(b, s.m.dir, i) }
	is := func(b sensor.Buffer, want *number) bool {
		if want == nil {
			return true
		}
		v, ok := get(b, 0)
		return ok && want.match(v)
	}
	if !is(sensor.ModbusUnit, c.unit) || !is(sensor.ModbusSubfunction, c.sub) {
		return false
	}
	if f, _ := get(sensor.ModbusFunction, 0); c.function != 0 && f != c.function {
		return false
	}
	if k, _ := get(sensor.ModbusCategory, 0); c.category != 0 && k&c.category == 0 {
		return false
	}
	if c.access == 0 {
		return true
	}
	if a, _ := get(sensor.ModbusAccess, 0); a&c.access == 0 || c.table != 0 && a&c.table == 0 {
		return false
	}
	if c.address == nil {
		return true
	}
	b := sensor.ModbusReadAddress
	if c.access == sensor.ModbusWrite {
		b = sensor.ModbusWriteAddress
	}
	first, ok := get(b, 0)
	last, _ := get(b, 1)
	if !ok || !touches(c.address, first, last) {
		return false
	}
	if c.value == nil {
		return true
	}
	v, ok := get(sensor.ModbusWritten, int(c.address.a))
	return ok && c.value.match(v)
}

// touches reports whether a condition holds for a number from first to last.
func touches(n *number, first, last uint64) bool {
	switch n.op {
	case opEqual:
		return first <= n.a && n.a <= last
	case opLess:
		return first < n.a
	case opGreater:
		return last > n.a
	}
	return last > n.a && first < n.b // a range without its ends
}

// modbus reads [unit N,] function N [, subfunction [!]N], function [!]CATEGORY, or access read|write [TABLE [, address N
// [, value N]]]. N of unit, address and value may be <N, >N and N<>M.
func (b *builder) modbus(arg string) error {
	c := &modbusCheck{}
	p := fields(strings.TrimSpace(unquote(strings.TrimSpace(arg))))
	var err error
	if word, rest := split2(p[0]); word == "unit" {
		if c.unit, err = modbusNumber(rest, 1<<16-1); err != nil {
			return err
		}
		p = p[1:]
	}
	if len(p) > 0 {
		word, rest := split2(p[0])
		switch word {
		case "function":
			err = c.readFunction(rest, p[1:])
		case "access":
			err = c.readAccess(rest, p[1:])
		default:
			err = fmt.Errorf("expected unit, function or access, not %q", word)
		}
		if err != nil {
			return err
		}
	}
	d := &bufferDef{name: "modbus", buf: sensor.ModbusFunction, dirs: toServer, protos: []sensor.Proto{sensor.ProtoModbus}, stage: stLine,
		flags: numeric, bits: 8}
	_, err = b.addTo(d, c)
	return err
}

// modbusNumber reads N, <N, >N and N<>M; both ends of a range are left out.
func modbusNumber(s string, limit uint64) (*number, error) {
	bad := fmt.Errorf("bad number %q", s)
	n := &number{}
	if a, z, ok := strings.Cut(s, "<>"); ok {
		x, err1 := strconv.ParseUint(strings.TrimSpace(a), 10, 32)
		y, err2 := strconv.ParseUint(strings.TrimSpace(z), 10, 32)
		if err1 != nil || err2 != nil || x > y || y > limit {
			return nil, bad
		}
		return &number{op: opRange, a: x, b: y}, nil
	}
	if rest, ok := strings.CutPrefix(s, "<"); ok {
		n.op, s = opLess, rest
	} else if rest, ok := strings.CutPrefix(s, ">"); ok {
		n.op, s = opGreater, rest
	}
	v, err := strconv.ParseUint(strings.TrimSpace(s), 10, 32)
	if err != nil || v > limit {
		return nil, bad
	}
	n.a = v
	return n, nil
}

func (c *modbusCheck) readFunction(what string, more []string) error {
	const public = sensor.ModbusAssigned | sensor.ModbusUnassigned
	const all = public | sensor.ModbusUser | sensor.ModbusReserved
	categories := map[string]uint64{"assigned": sensor.ModbusAssigned, "unassigned": sensor.ModbusUnassigned, "public": public,
		"user": sensor.ModbusUser, "reserved": sensor.ModbusReserved, "all": all}
	name, neg := strings.CutPrefix(what, "!")
	if bits, ok := categories[strings.TrimSpace(name)]; ok && len(more) == 0 {
		if neg {
			if bits = all &^ bits; bits == 0 {
				return fmt.Errorf("!all is no function")
			}
		}
		c.category = bits
		return nil
	}
	n, err := strconv.ParseUint(what, 10, 8)
	if err != nil || n == 0 {
		return fmt.Errorf("bad function %q", what)
	}
	c.function = n
	if len(more) == 0 {
		return nil
	}
	word, rest := split2(more[0])
	if word != "subfunction" || len(more) > 1 {
		return fmt.Errorf("expected subfunction, not %q", more[0])
	}
	c.sub = &number{}
	if rest, neg = strings.CutPrefix(rest, "!"); neg {
		c.sub.op = opNotEqual
	}
	if c.sub.a, err = strconv.ParseUint(strings.TrimSpace(rest), 10, 16); err != nil {
		return fmt.Errorf("bad subfunction %q", rest)
	}
	return nil
}

func (c *modbusCheck) readAccess(what string, more []string) error {
	kind, table := split2(what)
	switch kind {
	case "read":
		c.access = sensor.ModbusRead
	case "write":
		c.access = sensor.ModbusWrite
	default:
		return fmt.Errorf("access is read or write, not %q", kind)
	}
	switch table {
	case "":
	case "coils":
		c.table = sensor.ModbusCoils
	case "holding":
		c.table = sensor.ModbusHolding
	case "discretes", "input":
		if kind == "write" {
			return fmt.Errorf("%s can only be read", table)
		}
		c.table = sensor.ModbusInput
		if table == "discretes" {
			c.table = sensor.ModbusDiscretes
		}
	default:
		return fmt.Errorf("unknown table %q", table)
	}
	for i, o := range more {
		word, rest := split2(o)
		var err error
		switch {
		case word == "address" && i == 0:
			c.address, err = modbusNumber(rest, 1<<16)
		case word == "value" && i == 1:
			if kind == "read" {
				return fmt.Errorf("value needs access write")
			}
			if c.address.op != opEqual {
				return fmt.Errorf("value needs a single address")
			}
			c.value, err = modbusNumber(rest, 1<<16-1)
		default:
			err = fmt.Errorf("expected address and value, not %q", o)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

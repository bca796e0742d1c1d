package signature

import (
	"fmt"
	"strconv"
)

// byteMath is byte_math.
type byteMath struct {
	field
	op       string
	val      uint64
	vVal, to int
}

func (b *builder) byteMath(arg string) (err error) {
	x := &byteMath{field: newField(), vVal: -1, to: -1}
	result := ""
	seen := map[string]bool{}
	for _, o := range fields(arg) {
		w, rest := split2(o)
		seen[w] = true
		switch w {
		case "bytes":
			x.n, x.vN, err = b.intOrVar(rest, 1, 10)
		case "offset":
			x.off, x.vOff, err = b.intOrVar(rest, -65535, 65535)
		case "oper":
			switch rest {
			case "+", "-", "*", "/", "<<", ">>":
				x.op = rest
			default:
				err = fmt.Errorf("unknown operator %q", rest)
			}
		case "rvalue":
			if v, ok := b.variable(rest); ok {
				x.vVal = v
			} else if x.val, err = strconv.ParseUint(rest, 0, 32); err != nil {
				err = fmt.Errorf("%q is neither a number nor a variable that was set before", rest)
			}
		case "result":
			result = rest
		case "endian":
			x.little = rest == "little"
			if rest != "little" && rest != "big" {
				err = fmt.Errorf("endian is big or little")
			}
		case "string", "relative", "dce", "bitmask":
			_, err = x.option(w, rest)
		default:
			err = fmt.Errorf("unknown option %q", o)
		}
		if err != nil {
			return err
		}
	}
	for _, need := range []string{"bytes", "offset", "oper", "rvalue", "result"} {
		if !seen[need] {
			return fmt.Errorf("%s is missing", need)
		}
	}
	if x.op == "/" && x.vVal < 0 && x.val == 0 {
		return fmt.Errorf("division by zero")
	}
	if x.to, err = b.setVariable(result); err != nil {
		return err
	}
	b.add(x, x.rel)
	return nil
}

func (x *byteMath) run(s *scan) bool {
	v, end, ok := x.read(s)
	if !ok {
		return false
	}
	r := x.val
	if x.vVal >= 0 {
		r = s.vars[x.vVal]
	}
	switch x.op {
	case "+":
		v += r
	case "-":
		v -= r
	case "*":
		v *= r
	case "/":
		if r == 0 {
			return false
		}
		v /= r
	case "<<":
		if r >= 64 {
			v = 0
		} else {
			v <<= r
		}
	case ">>":
		if r >= 64 {
			v = 0
		} else {
			v >>= r
		}
	}
	s.vars[x.to] = v
	s.pos = end
	return true
}

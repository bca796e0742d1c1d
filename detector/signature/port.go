package signature

import (
	"fmt"
	"strconv"
	"strings"
)

// portSet has a bit for each port. A nil set holds every port.
type portSet [1024]uint64

func (s *portSet) contains(p uint16) bool { return s == nil || s[p>>6]>>(p&63)&1 != 0 }

func (s *portSet) addRange(from, to int) {
	for p := from; p <= to; p++ {
		s[p>>6] |= 1 << (p & 63)
	}
}

// parsePorts reads a port expression: any, 80, 80:90, :1024, 1024:, a variable, [a,!b,…], each may be negated.
func (v *variables) parsePorts(expr string) (*portSet, error) {
	if s, ok := v.portCache[expr]; ok {
		return s, nil
	}
	pos, neg, err := v.ports(expr, 0)
	if err != nil {
		return nil, err
	}
	empty, full := true, true
	for i := range pos {
		pos[i] &^= neg[i]
		empty = empty && pos[i] == 0
		full = full && pos[i] == ^uint64(0)
	}
	if empty {
		return nil, fmt.Errorf("port list %q holds no port", expr)
	}
	if full {
		pos = nil
	}
	v.portCache[expr] = pos
	return pos, nil
}

func (v *variables) ports(expr string, depth int) (pos, neg *portSet, err error) {
	if depth > nestMax {
		return nil, nil, fmt.Errorf("port %q nests too deep", expr)
	}
	expr = strings.TrimSpace(expr)
	pos, neg = new(portSet), new(portSet)
	if depth == 0 && strings.Contains(expr, ",") && expr[0] != '[' && !strings.HasPrefix(expr, "![") {
		expr = "[" + expr + "]"
	}
	switch {
	case expr == "":
		return nil, nil, fmt.Errorf("empty port")
	case expr[0] == '!':
		p, n, err := v.ports(expr[1:], depth+1)
		if err != nil {
			return nil, nil, err
		}
		full := true
		for i := range p {
			neg[i] = p[i] &^ n[i]
			full = full && neg[i] == ^uint64(0)
		}
		if full {
			return nil, nil, fmt.Errorf("port %q excludes every port", expr)
		}
		if depth == 0 {
			pos.addRange(0, 65535)
		}
		return pos, neg, nil
	case expr == "any":
		pos.addRange(0, 65535)
		return pos, neg, nil
	case expr[0] == '$':
		val, ok := v.portVars[expr[1:]]
		if !ok {
			return nil, nil, fmt.Errorf("unknown port variable %s", expr)
		}
		return v.ports("["+val+"]", depth+1)
	case expr[0] == '[':
		parts, err := splitList(expr)
		if err != nil {
			return nil, nil, err
		}
		onlyNeg := true
		for _, part := range parts {
			p, n, err := v.ports(part, depth+1)
			if err != nil {
				return nil, nil, err
			}
			if t := strings.TrimSpace(part); t[0] != '!' {
				onlyNeg = false
			}
			for i := range p {
				pos[i] |= p[i]
				neg[i] |= n[i]
			}
		}
		if onlyNeg {
			pos.addRange(0, 65535)
		}
		return pos, neg, nil
	}
	from, to := 0, 65535
	a, b, isRange := strings.Cut(expr, ":")
	if a = strings.TrimSpace(a); a != "" || !isRange {
		if from, err = strconv.Atoi(a); err != nil {
			return nil, nil, fmt.Errorf("bad port %q", expr)
		}
	}
	if !isRange {
		to = from
	} else if b = strings.TrimSpace(b); b != "" {
		if to, err = strconv.Atoi(b); err != nil {
			return nil, nil, fmt.Errorf("bad port %q", expr)
		}
	}
	if from < 0 || to > 65535 || from > to {
		return nil, nil, fmt.Errorf("bad port range %q", expr)
	}
	pos.addRange(from, to)
	return pos, neg, nil
}

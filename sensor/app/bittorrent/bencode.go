package bittorrent

// next returns the kind of the value that b begins with ('s' text, 'i' number, 'l' list, 'd' dictionary), its content and
// what follows it (BEP 3).
func next(b []byte, depth int) (kind byte, content, rest []byte, ok bool) {
	if len(b) == 0 || depth == 0 {
		return 0, nil, nil, false
	}
	switch c := b[0]; {
	case c == 'i':
		for i := 1; i < len(b) && i <= numMax+1; i++ {
			if b[i] == 'e' && i > 1 {
				return 'i', b[1:i], b[i+1:], true
			}
			if (b[i] < '0' || b[i] > '9') && (b[i] != '-' || i > 1) {
				break
			}
		}
	case c == 'l' || c == 'd':
		rest := b[1:]
		for len(rest) > 0 {
			if rest[0] == 'e' {
				return c, b[1 : len(b)-len(rest)], rest[1:], true
			}
			if _, _, rest, ok = next(rest, depth-1); !ok {
				break
			}
		}
	case '0' <= c && c <= '9':
		n := 0
		for i := 0; i < len(b) && i < 6; i++ {
			if b[i] == ':' {
				if n > len(b)-i-1 {
					break
				}
				return 's', b[i+1 : i+1+n], b[i+1+n:], true
			}
			if b[i] < '0' || b[i] > '9' {
				break
			}
			n = n*10 + int(b[i]-'0')
		}
	}
	return 0, nil, nil, false
}

// lookup finds the value of a key in the content of a dictionary.
func lookup(dict []byte, key string) (kind byte, content []byte, ok bool) {
	for len(dict) > 0 {
		k, name, rest, ok := next(dict, 1)
		if !ok || k != 's' {
			return 0, nil, false
		}
		kind, content, rest, ok = next(rest, depthMax)
		if !ok {
			return 0, nil, false
		}
		if string(name) == key {
			return kind, content, true
		}
		dict = rest
	}
	return 0, nil, false
}

// text is lookup for a text.
func text(dict []byte, key string) ([]byte, bool) {
	kind, v, ok := lookup(dict, key)
	return v, ok && kind == 's'
}

// number is lookup for a number.
func number(dict []byte, key string) (int64, bool) {
	kind, v, ok := lookup(dict, key)
	return atoi(v), ok && kind == 'i'
}

func atoi(b []byte) int64 {
	n, sign := int64(0), int64(1)
	for i, c := range b {
		if c == '-' && i == 0 {
			sign = -1
			continue
		}
		if n > 1<<58 {
			break
		}
		n = n*10 + int64(c-'0')
	}
	return n * sign
}

package tls

// reader takes fields off the front of a message. After the first field that is not there it yields zeros and bad is set.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) u8() int {
	v := r.bytes(1)
	if v == nil {
		return 0
	}
	return int(v[0])
}

func (r *reader) u16() int {
	v := r.bytes(2)
	if v == nil {
		return 0
	}
	return int(v[0])<<8 | int(v[1])
}

func (r *reader) u24() int {
	v := r.bytes(3)
	if v == nil {
		return 0
	}
	return int(v[0])<<16 | int(v[1])<<8 | int(v[2])
}

// vec8, vec16 and vec24 take a vector with its length in front (RFC 8446, 3.4).
func (r *reader) vec8() []byte  { return r.bytes(r.u8()) }
func (r *reader) vec16() []byte { return r.bytes(r.u16()) }
func (r *reader) vec24() []byte { return r.bytes(r.u24()) }

// appendU16s appends the 16-bit numbers of b, up to listMax.
func appendU16s(dst []uint16, b []byte) []uint16 {
	for len(b) >= 2 && len(dst) < listMax {
		dst = append(dst, uint16(b[0])<<8|uint16(b[1]))
		b = b[2:]
	}
	return dst
}

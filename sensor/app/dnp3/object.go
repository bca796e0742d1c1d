package dnp3

import "encoding/binary"

// object is an object header with its points (IEEE 1815-2012, 4.2.2.7).
type object struct {
	group, variation, qualifier byte
	start, stop, count          uint32
	data                        []byte // prefixes and points that were read
	points                      uint32 // how many those are
}

// prefix returns the kind of what stands in front of each point, codeRange how the points are told (4.2.2.7.3).
func (o *object) prefix() byte    { return o.qualifier >> 4 & 7 }
func (o *object) codeRange() byte { return o.qualifier & 15 }

// prefixLen returns the bytes of a prefix, and false for codes that do not exist.
func (o *object) prefixLen() (int, bool) {
	switch o.prefix() {
	case 0:
		return 0, true
	case 1, 4:
		return 1, true
	case 2, 5:
		return 2, true
	case 3, 6:
		return 4, true
	}
	return 0, false
}

// sized reports whether prefixes are sizes; else they are indexes.
func (o *object) sized() bool { return o.prefix() >= 4 }

// readNumber reads a number of 1, 2 or 4 bytes; the caller has looked whether they are there.
func readNumber(b []byte, n int) uint32 {
	switch n {
	case 1:
		return uint32(b[0])
	case 2:
		return uint32(binary.LittleEndian.Uint16(b))
	case 4:
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// header reads a header and returns what follows it.
func (o *object) header(b []byte) (rest []byte, ok bool) {
	if len(b) < 3 {
		return b, false
	}
	o.group, o.variation, o.qualifier = b[0], b[1], b[2]
	b = b[3:]
	if _, ok := o.prefixLen(); !ok {
		return b, false
	}
	switch c := o.codeRange(); c {
	case 0, 1, 2, 3, 4, 5: // start and stop, as indexes or addresses
		n := 1 << (c % 3)
		if len(b) < 2*n {
			return b, false
		}
		o.start, o.stop = readNumber(b, n), readNumber(b[n:], n)
		if o.stop < o.start || o.stop-o.start == 1<<32-1 {
			return b, false
		}
		o.count = o.stop - o.start + 1
		return b[2*n:], true
	case 6: // all
		return b, true
	case 7, 8, 9, 11: // a count
		n := 1
		if c != 11 {
			n = 1 << (c - 7)
		}
		if len(b) < n {
			return b, false
		}
		o.count = readNumber(b, n)
		return b[n:], true
	}
	return b, false
}

// named reports whether the objects of a group are headers alone in messages of a function: they only name points (IEEE
// 1815-2012, 4.4). Indexes follow all the same.
func named(function, group byte) bool {
	switch {
	case function == fnRead, function >= fnImmediateFreeze && function <= fnFreezeClearNR, function == fnEnableUnsolicited,
		function == fnDisableUnsolicited, function == fnAssignClass:
		return true
	case function == fnFreezeAtTime, function == fnFreezeAtTimeNR:
		return group != 50
	}
	return false
}

// read reads the objects of a whole fragment, as far as their layout is known.
func (tx *Tx) read() {
	b, function := tx.body(), tx.data[1]
	left := uint32(pointsMax)
	tx.complete = true
	for len(b) > 0 {
		if len(tx.objects) == objectsMax {
			tx.stop(TooManyObjects)
			return
		}
		var o object
		rest, ok := o.header(b)
		if !ok {
			tx.stop(Malformed)
			return
		}
		b = rest
		event := ""
		if named(function, o.group) && !o.sized() { // reading a file takes an object that says which
			rest, event = o.passPrefixes(b)
		} else if o.count > 0 {
			rest, event = o.passPoints(b, &left)
		}
		o.data = b[:len(b)-len(rest)]
		tx.objects = append(tx.objects, o)
		if event != "" {
			tx.stop(event)
			return
		}
		b = rest
	}
}

func (tx *Tx) stop(event string) {
	tx.complete = false
	tx.note(event)
}

// passPrefixes passes over the indexes of points that are only named.
func (o *object) passPrefixes(b []byte) (rest []byte, event string) {
	n, _ := o.prefixLen()
	if uint64(len(b)) < uint64(o.count)*uint64(n) {
		return b, Malformed
	}
	return b[int(o.count)*n:], ""
}

// passPoints passes over points.
func (o *object) passPoints(b []byte, left *uint32) (rest []byte, event string) {
	l := layoutOf(o.group, o.variation)
	if l == nil && !o.sized() || l != nil && l.sized && !o.sized() {
		return b, UnknownObject
	}
	limited := o.count > *left
	n := min(o.count, *left)
	*left -= n
	if l != nil && l.packed > 0 {
		if o.prefix() != 0 {
			return b, UnknownObject
		}
		size := (int(n)*l.packed + 7) / 8
		if len(b) < size {
			return b, Malformed
		}
		o.points, rest = n, b[size:]
	} else {
		for rest = b; o.points < n; o.points++ {
			_, _, after, ok := o.next(l, rest)
			if !ok {
				return rest, Malformed
			}
			rest = after
		}
	}
	switch {
	case limited:
		return rest, TooManyPoints
	case l == nil:
		return rest, UnknownObject
	}
	return rest, ""
}

// next cuts the prefix and the bytes of a point off.
func (o *object) next(l *layout, b []byte) (prefix uint32, point, rest []byte, ok bool) {
	n, _ := o.prefixLen()
	if len(b) < n {
		return 0, nil, nil, false
	}
	prefix, b = readNumber(b, n), b[n:]
	if o.sized() {
		if uint64(prefix) > uint64(len(b)) || l != nil && l.length(b[:prefix]) < 0 {
			return 0, nil, nil, false
		}
		return prefix, b[:prefix], b[prefix:], true
	}
	size := l.length(b)
	if size < 0 {
		return 0, nil, nil, false
	}
	return prefix, b[:size], b[size:], true
}

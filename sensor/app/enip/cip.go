package enip

// Services that carry what is looked at.
const (
	getAttributeList = 3
	setAttributeList = 4
	multipleService  = 10
)

// Logical segments of a path (volume 1, C-1.4.2), by the upper six bits.
const (
	segClass     = 0x20 >> 2
	segInstance  = 0x24 >> 2
	segAttribute = 0x30 >> 2
	segSpecial   = 0x34 >> 2 // an electronic key
)

// cip is a message to or from a message router (volume 1, 2-4).
type cip struct {
	service  byte
	reply    bool
	path     []byte // of a request
	status   byte   // of a reply
	extended []byte // of a reply
	data     []byte
}

func parseCIP(b []byte) (c cip, ok bool) {
	if len(b) < 2 {
		return c, false
	}
	c.service, c.reply = b[0]&0x7f, b[0]&0x80 != 0
	at, n := 2, 2*int(b[1]) // the path's length is in words
	if c.reply {
		if len(b) < 4 {
			return c, false
		}
		c.status = b[2]
		at, n = 4, 2*int(b[3])
	}
	if len(b)-at < n {
		return c, false
	}
	if c.reply {
		c.extended = b[at : at+n]
	} else {
		c.path = b[at : at+n]
	}
	c.data = b[at+n:]
	return c, true
}

// segment is a logical segment of a path.
type segment struct {
	kind  byte // the whole first byte
	value uint32
}

// nextSegment reads the next logical segment and passes over others. bad tells that the path is cut short.
func nextSegment(path []byte) (s segment, rest []byte, ok, bad bool) {
	for len(path) > 0 {
		kind, n := path[0], 0
		switch {
		case kind>>5 == 1 && kind>>2 == segSpecial:
			n = 10
		case kind>>5 == 1:
			switch kind & 3 {
			case 0:
				n = 2
			case 1:
				n = 4
			case 2:
				n = 6
			default:
				return s, nil, false, true
			}
			if len(path) < n {
				return s, nil, false, true
			}
			s.kind = kind
			switch n {
			case 2:
				s.value = uint32(path[1])
			case 4:
				s.value = uint32(le.Uint16(path[2:]))
			default:
				s.value = le.Uint32(path[2:])
			}
			return s, path[n:], true, false
		case kind>>5 == 0 && len(path) > 1: // a port, with its link address (C-1.4.1)
			n = 2
			if kind&0x10 != 0 {
				n = 2 + int(path[1])
			}
			if kind&0x0f == 0x0f {
				n += 2
			}
			n += n & 1
		case kind == 0x91 && len(path) > 1: // the name of a tag (C-1.4.5)
			n = 2 + int(path[1])
			n += n & 1
		case kind == 0x80 && len(path) > 1: // simple data
			n = 2 + 2*int(path[1])
		case kind>>5 == 2: // a network's parameter
			n = 2
		default:
			return s, nil, false, false // a kind that is not known ends the path
		}
		if len(path) < n || n == 0 {
			return s, nil, false, true
		}
		path = path[n:]
	}
	return s, nil, false, false
}

// attributes returns the list that a service names its attributes in; of one that sets them the first, as what follows it
// depends on the class.
func (c *cip) attributes() (list []byte, ok bool) {
	if c.reply || c.service != getAttributeList && c.service != setAttributeList {
		return nil, true
	}
	if len(c.data) < 2 {
		return nil, false
	}
	n := int(le.Uint16(c.data))
	if c.service == setAttributeList {
		n = min(n, 1)
	}
	if len(c.data)-2 < 2*n {
		return nil, false
	}
	return c.data[2 : 2+2*min(n, attrsMax)], true
}

// services returns the number of the services in a multiple service packet (volume 1, A-4.11).
func (c *cip) services() int {
	if c.service != multipleService || len(c.data) < 2 {
		return 0
	}
	return min(int(le.Uint16(c.data)), (len(c.data)-2)/2, multiMax)
}

// at returns service i of a multiple service packet. They stand one behind the other.
func (c *cip) at(i int) (b []byte, ok bool) {
	from, to := int(le.Uint16(c.data[2+2*i:])), len(c.data)
	if i+1 < c.services() {
		to = min(to, int(le.Uint16(c.data[4+2*i:])))
	}
	if from >= to {
		return nil, false
	}
	return c.data[from:to], true
}

// found is what rules ask of the CIP messages of a PDU, in the order in which they stand.
type found struct {
	classes, instances, attributes, statuses, extended []uint32
	calls                                              []byte // a message each: service, number of classes, classes, attributes
	ends                                               []int  // where each ends
}

func (f *found) reset() {
	*f = found{f.classes[:0], f.instances[:0], f.attributes[:0], f.statuses[:0], f.extended[:0], f.calls[:0], f.ends[:0]}
}

func add(list []uint32, v uint32) []uint32 {
	if len(list) < numbersMax {
		list = append(list, v)
	}
	return list
}

// read reads a message and those that it holds; outer tells that it may hold some. It tells whether they are whole.
func (f *found) read(b []byte, outer bool) bool {
	c, ok := parseCIP(b)
	if !ok {
		return false
	}
	classes, attributes := len(f.classes), len(f.attributes)
	for path, n := c.path, 0; n < pathMax; n++ {
		s, rest, more, bad := nextSegment(path)
		if bad {
			return false
		}
		if !more {
			break
		}
		switch s.kind >> 2 {
		case segClass:
			f.classes = add(f.classes, s.value)
		case segInstance:
			f.instances = add(f.instances, s.value)
		case segAttribute:
			f.attributes = add(f.attributes, s.value)
		}
		path = rest
	}
	list, ok := c.attributes()
	if !ok {
		return false
	}
	for ; len(list) > 0; list = list[2:] {
		f.attributes = add(f.attributes, uint32(le.Uint16(list)))
	}
	if c.reply {
		f.statuses = add(f.statuses, uint32(c.status))
		if len(c.extended) == 2 {
			f.extended = add(f.extended, uint32(le.Uint16(c.extended)))
		}
	}
	f.call(c.service, f.classes[classes:], f.attributes[attributes:])
	if !outer || c.service != multipleService || c.reply && len(c.data) == 0 {
		return true
	}
	if len(c.data) < 2 || 2*int(le.Uint16(c.data)) > len(c.data)-2 {
		return false
	}
	for i := range c.services() {
		if b, ok = c.at(i); !ok || !f.read(b, false) {
			return false
		}
	}
	return true
}

// call notes a message. Its numbers are as many as those of all messages may be, so that their sum has a bound.
func (f *found) call(service byte, classes, attributes []uint32) {
	classes = classes[:min(len(classes), pathMax)]
	f.calls = append(f.calls, service, byte(len(classes)))
	for _, v := range classes {
		f.calls = le.AppendUint32(f.calls, v)
	}
	for _, v := range attributes {
		f.calls = le.AppendUint32(f.calls, v)
	}
	f.ends = append(f.ends, len(f.calls))
}

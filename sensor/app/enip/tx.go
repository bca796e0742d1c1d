package enip

import "khien/sensor"

// Tx is a request with its response.
type Tx struct {
	sensor.TxBase
	said     [2]pdu     // by direction
	from     sensor.Dir // of the response
	finished bool
	parser   *parser
}

// reset empties a transaction and keeps its memory.
func (tx *Tx) reset() {
	said := tx.said
	for i := range said {
		said[i].found.reset()
		said[i] = pdu{body: said[i].body[:0], found: said[i].found}
	}
	*tx = Tx{said: said, parser: tx.parser}
}

// Release gives the transaction back to its parser.
func (tx *Tx) Release() { tx.parser.recycle(tx) }

// Held returns the bytes of memory that the transaction holds, roughly.
func (tx *Tx) Held() int {
	n := 512
	for i := range tx.said {
		p := &tx.said[i]
		n += len(p.body) + len(p.calls) + 8*len(p.ends) + 4*(len(p.classes)+len(p.instances)+len(p.attributes)+len(p.statuses)+len(p.extended))
	}
	return n
}

// Buffer returns the names that a device says, and the CIP messages in the form that the buffer's definition tells.
func (tx *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	p := &tx.said[dir]
	switch b {
	case sensor.ENIPProductName:
		if d, ok := p.identity(); ok && i == 0 {
			return d.name, true
		}
	case sensor.ENIPServiceName:
		if s, ok := p.service(); ok && i == 0 {
			return s.name, true
		}
	case sensor.ENIPCIPCall:
		if i >= 0 && i < len(p.ends) {
			from := 0
			if i > 0 {
				from = p.ends[i-1]
			}
			return p.calls[from:p.ends[i]], true
		}
	}
	return nil, false
}

// Number returns a number of the header, of what a device says of itself or of the CIP messages.
func (tx *Tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	p := &tx.said[dir]
	if !p.seen || i < 0 {
		return 0, false
	}
	switch b {
	case sensor.ENIPCIPClass:
		return at(p.classes, i)
	case sensor.ENIPCIPInstance:
		return at(p.instances, i)
	case sensor.ENIPCIPAttribute:
		return at(p.attributes, i)
	case sensor.ENIPCIPStatus:
		return at(p.statuses, i)
	case sensor.ENIPCIPExtendedStatus:
		return at(p.extended, i)
	}
	if i > 0 {
		return 0, false
	}
	switch b {
	case sensor.ENIPCommand:
		return uint64(p.command), true
	case sensor.ENIPStatus:
		return uint64(p.status), true
	case sensor.ENIPProtocolVersion:
		return p.version()
	case sensor.ENIPCapabilities:
		s, ok := p.service()
		return uint64(s.capabilities), ok
	}
	d, ok := p.identity()
	if !ok {
		return 0, false
	}
	switch b {
	case sensor.ENIPRevision:
		return uint64(d.major)<<8 | uint64(d.minor), true
	case sensor.ENIPIdentityStatus:
		return uint64(d.status), true
	case sensor.ENIPState:
		return uint64(d.state), true
	case sensor.ENIPSerial:
		return uint64(d.serial), true
	case sensor.ENIPProductCode:
		return uint64(d.product), true
	case sensor.ENIPDeviceType:
		return uint64(d.device), true
	case sensor.ENIPVendorID:
		return uint64(d.vendor), true
	}
	return 0, false
}

func at(list []uint32, i int) (uint64, bool) {
	if i >= len(list) {
		return 0, false
	}
	return uint64(list[i]), true
}

// identity returns what a device says of itself.
func (p *pdu) identity() (d identity, ok bool) {
	if b, ok := p.first(cmdListIdentity, itemIdentity); ok {
		return parseIdentity(b)
	}
	return d, false
}

// service returns the first service that a device lists.
func (p *pdu) service() (s service, ok bool) {
	if b, ok := p.first(cmdListServices, itemServices); ok {
		return parseService(b)
	}
	return s, false
}

// registration returns what RegisterSession carries: a version and options.
func (p *pdu) registration() ([]byte, bool) {
	return p.body, p.command == cmdRegisterSession && p.valid && len(p.body) >= 4
}

// version returns the version of the encapsulation that a message tells.
func (p *pdu) version() (uint64, bool) {
	if b, ok := p.registration(); ok {
		return uint64(le.Uint16(b)), true
	}
	if s, ok := p.service(); ok {
		return uint64(s.version), true
	}
	d, ok := p.identity()
	return uint64(d.version), ok
}

// LogReady reports whether the response has come or will not come.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == sensor.ToServer && tx.finished }

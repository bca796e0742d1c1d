package enip

import "encoding/binary"

const headerLen = 24

var le = binary.LittleEndian

// header is the encapsulation header (volume 2, 2-3.2).
type header struct {
	command uint16
	length  int // of what follows it
	session uint32
	status  uint32
	options uint32
}

// parseHeader reads a header; b has headerLen bytes.
func parseHeader(b []byte) header {
	return header{command: le.Uint16(b), length: int(le.Uint16(b[2:])), session: le.Uint32(b[4:]), status: le.Uint32(b[8:]),
		options: le.Uint32(b[20:])}
}

// pdu is a message of one side.
type pdu struct {
	header
	seen  bool
	valid bool   // what it carries could be read
	body  []byte // up to bodyMax
	found
}

// set takes over a message.
func (p *pdu) set(h header, body []byte) {
	p.header, p.seen = h, true
	p.body = append(p.body[:0], body[:min(len(body), bodyMax)]...)
	p.found.reset()
	// A request that is refused as a whole is answered with nothing but a header.
	if p.valid = h.status != 0 && len(body) == 0 || p.check(body); !p.valid {
		p.found.reset()
	}
}

// carriesItems tells the commands whose messages carry items, and how many bytes stand before them.
func carriesItems(command uint16) (skip int, ok bool) {
	switch command {
	case cmdSendRRData, cmdSendUnitData:
		return 6, true // interface handle and timeout
	case cmdListServices, cmdListIdentity, cmdListInterfaces:
		return 0, true
	}
	return 0, false
}

// item is one of the common packet format.
type item struct {
	kind uint16
	at   int // of its header in the body
	data []byte
}

// items walks over the items of a body.
type items struct {
	body []byte
	at   int
	left int
	ok   bool // what was read so far is whole
}

func itemsOf(command uint16, body []byte) (it items) {
	skip, ok := carriesItems(command)
	if !ok || len(body) < skip+2 {
		return items{ok: !ok || skip == 0 && len(body) == 0} // a request for a list is empty
	}
	return items{body: body, at: skip + 2, left: int(le.Uint16(body[skip:])), ok: true}
}

// next returns the next item.
func (it *items) next() (i item, ok bool) {
	if it.left == 0 {
		return i, false
	}
	if len(it.body)-it.at < 4 {
		it.ok, it.left = false, 0
		return i, false
	}
	i = item{kind: le.Uint16(it.body[it.at:]), at: it.at}
	n := int(le.Uint16(it.body[it.at+2:]))
	if len(it.body)-it.at-4 < n {
		it.ok, it.left = false, 0
		return i, false
	}
	i.data = it.body[it.at+4 : it.at+4+n]
	it.at += 4 + n
	it.left--
	return i, true
}

// message returns the CIP message of an item, and the number of its connection's sequence when it has one.
func (i *item) message() (b []byte, sequence int, ok bool) {
	switch {
	case i.kind == itemUnconnected:
		return i.data, -1, true
	case i.kind == itemConnected && len(i.data) >= 2:
		return i.data[2:], int(le.Uint16(i.data)), true
	}
	return nil, -1, false
}

// check tells whether what a message carries can be read, and finds in it what rules ask for. Of CIP messages it is the first.
func (p *pdu) check(body []byte) bool {
	if p.command == cmdRegisterSession {
		return len(body) >= 4
	}
	it := itemsOf(p.command, body)
	for n := 0; n < itemsMax; n++ {
		i, ok := it.next()
		if !ok {
			return it.ok
		}
		switch i.kind {
		case itemIdentity:
			_, ok = parseIdentity(i.data)
		case itemServices:
			_, ok = parseService(i.data)
		case itemConnected, itemUnconnected:
			var b []byte
			if b, _, ok = i.message(); ok && len(p.ends) == 0 {
				ok = p.read(b, true)
			}
		}
		if !ok {
			return false
		}
	}
	return true
}

// cip returns the first CIP message that a valid message of the session carries.
func (p *pdu) cip() (b []byte, ok bool) {
	if !p.valid || p.command != cmdSendRRData && p.command != cmdSendUnitData {
		return nil, false
	}
	it := itemsOf(p.command, p.body)
	for n := 0; n < itemsMax; n++ {
		i, more := it.next()
		if !more {
			break
		}
		if b, _, ok := i.message(); ok {
			return b, true
		}
	}
	return nil, false
}

// first returns the data of the first item when it is of a kind.
func (p *pdu) first(command, kind uint16) ([]byte, bool) {
	if !p.valid || p.command != command {
		return nil, false
	}
	it := itemsOf(p.command, p.body)
	i, ok := it.next()
	return i.data, ok && i.kind == kind
}

// sequence returns the number by which a response over a connection is told: that of the second item.
func (p *pdu) sequence() int {
	it := itemsOf(p.command, p.body)
	if _, ok := it.next(); !ok {
		return -1
	}
	i, _ := it.next()
	if i.kind != itemConnected {
		return -1
	}
	_, n, _ := i.message()
	return n
}

// answers tells whether p may be the response to a request.
func (p *pdu) answers(q *pdu) bool {
	if p.command != q.command || p.session != q.session && p.command != cmdRegisterSession {
		return false
	}
	if p.command != cmdSendRRData && p.command != cmdSendUnitData {
		return true
	}
	if len(p.body) == 0 && p.status != 0 {
		return true
	}
	if p.valid != q.valid {
		return false
	}
	a, b := p.sequence(), q.sequence()
	return a < 0 || b < 0 || a == b
}

// identity is the answer to ListIdentity (volume 2, 2-4.3).
type identity struct {
	version, vendor, device, product uint16
	major, minor                     byte
	status                           uint16
	serial                           uint32
	name                             []byte
	state                            byte
}

func parseIdentity(b []byte) (d identity, ok bool) {
	const fixed = 33 // up to the name; a socket address is behind the version
	if len(b) < fixed {
		return d, false
	}
	n := int(b[fixed-1])
	if len(b) < fixed+n+1 {
		return d, false
	}
	return identity{version: le.Uint16(b), vendor: le.Uint16(b[18:]), device: le.Uint16(b[20:]), product: le.Uint16(b[22:]),
		major: b[24], minor: b[25], status: le.Uint16(b[26:]), serial: le.Uint32(b[28:]), name: b[fixed : fixed+n], state: b[fixed+n]}, true
}

// service is the answer to ListServices (volume 2, 2-4.2).
type service struct {
	version, capabilities uint16
	name                  []byte
}

func parseService(b []byte) (s service, ok bool) {
	if len(b) < 20 {
		return s, false
	}
	return service{version: le.Uint16(b), capabilities: le.Uint16(b[2:]), name: b[4:20]}, true
}

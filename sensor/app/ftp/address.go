package ftp

import (
	"bytes"
	"net/netip"
	"strconv"

	"khien/sensor"
)

// transfer is the context of a data connection. What is transferred may be said after the connection was announced.
type transfer struct {
	parent  uint64
	command string // "" when nothing was asked for
	name    []byte
}

// interpret reads the commands that concern data connections.
func (p *parser) interpret(tx *Tx) {
	f := p.out.Flow()
	switch string(tx.command) {
	case "PORT":
		if to, ok := parsePort(tx.data); ok {
			p.active(tx, f, to)
		}
	case "EPRT":
		if to, ok := parseEPRT(tx.data); ok {
			p.active(tx, f, to)
		}
	case "RETR", "STOR", "APPE", "STOU", "NLST", "LIST", "MLSD":
		if p.transfer != nil {
			p.transfer.command, p.transfer.name = string(tx.command), tx.data
		}
	}
}

// active notes that the server will connect to the client.
func (p *parser) active(tx *Tx, f *sensor.Flow, to sensor.Endpoint) {
	tx.mode, tx.port, tx.bounce = "active", to.Port, to.Addr != f.Src
	if !tx.bounce {
		p.expect(f, to)
	}
}

func (p *parser) expect(f *sensor.Flow, to sensor.Endpoint) {
	p.transfer = &transfer{parent: f.ID}
	p.out.Expect(sensor.Expectation{Server: to, Proto: sensor.ProtoFTPData, Context: p.transfer})
}

// answer reads the replies that announce a data connection or change the protocol.
func (p *parser) answer(tx *Tx, code int, line []byte) {
	f := p.out.Flow()
	switch {
	case code == 227 && string(tx.command) == "PASV":
		if i := bytes.IndexAny(line[3:], "0123456789"); i >= 0 {
			if to, ok := parsePort(line[3+i:]); ok {
				// The address is the server's own one behind a translator: the flow's is right.
				to.Addr = f.Dst
				tx.mode, tx.port = "passive", to.Port
				p.expect(f, to)
			}
		}
	case code == 229 && string(tx.command) == "EPSV":
		if port, ok := parseEPSV(line); ok {
			tx.mode, tx.port = "passive", port
			p.expect(f, sensor.Endpoint{Addr: f.Dst, Port: port})
		}
	case code == 234 && string(tx.command) == "AUTH":
		p.upgraded = true
		p.out.Upgrade(sensor.ProtoTLS)
	}
}

// parsePort reads h1,h2,h3,h4,p1,p2 (RFC 959, 4.1.2).
func parsePort(b []byte) (to sensor.Endpoint, ok bool) {
	var v [6]byte
	for i := range v {
		n, digits := 0, 0
		for len(b) > 0 && '0' <= b[0] && b[0] <= '9' && digits < 3 {
			n, b, digits = n*10+int(b[0]-'0'), b[1:], digits+1
		}
		if digits == 0 || n > 255 {
			return to, false
		}
		v[i] = byte(n)
		if i < 5 {
			if len(b) == 0 || b[0] != ',' {
				return to, false
			}
			b = b[1:]
		}
	}
	return sensor.Endpoint{Addr: netip.AddrFrom4([4]byte(v[:4])), Port: uint16(v[4])<<8 | uint16(v[5])}, true
}

// parseEPRT reads |family|address|port| (RFC 2428, 2).
func parseEPRT(b []byte) (to sensor.Endpoint, ok bool) {
	if len(b) == 0 || len(b) > 128 {
		return to, false
	}
	part := bytes.Split(b, b[:1])
	if len(part) < 4 {
		return to, false
	}
	a, err := netip.ParseAddr(string(part[2]))
	port, err2 := strconv.ParseUint(string(part[3]), 10, 16)
	return sensor.Endpoint{Addr: a, Port: uint16(port)}, err == nil && err2 == nil
}

// parseEPSV reads the port of "229 text (|||port|)" (RFC 2428, 3).
func parseEPSV(line []byte) (uint16, bool) {
	i := bytes.IndexByte(line, '(')
	if i < 0 || len(line)-i < 6 {
		return 0, false
	}
	b := line[i+1:]
	if b[1] != b[0] || b[2] != b[0] {
		return 0, false
	}
	digits, _, _ := bytes.Cut(b[3:], b[:1])
	port, err := strconv.ParseUint(string(digits), 10, 16)
	return uint16(port), err == nil
}

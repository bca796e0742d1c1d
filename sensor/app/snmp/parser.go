package snmp

import (
	"net/netip"

	"khien/sensor"
	"khien/sensor/app/ber"
)

// Protocol describes SNMP to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoSNMP,
		UDP:   true,
		Ports: []uint16{161, 162},
		Probe: probe,
		New:   func(*sensor.Flow, any) sensor.Parser { return new(parser) },
	}
}

// probe wants a sequence that fills the datagram, a version, and what must follow it.
func probe(_ sensor.Dir, b []byte, _ *sensor.Flow) sensor.Match {
	content, rest, ok := ber.Expect(b, ber.TagSequence)
	if !ok || len(rest) > 0 {
		return sensor.No
	}
	v, after, ok := ber.ExpectInt(content, ber.TagInteger)
	if !ok || len(after) == 0 {
		return sensor.No
	}
	switch {
	case v == 3 && after[0] == ber.TagSequence:
		return sensor.Yes
	case v == 0 || v == 1:
		_, pdu, ok := ber.Expect(after, ber.TagBytes)
		if tag, _, _, ok2 := ber.Next(pdu); ok && ok2 && tag >= 0xa0 && int(tag-0xa0) < len(pduNames) {
			return sensor.Yes
		}
	}
	return sensor.No
}

// parser reads one flow.
type parser struct {
	next    uint64
	version int64
	known   bool // version is that of the first message
}

// Parse reads a datagram.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	tx := &Tx{dir: dir, pdu: -1}
	if !tx.parse(b) {
		if tx.version < 0 {
			out.Anomaly(dir, Malformed)
			return len(b), nil
		}
		tx.Anomalies[dir] = append(tx.Anomalies[dir], Malformed)
	}
	if p.known && p.version != tx.version {
		tx.Anomalies[dir] = append(tx.Anomalies[dir], VersionMismatch)
	}
	p.version, p.known = tx.version, true
	tx.ID, tx.Proto = p.next, sensor.ProtoSNMP
	p.next++
	tx.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}
	out.Tx(tx, dir)
	out.Done(tx)
	return len(b), nil
}

// Gap does not happen to datagrams.
func (p *parser) Gap(sensor.Dir, int, sensor.Emitter) error { return nil }

// Close has nothing to end.
func (p *parser) Close(sensor.Dir, sensor.Emitter) {}

// parse reads a message. version stays -1 when there is not even that.
func (tx *Tx) parse(b []byte) bool {
	tx.version = -1
	content, _, ok := ber.Expect(b, ber.TagSequence)
	v, rest, ok2 := ber.ExpectInt(content, ber.TagInteger)
	if !ok || !ok2 || v != 0 && v != 1 && v != 3 {
		return false
	}
	tx.version = v
	if v == 3 {
		return tx.parse3(rest)
	}
	community, rest, ok := ber.Expect(rest, ber.TagBytes)
	if !ok {
		return false
	}
	tx.community = append([]byte{}, community...)
	return tx.parsePDU(rest)
}

// parse3 reads global data, security parameters and the PDU where it is not encrypted (RFC 3412, 6; RFC 3414, 2.4).
func (tx *Tx) parse3(b []byte) bool {
	global, b, ok := ber.Expect(b, ber.TagSequence)
	if !ok {
		return false
	}
	security, b, ok := ber.Expect(b, ber.TagBytes)
	if !ok {
		return false
	}
	_, g, _ := ber.ExpectInt(global, ber.TagInteger) // message number
	_, g, _ = ber.ExpectInt(g, ber.TagInteger)       // largest message
	_, g, _ = ber.Expect(g, ber.TagBytes)            // flags
	if model, _, ok := ber.ExpectInt(g, ber.TagInteger); !ok || model != 3 {
		tx.Anomalies[tx.dir] = append(tx.Anomalies[tx.dir], UnknownSecurity)
	} else if usm, _, ok := ber.Expect(security, ber.TagSequence); ok {
		_, u, _ := ber.Expect(usm, ber.TagBytes) // engine
		_, u, _ = ber.ExpectInt(u, ber.TagInteger)
		_, u, _ = ber.ExpectInt(u, ber.TagInteger)
		if name, _, ok := ber.Expect(u, ber.TagBytes); ok {
			tx.usm = append([]byte{}, name...)
		}
	}
	tag, scoped, _, ok := ber.Next(b)
	if !ok {
		return false
	}
	if tag == ber.TagBytes {
		tx.encrypted = true
		return true
	}
	_, scoped, ok = ber.Expect(scoped, ber.TagBytes) // engine
	if !ok {
		return false
	}
	_, scoped, ok = ber.Expect(scoped, ber.TagBytes) // context
	return ok && tx.parsePDU(scoped)
}

// parsePDU reads the type and the names of the variables.
func (tx *Tx) parsePDU(b []byte) bool {
	tag, body, _, ok := ber.Next(b)
	if !ok || tag < 0xa0 || int(tag-0xa0) >= len(pduNames) {
		return false
	}
	tx.pdu = int(tag - 0xa0)
	if tx.pdu == 4 {
		return tx.parseTrap1(body)
	}
	for i := range 3 { // request, error status, error index
		v, rest, ok := ber.ExpectInt(body, ber.TagInteger)
		if !ok {
			return false
		}
		if i == 1 {
			tx.status = v
		}
		body = rest
	}
	return tx.parseVars(body)
}

// parseTrap1 reads a trap of version 1 (RFC 1157, 4.1.6).
func (tx *Tx) parseTrap1(b []byte) bool {
	oid, b, ok := ber.Expect(b, ber.TagOID)
	if !ok {
		return false
	}
	tx.trapOID = ber.AppendOID(nil, oid)
	tag, addr, b, ok := ber.Next(b)
	if !ok || tag != 0x40 {
		return false
	}
	if a, ok := netip.AddrFromSlice(addr); ok {
		tx.trapAddress = a.AppendTo(nil)
	}
	if tx.trapType, b, ok = ber.ExpectInt(b, ber.TagInteger); !ok {
		return false
	}
	b = next(next(b)) // specific code, time stamp
	return tx.parseVars(b)
}

func next(b []byte) []byte {
	_, _, rest, _ := ber.Next(b)
	return rest
}

func (tx *Tx) parseVars(b []byte) bool {
	list, _, ok := ber.Expect(b, ber.TagSequence)
	if !ok {
		return false
	}
	for len(list) > 0 && len(tx.vars) < varsMax {
		pair, rest, ok := ber.Expect(list, ber.TagSequence)
		if !ok {
			return false
		}
		if oid, _, ok := ber.Expect(pair, ber.TagOID); ok {
			tx.vars = append(tx.vars, ber.AppendOID(nil, oid))
		}
		list = rest
	}
	return true
}

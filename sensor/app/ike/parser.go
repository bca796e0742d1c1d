package ike

import (
	"encoding/binary"

	"khien/sensor"
)

// Protocol describes IKE to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoIKE,
		UDP:   true,
		Ports: []uint16{portIKE, portNAT},
		Probe: probe,
		New:   func(*sensor.Flow, any) sensor.Parser { return new(parser) },
	}
}

// strip takes away the marker that tells IKE from ESP on the port of NAT traversal (RFC 3948, 2.2).
func strip(b []byte, f *sensor.Flow) []byte {
	if (f.DstPort == portNAT || f.SrcPort == portNAT) && len(b) > 4 && binary.BigEndian.Uint32(b) == 0 {
		return b[4:]
	}
	return b
}

// probe wants a header whose length is the datagram's and whose version and exchange go together.
func probe(_ sensor.Dir, b []byte, f *sensor.Flow) sensor.Match {
	b = strip(b, f)
	if len(b) < headerLen || int(binary.BigEndian.Uint32(b[24:])) != len(b) || binary.BigEndian.Uint64(b) == 0 {
		return sensor.No
	}
	exchange := b[18]
	switch b[17] {
	case 0x10:
		if exchange >= 1 && exchange <= 6 || exchange == 32 || exchange == 33 {
			return sensor.Yes
		}
	case 0x20:
		if exchange >= 34 && exchange <= 43 && b[19]&0xc7 == 0 {
			return sensor.Yes
		}
	}
	return sensor.No
}

// side is what one side has shown.
type side struct {
	ke, nonce  []byte
	vendors    [][]byte
	transforms [][]attribute // proposed or chosen
}

// parser reads one flow.
type parser struct {
	next   uint64
	sides  [2]side
	chosen []attribute // by the responder
	doi    uint32
}

// Parse reads a datagram.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	all := len(b)
	f := out.Flow()
	if probe(dir, b, f) != sensor.Yes {
		if b = strip(b, f); len(b) > 4 && f.DstPort != portNAT && f.SrcPort != portNAT {
			out.Anomaly(dir, MalformedData)
		}
		return all, nil // ESP and keep-alives go over the port of NAT traversal, too
	}
	b = strip(b, f)
	tx := &Tx{dir: dir, major: b[17] >> 4, minor: b[17] & 15, exchange: b[18], flags: b[19],
		message: binary.BigEndian.Uint32(b[20:])}
	copy(tx.spi[0][:], b)
	copy(tx.spi[1][:], b[8:])
	if tx.major == 1 && tx.flags&flagEncrypted != 0 {
		tx.encrypted = true
	} else if !p.payloads(tx, b[16], b[headerLen:]) {
		tx.Anomalies[dir] = append(tx.Anomalies[dir], MalformedData)
	}
	tx.sides, tx.chosen, tx.doi = p.sides, p.chosen, p.doi
	tx.ID, tx.Proto = p.next, sensor.ProtoIKE
	p.next++
	tx.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}
	out.Tx(tx, dir)
	out.Done(tx)
	return all, nil
}

// payloads reads the chain of payloads (RFC 2408, 3.2).
func (p *parser) payloads(tx *Tx, kind byte, b []byte) bool {
	s := &p.sides[tx.dir]
	for range payloadsMax {
		if kind == 0 {
			break
		}
		if len(b) < 4 {
			return false
		}
		n := int(binary.BigEndian.Uint16(b[2:]))
		if n < 4 || n > len(b) {
			return false
		}
		body := b[4:n]
		tx.payloads = append(tx.payloads, kind)
		switch {
		case kind == pay1SA && tx.major == 1, kind == pay2SA && tx.major == 2:
			if tx.major == 1 {
				s.transforms = p.proposals1(body)
			} else {
				s.transforms = s.transforms[:0:0]
				for _, q := range proposals2(body) {
					s.transforms = append(s.transforms, q.transforms)
					tx.judge(&q)
				}
			}
			if tx.dir == sensor.ToClient && len(s.transforms) > 0 {
				p.chosen, tx.chose = s.transforms[0], true
				if tx.major == 1 && len(s.transforms) > 1 {
					tx.note(MultipleProposal)
				}
			}
		case kind == pay1KE && tx.major == 1:
			s.ke, tx.ke = keep(body), true
		case kind == pay2KE && len(body) >= 4:
			s.ke, tx.ke = keep(body[4:]), true
		case kind == pay1Nonce && tx.major == 1, kind == pay2Nonce && tx.major == 2:
			s.nonce, tx.nonce = keep(body), true
		case kind == pay1Vendor && tx.major == 1, kind == pay2Vendor && tx.major == 2:
			if len(tx.vendors) < vendorsMax {
				tx.vendors = append(tx.vendors, keep(body))
				s.vendors = tx.vendors
			}
		case kind == pay2Notify && tx.major == 2 && len(body) >= 4:
			tx.notify = append(tx.notify, binary.BigEndian.Uint16(body[2:]))
		case (kind == pay2Sealed || kind == pay2Fragment) && tx.major == 2:
			tx.encrypted = true
			return true
		}
		kind, b = b[0], b[n:]
	}
	return true
}

func keep(b []byte) []byte { return append([]byte{}, b[:min(len(b), keptMax)]...) }

// Gap does not happen to datagrams.
func (p *parser) Gap(sensor.Dir, int, sensor.Emitter) error { return nil }

// Close has nothing to end.
func (p *parser) Close(sensor.Dir, sensor.Emitter) {}

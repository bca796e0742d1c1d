package sensortest

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Record types (IANA) that dns lines may name.
var recordTypes = map[string]uint16{"A": 1, "NS": 2, "CNAME": 5, "NULL": 10, "PTR": 12, "MX": 15, "TXT": 16, "KEY": 25, "AAAA": 28, "HTTPS": 65}

// dns writes a query and its answer: dns CLIENT NAME TYPE [ANSWER…].
func (w *writer) dns(d *directive) error {
	if len(d.args) < 3 {
		return errors.New("want: dns CLIENT NAME TYPE [ANSWER…] [server=…] [rcode=…] [ttl=…] [noreply]")
	}
	c, err := w.endpoint(d.args[0], true)
	if err != nil {
		return err
	}
	server := "10.20.0.53"
	if c.Addr().Is6() {
		server = "2001:db8::53"
	}
	server = d.option("server", server)
	a, err := netip.ParseAddr(server)
	if err != nil || a.Is4() != c.Addr().Is4() {
		return fmt.Errorf("server=%s: want an address of the client's family", server)
	}
	kind, ok := recordTypes[d.args[2]]
	if !ok {
		return fmt.Errorf("no record type %q", d.args[2])
	}
	rcode, err := d.number("rcode", 0, 0, 15)
	if err != nil {
		return err
	}
	ttl, err := d.number("ttl", 300, 0, 1<<31-1)
	if err != nil {
		return err
	}
	name, err := appendName(nil, d.args[1])
	if err != nil {
		return err
	}
	question := binary.BigEndian.AppendUint16(name, kind)
	question = append(question, 0, 1)
	w.ids++
	id := w.ids
	s := netip.AddrPortFrom(a, 53)
	w.udp(c, s, false, append(dnsHeader(id, 0x0100, 0), question...))
	if d.has("noreply") {
		return nil
	}
	reply := append(dnsHeader(id, 0x8180|uint16(rcode), len(d.args)-3), question...)
	for _, answer := range d.args[3:] {
		if reply, err = appendRecord(reply, kind, uint32(ttl), answer); err != nil {
			return err
		}
	}
	w.udp(c, s, true, reply)
	return nil
}

func dnsHeader(id, bits uint16, answers int) []byte {
	h := make([]byte, 12, 128)
	binary.BigEndian.PutUint16(h[0:], id)
	binary.BigEndian.PutUint16(h[2:], bits)
	h[5] = 1
	binary.BigEndian.PutUint16(h[6:], uint16(answers))
	return h
}

// appendRecord appends a record of the question's name. An answer TYPE:VALUE is of another type than the question.
func appendRecord(b []byte, kind uint16, ttl uint32, answer string) ([]byte, error) {
	if t, value, ok := strings.Cut(answer, ":"); ok && recordTypes[t] != 0 {
		kind, answer = recordTypes[t], value
	}
	var data []byte
	var err error
	switch kind {
	case 1, 28:
		a, parseErr := netip.ParseAddr(answer)
		if parseErr != nil || a.Is4() != (kind == 1) {
			return nil, fmt.Errorf("answer %q: want an address of the record's family", answer)
		}
		data = a.AsSlice()
	case 16:
		for rest := answer; len(rest) > 0 || data == nil; {
			n := min(len(rest), 255)
			data = append(append(data, byte(n)), rest[:n]...)
			rest = rest[n:]
		}
	case 15:
		data, err = appendName([]byte{0, 10}, answer)
	case 65:
		data, err = service(answer)
	case 10, 25:
		data = []byte(answer)
	default:
		data, err = appendName(nil, answer)
	}
	if err != nil {
		return nil, err
	}
	b = append(b, 0xc0, 12) // the question's name
	b = binary.BigEndian.AppendUint16(b, kind)
	b = append(b, 0, 1)
	b = binary.BigEndian.AppendUint32(b, ttl)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return append(b, data...), nil
}

// service writes an HTTPS record (RFC 9460) from "PRIORITY TARGET [alpn=h2,h3] [ech=PUBLICNAME]"; a text that does not
// begin with a number is taken as it stands.
func service(answer string) ([]byte, error) {
	words := strings.Fields(answer)
	if len(words) < 2 {
		return []byte(answer), nil
	}
	priority, err := strconv.ParseUint(words[0], 10, 16)
	if err != nil {
		return []byte(answer), nil
	}
	b := binary.BigEndian.AppendUint16(nil, uint16(priority))
	if words[1] == "." {
		b = append(b, 0)
	} else if b, err = appendName(b, words[1]); err != nil {
		return nil, err
	}
	for _, w := range words[2:] {
		key, value, _ := strings.Cut(w, "=")
		var v []byte
		switch key {
		case "alpn":
			for p := range strings.SplitSeq(value, ",") {
				v = append(v, vector8([]byte(p))...)
			}
			b = append(binary.BigEndian.AppendUint16(b, 1), vector16(v)...)
		case "ech": // RFC 9849, 4: one configuration with a key of filler
			f := &filler{seed: sha256.Sum256([]byte(value))}
			config := append([]byte{7, 0, 0x20}, vector16(f.next(32))...)
			config = append(config, vector16([]byte{0, 1, 0, 1})...)
			config = append(append(config, 64), vector8([]byte(value))...)
			config = append(config, 0, 0)
			list := append([]byte{0xfe, 0x0d}, vector16(config)...)
			b = append(binary.BigEndian.AppendUint16(b, 5), vector16(vector16(list))...)
		default:
			return nil, fmt.Errorf("%q: want alpn= or ech=", w)
		}
	}
	return b, nil
}

func appendName(b []byte, name string) ([]byte, error) {
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		if len(label) == 0 || len(label) > 63 {
			return nil, fmt.Errorf("name %q: labels have 1 to 63 bytes", name)
		}
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0), nil
}

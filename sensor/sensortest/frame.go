package sensortest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"khien/sensor"
)

// frame writes a packet from one end to the other and moves the clock.
func (w *writer) frame(src, dst netip.Addr, proto byte, l4 []byte) {
	w.frameAt(src, dst, proto, l4)
	w.now = w.now.Add(step)
}

func (w *writer) frameAt(src, dst netip.Addr, proto byte, l4 []byte) {
	if len(w.packets) >= packetsMax {
		w.full = true
		return
	}
	b := make([]byte, 0, 18+40+len(l4))
	b = appendMAC(appendMAC(b, dst), src)
	if w.vlan != 0 {
		b = binary.BigEndian.AppendUint16(append(b, 0x81, 0x00), w.vlan)
	}
	if src.Is4() {
		b = append(b, 0x08, 0x00)
		b = w.appendIPv4(b, src, dst, proto, len(l4))
	} else {
		b = append(b, 0x86, 0xdd)
		b = append(b, 0x60, 0, 0, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(len(l4)))
		b = append(b, proto, 64)
		b = append(b, src.AsSlice()...)
		b = append(b, dst.AsSlice()...)
	}
	b = append(b, l4...)
	w.packets = append(w.packets, sensor.Packet{Time: w.now.UnixNano(), Data: b, Length: len(b), Link: sensor.LinkEthernet})
}

// appendMAC appends a locally administered address that belongs to the IP address.
func appendMAC(b []byte, a netip.Addr) []byte {
	s := a.As16()
	return append(b, 0x02, 0x00, s[12], s[13], s[14], s[15])
}

func (w *writer) appendIPv4(b []byte, src, dst netip.Addr, proto byte, size int) []byte {
	w.ids++
	h := make([]byte, 20)
	h[0], h[8], h[9] = 0x45, 64, proto
	binary.BigEndian.PutUint16(h[2:], uint16(20+size))
	binary.BigEndian.PutUint16(h[4:], w.ids)
	h[6] = 0x40 // don't fragment
	copy(h[12:], src.AsSlice())
	copy(h[16:], dst.AsSlice())
	binary.BigEndian.PutUint16(h[10:], ^fold(sum(0, h)))
	return append(b, h...)
}

// sum adds 16-bit words (RFC 1071).
func sum(s uint32, b []byte) uint32 {
	for ; len(b) >= 2; b = b[2:] {
		s += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) == 1 {
		s += uint32(b[0]) << 8
	}
	return s
}

func fold(s uint32) uint16 {
	for s > 0xffff {
		s = s&0xffff + s>>16
	}
	return uint16(s)
}

// checksum returns the sum over pseudo header and l4.
func checksum(src, dst netip.Addr, proto byte, l4 []byte) uint16 {
	s := sum(0, src.AsSlice())
	s = sum(s, dst.AsSlice())
	s += uint32(proto) + uint32(len(l4))
	return ^fold(sum(s, l4))
}

// udp writes one datagram.
func (w *writer) udp(c, s netip.AddrPort, fromServer bool, data []byte) {
	src, dst := c, s
	if fromServer {
		src, dst = s, c
	}
	d := make([]byte, 8, 8+len(data))
	binary.BigEndian.PutUint16(d[0:], src.Port())
	binary.BigEndian.PutUint16(d[2:], dst.Port())
	binary.BigEndian.PutUint16(d[4:], uint16(8+len(data)))
	d = append(d, data...)
	k := checksum(src.Addr(), dst.Addr(), sensor.IPProtoUDP, d)
	if k == 0 {
		k = 0xffff // RFC 768: zero means that there is none
	}
	binary.BigEndian.PutUint16(d[6:], k)
	w.frame(src.Addr(), dst.Addr(), sensor.IPProtoUDP, d)
}

// icmp writes one message; an echo request is answered unless noreply is given.
func (w *writer) icmp(d *directive) error {
	if len(d.args) != 3 || d.args[1] != ">" {
		return errors.New("want: icmp ADDRESS > ADDRESS [type=8] [code=0] [size=56] [answer=TEXT] [noreply]")
	}
	src, err := netip.ParseAddr(d.args[0])
	if err != nil {
		return fmt.Errorf("%q: want an address", d.args[0])
	}
	dst, err := netip.ParseAddr(d.args[2])
	if err != nil || src.Is4() != dst.Is4() {
		return fmt.Errorf("%q: want an address of the same family", d.args[2])
	}
	request, reply, proto := 8, 0, byte(sensor.IPProtoICMP)
	if src.Is6() {
		request, reply, proto = 128, 129, sensor.IPProtoICMPv6
	}
	kind, err := d.number("type", request, 0, 255)
	if err != nil {
		return err
	}
	code, err := d.number("code", 0, 0, 255)
	if err != nil {
		return err
	}
	size, err := d.number("size", 56, 0, 1400)
	if err != nil {
		return err
	}
	w.ids++
	id := w.ids
	data := make([]byte, size)
	for i := range data {
		data[i] = byte('a' + i%26)
	}
	write := func(from, to netip.Addr, kind int, data []byte) {
		m := append(make([]byte, 8, 8+len(data)), data...)
		m[0], m[1] = byte(kind), byte(code)
		binary.BigEndian.PutUint16(m[4:], id)
		m[7] = 1
		k := ^fold(sum(0, m))
		if proto == sensor.IPProtoICMPv6 {
			k = checksum(from, to, proto, m)
		}
		binary.BigEndian.PutUint16(m[2:], k)
		w.frame(from, to, proto, m)
	}
	write(src, dst, kind, data)
	if kind == request && !d.has("noreply") {
		if text, ok := d.options["answer"]; ok {
			data = []byte(text)
		}
		write(dst, src, reply, data)
	}
	return nil
}

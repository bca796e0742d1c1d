package sensortest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// Ports of DHCP (RFC 2131, 4.1).
const (
	dhcpServer = 67
	dhcpClient = 68
)

// Options of DHCP (RFC 2132).
const (
	dhcpHostName = 12
	dhcpLease    = 51
	dhcpType     = 53
	dhcpServerID = 54
	dhcpEnd      = 255
)

// dhcp writes the renewal of a lease (RFC 2131, 4.3.2): a client that has an address asks its server for it again.
func (w *writer) dhcp(d *directive) error {
	if len(d.args) != 1 {
		return errors.New("want: dhcp CLIENT mac=… [host=NAME] [server=10.20.0.1] [lease=SECONDS] [noreply]")
	}
	client, err := netip.ParseAddr(d.args[0])
	if err != nil || !client.Is4() {
		return fmt.Errorf("%q: want an IPv4 address", d.args[0])
	}
	server, err := netip.ParseAddr(d.option("server", "10.20.0.1"))
	if err != nil || !server.Is4() {
		return fmt.Errorf("server=%s: want an IPv4 address", d.options["server"])
	}
	mac, err := net.ParseMAC(d.options["mac"])
	if err != nil || len(mac) != 6 {
		return fmt.Errorf("mac=%s: want six bytes like 00:0b:82:01:fc:42", d.options["mac"])
	}
	host := d.options["host"]
	if len(host) > 255 {
		return errors.New("host=: at most 255 bytes")
	}
	lease, err := d.number("lease", 86400, 1, 1<<31-1)
	if err != nil {
		return err
	}
	w.ids++
	m := dhcpMessage{id: uint32(w.ids), mac: mac, client: client.As4()}
	c, s := netip.AddrPortFrom(client, dhcpClient), netip.AddrPortFrom(server, dhcpServer)
	request := m.header(1)
	request = append(request, dhcpType, 1, 3)
	if host != "" {
		request = append(append(request, dhcpHostName, byte(len(host))), host...)
	}
	w.udp(c, s, false, append(request, dhcpEnd))
	if d.has("noreply") {
		return nil
	}
	from := server.As4()
	ack := append(m.header(2), dhcpType, 1, 5, dhcpServerID, 4)
	ack = append(append(ack, from[:]...), dhcpLease, 4)
	w.udp(c, s, true, append(binary.BigEndian.AppendUint32(ack, uint32(lease)), dhcpEnd))
	return nil
}

type dhcpMessage struct {
	id     uint32
	mac    net.HardwareAddr
	client [4]byte
}

// header is a message of Ethernet up to its options. A reply grants the client the address that it has.
func (m *dhcpMessage) header(op byte) []byte {
	b := make([]byte, 236, 300)
	b[0], b[1], b[2] = op, 1, 6
	binary.BigEndian.PutUint32(b[4:], m.id)
	copy(b[12:], m.client[:])
	if op == 2 {
		copy(b[16:], m.client[:])
	}
	copy(b[28:], m.mac)
	return append(b, 0x63, 0x82, 0x53, 0x63)
}

package decode

import (
	"encoding/hex"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"khien/sensor"
)

var (
	macA  = net.HardwareAddr{2, 0, 0, 0, 0, 1}
	macB  = net.HardwareAddr{2, 0, 0, 0, 0, 2}
	addrA = net.IP{192, 0, 2, 1}
	addrB = net.IP{198, 51, 100, 2}
	addr6 = net.ParseIP("2001:db8::1")
	addr7 = net.ParseIP("2001:db8::2")
)

// frame writes layers with right lengths and checksums.
func frame(t testing.TB, ls ...gopacket.SerializableLayer) []byte {
	t.Helper()
	var network gopacket.NetworkLayer
	for _, l := range ls {
		switch l := l.(type) {
		case *layers.IPv4:
			network = l
		case *layers.IPv6:
			network = l
		case *layers.TCP:
			l.SetNetworkLayerForChecksum(network)
		case *layers.UDP:
			l.SetNetworkLayerForChecksum(network)
		case *layers.ICMPv6:
			l.SetNetworkLayerForChecksum(network)
		}
	}
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ls...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func ether(kind layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: macA, DstMAC: macB, EthernetType: kind}
}

func ip4(proto layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 64, Protocol: proto, SrcIP: addrA, DstIP: addrB, Id: 7}
}

func ip6(next layers.IPProtocol) *layers.IPv6 {
	return &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: next, SrcIP: addr6, DstIP: addr7}
}

func udp(dst uint16) *layers.UDP { return &layers.UDP{SrcPort: 40000, DstPort: layers.UDPPort(dst)} }

func tcp() *layers.TCP {
	return &layers.TCP{SrcPort: 40000, DstPort: 443, Seq: 1, Ack: 2, SYN: true, ACK: true, Window: 512, Options: []layers.TCPOption{
		{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{5, 0xb4}},
		{OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{7}},
		{OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: []byte{0, 0, 0, 9, 0, 0, 0, 8}},
	}}
}

func decodeOne(d *Decoder, link sensor.LinkType, b []byte) []*sensor.Segment {
	return d.Decode(&sensor.Packet{Data: b, Length: len(b), Link: link, Time: 1})
}

func TestTCP(t *testing.T) {
	b := frame(t, ether(0x8100), &layers.Dot1Q{VLANIdentifier: 5, Type: 0x0800}, ip4(6), tcp(), gopacket.Payload("hello"))
	segs := decodeOne(New(Config{}), 1, b)
	if len(segs) != 1 {
		t.Fatalf("%d segments", len(segs))
	}
	s := segs[0]
	if s.VLANs != 1 || s.VLAN[0] != 5 || s.EtherType != 0x0800 || s.Src.String() != "192.0.2.1" || s.SrcPort != 40000 || s.DstPort != 443 ||
		s.Flags != sensor.SYN|sensor.ACK || s.MSS != 1460 || s.WindowScale != 7 || !s.HasTS || s.TSVal != 9 || s.TSEcr != 8 ||
		string(s.Payload) != "hello" || s.BadIPSum || s.BadL4Sum || len(s.Anomalies) != 0 {
		t.Errorf("%+v", s)
	}
	b[len(b)-1] ^= 1
	if s = decodeOne(New(Config{}), 1, b)[0]; !s.BadL4Sum || s.BadIPSum {
		t.Error("a wrong TCP checksum was not seen")
	}
	if s = decodeOne(New(Config{NoChecksum: true}), 1, b)[0]; s.BadL4Sum {
		t.Error("a checksum was read that nobody wants")
	}
}

// Links and tunnels all carry the same datagram; the innermost segment must show it.
func TestLinksAndTunnels(t *testing.T) {
	inner := []gopacket.SerializableLayer{ip4(17), udp(53), gopacket.Payload("query")}
	with := func(outer ...gopacket.SerializableLayer) []byte { return frame(t, append(outer, inner...)...) }
	raw := func(head string, rest []byte) []byte {
		b, err := hex.DecodeString(strings.ReplaceAll(head, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return append(b, rest...)
	}
	plain := with()
	etherFrame := with(ether(0x0800))
	over := func(proto layers.IPProtocol, payload []byte) []byte {
		return frame(t, ether(0x0800), ip4(proto), gopacket.Payload(payload))
	}
	overUDP := func(port uint16, payload []byte) []byte {
		return frame(t, ether(0x0800), ip4(17), udp(port), gopacket.Payload(payload))
	}
	pkt6 := frame(t, ip6(17), udp(53), gopacket.Payload("query"))
	f := func(name string, link sensor.LinkType, b []byte, segments int) {
		t.Helper()
		segs := decodeOne(New(Config{}), link, b)
		s := segs[len(segs)-1]
		if len(segs) != segments || s.DstPort != 53 || string(s.Payload) != "query" || int(s.Depth) != segments-1 || s.BadL4Sum || s.BadIPSum {
			t.Errorf("%s: %d segments, last %+v", name, len(segs), s)
		}
		for _, s := range segs {
			if len(s.Anomalies) > 0 {
				t.Errorf("%s: %v", name, s.Anomalies)
			}
		}
	}
	f("ethernet", sensor.LinkEthernet, etherFrame, 1)
	f("raw 4", sensor.LinkRaw, plain, 1)
	f("raw 6", sensor.LinkRaw, pkt6, 1)
	f("ipv4", sensor.LinkIPv4, plain, 1)
	f("ipv6", sensor.LinkIPv6, pkt6, 1)
	f("null", sensor.LinkNull, raw("02000000", plain), 1)
	f("null big", sensor.LinkNull, raw("0000001e", pkt6), 1)
	f("loop", sensor.LinkLoop, raw("00000002", plain), 1)
	f("sll", sensor.LinkLinuxSLL, raw("0000 0001 0006 020000000001 0000 0800", plain), 1)
	f("sll2", sensor.LinkLinuxSLL2, raw("86dd 0000 00000001 0001 00 06 0200000000010000", pkt6), 1)
	f("ppp", sensor.LinkPPP, raw("ff03 0021", plain), 1)
	f("ppp short", sensor.LinkPPP, raw("21", plain), 1)
	f("qinq", sensor.LinkEthernet, with(ether(0x88a8), &layers.Dot1Q{VLANIdentifier: 1, Type: 0x8100}, &layers.Dot1Q{VLANIdentifier: 2, Type: 0x0800}), 1)
	f("snap", sensor.LinkEthernet, raw("020000000002 020000000001 0050 aaaa03 000000 0800", plain), 1)
	f("mpls", sensor.LinkEthernet, raw("020000000002 020000000001 8847 00010040 00011140", plain), 1)
	f("mpls null", sensor.LinkEthernet, raw("020000000002 020000000001 8847 00000140", plain), 1)
	f("pseudowire", sensor.LinkEthernet, raw("020000000002 020000000001 8847 00011140 00000000", etherFrame), 1)
	f("pppoe", sensor.LinkEthernet, raw("020000000002 020000000001 8864 1100 0001 0023 0021", plain), 1)
	f("gre", sensor.LinkEthernet, over(47, raw("0000 0800", plain)), 2)
	f("gre key", sensor.LinkEthernet, over(47, raw("b000 0800 00000000 00000001 00000002", plain)), 2)
	f("gre 6", sensor.LinkEthernet, over(47, raw("0000 86dd", pkt6)), 2)
	f("gre bridge", sensor.LinkEthernet, over(47, raw("0000 6558", etherFrame)), 2)
	f("pptp", sensor.LinkEthernet, over(47, raw("3001 880b 00250001 00000001 ff03 0021", plain)), 2)
	f("erspan 1", sensor.LinkEthernet, over(47, raw("0000 88be", etherFrame)), 2)
	f("erspan 2", sensor.LinkEthernet, over(47, raw("1000 88be 00000001 1005000000000000", etherFrame)), 2)
	f("erspan 3", sensor.LinkEthernet, over(47, raw("1000 22eb 00000001 200500000000000000000001 0000000000000000", etherFrame)), 2)
	f("ip in ip", sensor.LinkEthernet, over(4, plain), 2)
	f("6 in 4", sensor.LinkEthernet, over(41, pkt6), 2)
	f("4 in 6", sensor.LinkEthernet, frame(t, ether(0x86dd), ip6(4), gopacket.Payload(plain)), 2)
	f("vxlan", sensor.LinkEthernet, overUDP(4789, raw("08000000 00000700", etherFrame)), 2)
	f("geneve", sensor.LinkEthernet, overUDP(6081, raw("0100 6558 00000700 00000000", etherFrame)), 2)
	f("geneve ip", sensor.LinkEthernet, overUDP(6081, raw("0000 0800 00000700", plain)), 2)
	f("teredo", sensor.LinkEthernet, overUDP(3544, pkt6), 2)
	f("teredo origin", sensor.LinkEthernet, overUDP(3544, raw("0000 1234 01020304", pkt6)), 2)
	f("tunnel in tunnel", sensor.LinkEthernet, over(47, raw("0000 0800", frame(t, ip4(4), gopacket.Payload(plain)))), 3)
	f("ah", sensor.LinkEthernet, over(51, raw("1104 0000 00000001 00000001 000000000000000000000000", frame(t, ip4(17), udp(53), gopacket.Payload("query"))[20:])), 1)
	f("ah 6", sensor.LinkEthernet, frame(t, ether(0x86dd), ip6(51), gopacket.Payload(raw("1104 0000 00000001 00000001 000000000000000000000000", pkt6[40:]))), 1)
	f("hop-by-hop", sensor.LinkEthernet, frame(t, ether(0x86dd), ip6(0), gopacket.Payload(raw("1100 0502 0000 0000", pkt6[40:]))), 1)
}

func TestNesting(t *testing.T) {
	b := frame(t, ip4(17), udp(53), gopacket.Payload("query"))
	for range 40 {
		b = frame(t, ip4(4), gopacket.Payload(b))
	}
	segs := decodeOne(New(Config{}), sensor.LinkRaw, b)
	if len(segs) != maxSegments || !slices.Contains(segs[maxSegments-1].Anomalies, "decoder.too_many_layers") {
		t.Errorf("%d segments, %v", len(segs), segs[len(segs)-1].Anomalies)
	}
}

// Each line is an anomaly and a raw IP packet (or, behind a link number and a colon, a frame) that has it. Checksums are
// not read.
func TestAnomalies(t *testing.T) {
	const v4, v6 = "c0000201c6336402", "20010db8000000000000000000000001 20010db8000000000000000000000002"
	for _, line := range strings.Split(strings.TrimSpace(strings.NewReplacer("V4", v4, "V6", v6).Replace(`
ipv4.pkt_too_small             45000014
ipv4.hlen_too_small            44000014 00000000 40110000 V4
ipv4.iplen_smaller_than_hlen   45000013 00000000 40110000 V4
ipv4.trunc_pkt                 45000020 00000000 40110000 V4
ipv4.wrong_ip_version          228:65000014 00000000 40110000 V4
ipv4.opt_invalid_len           46000018 00000000 40ff0000 V4 07050401
ipv4.opt_malformed             4700001c 00000000 40ff0000 V4 07070300 00000000
ipv4.opt_eol_required          46000018 00000000 40ff0000 V4 01010107
ipv4.opt_pad_required          46000018 00000000 40ff0000 V4 01010100
ipv4.opt_duplicate             4700001c 00000000 40ff0000 V4 94040000 94040000
ipv4.opt_unknown               46000018 00000000 40ff0000 V4 63020101
ipv4.icmpv6                    45000018 00000000 403a0000 V4 80000000
ipraw.invalid_ip_version       75000014 00000000 40110000 V4
ipv6.pkt_too_small             60000000 00001140
ipv6.trunc_pkt                 60000000 00011140 V6
ipv6.wrong_ip_version          229:40000000 00001140 V6
ipv6.trunc_exthdr              60000000 00080040 V6 11010000 00000000
ipv6.exthdr_dupl_fh            60000000 00102c40 V6 2c000000 00000001 11000000 00000001
ipv6.exthdr_useless_fh         60000000 00082c40 V6 3b000000 00000001
ipv6.exthdr_dupl_rh            60000000 00102b40 V6 2b000200 00000000 3b000200 00000000
ipv6.exthdr_dupl_hh            60000000 00100040 V6 00000502 00000100 3b000502 00000100
ipv6.exthdr_dupl_dh            60000000 00183c40 V6 3c000502 00000100 3c000502 00000100 3b000502 00000100
ipv6.exthdr_dupl_ah            60000000 00203340 V6 33020000 00000000 00000000 00000000 3b020000 00000000 00000000 00000000
ipv6.exthdr_ah_res_not_null    60000000 00103340 V6 3b020001 00000000 00000000 00000000
ipv6.exthdr_invalid_optlen     60000000 00080040 V6 3b000509 00000100
ipv6.exthdr_invalid_optlen     60000000 00080040 V6 3b000501 00010100
ipv6.hopopts_unknown_opt       60000000 00080040 V6 3b003302 00000100
ipv6.dstopts_unknown_opt       60000000 00083c40 V6 3b003302 00000100
ipv6.hopopts_only_padding      60000000 00080040 V6 3b000104 00000000
ipv6.dstopts_only_padding      60000000 00083c40 V6 3b000104 00000000
ipv6.zero_len_padn             60000000 00080040 V6 3b000502 00000100
ipv6.rh_type_0                 60000000 00082b40 V6 3b000000 00000000
ipv6.data_after_none_header    60000000 00013b40 V6 00
ipv6.unknown_next_header       60000000 0000fe40 V6
ipv6.icmpv4                    60000000 00000140 V6
ipv6.frag_invalid_length       60000000 00092c40 V6 11000001 00000001 ff
ipv6.frag_pkt_too_large        60000000 00102c40 V6 1100fff8 00000001 ffffffff ffffffff
ipv4.frag_pkt_too_large        45000024 00001fff 40110000 V4 00000000 00000000 00000000 00000000
icmpv4.pkt_too_small           45000018 00000000 40010000 V4 08000000
icmpv4.unknown_type            4500001c 00000000 40010000 V4 63000000 00000000
icmpv4.unknown_code            4500001c 00000000 40010000 V4 08010000 00000000
icmpv4.ipv4_trunc_pkt          45000020 00000000 40010000 V4 03010000 00000000 45000000
icmpv4.ipv4_unknown_ver        45000030 00000000 40010000 V4 03010000 00000000 6500001400000000 40110000 V4
icmpv6.pkt_too_small           60000000 00043a40 V6 80000000
icmpv6.unknown_type            60000000 00083a40 V6 ff000000 00000000
icmpv6.unknown_code            60000000 00083a40 V6 80010000 00000000
icmpv6.unassigned_type         60000000 00083a40 V6 32000000 00000000
icmpv6.experimentation_type    60000000 00083a40 V6 64000000 00000000
icmpv6.mld_message_with_invalid_hl 60000000 00083a40 V6 82000000 00000000
icmpv6.ipv6_trunc_pkt          60000000 000c3a40 V6 01000000 00000000 60000000
icmpv6.ipv6_unknown_version    60000000 00303a40 V6 01000000 00000000 50000000 00001140 V6
tcp.pkt_too_small              45000018 00000000 40060000 V4 00010002
tcp.hlen_too_small             45000028 00000000 40060000 V4 00010002 00000000 00000000 40000000 00000000
tcp.invalid_optlen             45000028 00000000 40060000 V4 00010002 00000000 00000000 60000000 00000000
tcp.opt_invalid_len            4500002c 00000000 40060000 V4 00010002 00000000 00000000 60000000 00000000 02090000
tcp.opt_invalid_len            4500002c 00000000 40060000 V4 00010002 00000000 00000000 60000000 00000000 03040000
tcp.opt_duplicate              45000030 00000000 40060000 V4 00010002 00000000 00000000 70000000 00000000 03030003 03030000
udp.hlen_too_small             45000018 00000000 40110000 V4 00010002
udp.pkt_too_small              4500001c 00000000 40110000 V4 00010002 00090000
udp.len_invalid                4500001c 00000000 40110000 V4 00010002 00070000
sctp.pkt_too_small             45000018 00000000 40840000 V4 00010002
sctp.chunk_too_small           45000022 00000000 40840000 V4 00010002 00000001 00000000 0000
sctp.chunk_len_invalid         45000024 00000000 40840000 V4 00010002 00000001 00000000 00000005
sctp.chunk_len_invalid         45000024 00000000 40840000 V4 00010002 00000001 00000000 00000003
sctp.init_chunk_not_alone      45000028 00000000 40840000 V4 00010002 00000000 00000000 01000004 03000004
sctp.init_with_non_zero_vtag   45000024 00000000 40840000 V4 00010002 00000001 00000000 01000004
sctp.data_with_zero_vtag       45000024 00000000 40840000 V4 00010002 00000000 00000000 00000004
igmp.pkt_too_small             4500001b 00000000 40020000 V4 11000000 000000
esp.pkt_too_small              45000018 00000000 40320000 V4 00010002
gre.pkt_too_small              45000017 00000000 402f0000 V4 000008
gre.wrong_version              45000018 00000000 402f0000 V4 00020800
gre.version0_recur             45000018 00000000 402f0000 V4 01000800
gre.version0_flags             45000018 00000000 402f0000 V4 00100800
gre.version0_hdr_too_big       45000018 00000000 402f0000 V4 20000800
gre.version0_malformed_sre_hdr 4500001c 00000000 402f0000 V4 40000800 00000000
gre.version1_chksum            45000018 00000000 402f0000 V4 a001880b
gre.version1_route             45000018 00000000 402f0000 V4 6001880b
gre.version1_ssr               45000018 00000000 402f0000 V4 2801880b
gre.version1_recur             45000018 00000000 402f0000 V4 2101880b
gre.version1_flags             45000018 00000000 402f0000 V4 2009880b
gre.version1_no_key            45000018 00000000 402f0000 V4 0001880b
gre.version1_wrong_protocol    45000018 00000000 402f0000 V4 20010800
gre.version1_hdr_too_big       45000018 00000000 402f0000 V4 2001880b
erspan.header_too_small        4500001c 00000000 402f0000 V4 100088be 00000000
erspan.unsupported_version     45000024 00000000 402f0000 V4 100088be 00000000 30000000 00000000
ethernet.pkt_too_small         1:0200
ethernet.unknown_ethertype     1:020000000002 020000000001 1234
vlan.header_too_small          1:020000000002 020000000001 8100 00
vlan.unknown_type              1:020000000002 020000000001 8100 0001 1234
vlan.too_many_layers           1:020000000002 020000000001 8100 0001 8100 0001 8100 0001 8100 0001 0800
arp.pkt_too_small              1:020000000002 020000000001 0806 0001
arp.unsupported_hardware       1:020000000002 020000000001 0806 0002 0800 06 04 0001
mpls.header_too_small          1:020000000002 020000000001 8847 0000
mpls.bad_label_router_alert    1:020000000002 020000000001 8847 00001140
mpls.bad_label_implicit_null   1:020000000002 020000000001 8847 00003140
mpls.bad_label_reserved        1:020000000002 020000000001 8847 00004140
mpls.pkt_too_small             1:020000000002 020000000001 8847 00010140
mpls.unknown_payload_type      1:020000000002 020000000001 8847 00010140 50000000
pppoe.pkt_too_small            1:020000000002 020000000001 8864 1100
pppoe.wrong_code               1:020000000002 020000000001 8863 11010000 0000
pppoe.wrong_code               1:020000000002 020000000001 8864 11010000 0000 00
pppoe.malformed_tags           1:020000000002 020000000001 8863 11090000 0004 0101 0001
ppp.pkt_too_small              9:002100
ppp.ip4_pkt_too_small          9:0021 4500
ppp.ip6_pkt_too_small          9:0057 6000
ppp.vju_pkt_too_small          9:002f 4500
ppp.unsup_proto                9:c021 0101
ppp.wrong_type                 9:1234 0000
ltnull.pkt_too_small           0:0200
ltnull.unsupported_type        0:63000000
sll.pkt_too_small              113:0000
sll2.pkt_too_small             276:0000
vntag.header_too_small         1:020000000002 020000000001 8926 00
ieee8021ah.header_too_small    1:020000000002 020000000001 88e7 00
dce.pkt_too_small              1:020000000002 020000000001 8903 00
vxlan.unknown_payload_type     4500003a 00000000 40110000 V4 000112b5 00260000 0800000000000100 020000000002 020000000001 1234 0000000000000000
geneve.unknown_payload_type    45000024 00000000 40110000 V4 000117c1 00100000 0000123400000000
`)), "\n") {
		want, text, _ := strings.Cut(line, " ")
		link := sensor.LinkRaw
		if l, rest, ok := strings.Cut(text, ":"); ok {
			text = rest
			n := 0
			for _, c := range strings.TrimSpace(l) {
				n = n*10 + int(c-'0')
			}
			link = sensor.LinkType(n)
		}
		b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		segs := decodeOne(New(Config{NoChecksum: true}), link, b)
		found := false
		for _, s := range segs {
			found = found || slices.Contains(s.Anomalies, want)
		}
		if !found {
			t.Errorf("%s: %v", line, segs[0].Anomalies)
		}
	}
}

// A capture with a snap length is read as far as it goes.
func TestSnapLength(t *testing.T) {
	b := frame(t, ether(0x0800), ip4(6), tcp(), gopacket.Payload(strings.Repeat("x", 500)))
	p := &sensor.Packet{Data: b[:96], Length: len(b), Link: 1}
	s := New(Config{}).Decode(p)[0]
	if s.Invalid || s.DstPort != 443 || s.BadL4Sum || len(s.Payload) != 96-14-20-40 || !slices.Contains(s.Anomalies, "ipv4.trunc_pkt") {
		t.Errorf("%+v", s)
	}
}

// A packet that the network card has still to cut has no length and no checksums.
func TestOffload(t *testing.T) {
	for _, n := range []int{1000, 4000} {
		b := frame(t, ether(0x0800), ip4(6), tcp(), gopacket.Payload(strings.Repeat("x", n)))
		b[16], b[17], b[24], b[50] = 0, 0, 0, 0
		s := decodeOne(New(Config{}), 1, b)[0]
		if s.Invalid != (n < maxEthernet) || !s.Invalid && (len(s.Payload) != n || s.BadIPSum || s.BadL4Sum) {
			t.Errorf("%d bytes: invalid %v, %d of payload", n, s.Invalid, len(s.Payload))
		}
	}
}

func TestNoAllocation(t *testing.T) {
	var packets []*sensor.Packet
	add := func(b []byte) {
		packets = append(packets, &sensor.Packet{Data: b, Length: len(b), Link: 1})
	}
	add(frame(t, ether(0x0800), ip4(6), tcp(), gopacket.Payload("hello")))
	add(frame(t, ether(0x86dd), ip6(17), udp(53), gopacket.Payload("hello")))
	add(frame(t, ether(0x0800), ip4(47), gopacket.Payload("\x00\x00\x65\x58"), gopacket.Payload(packets[0].Data)))
	add([]byte{1, 2, 3})
	whole := frame(t, ip4(17), udp(53), gopacket.Payload(strings.Repeat("x", 200)))
	for i := range 2 {
		ip := ip4(17)
		ip.FragOffset = uint16(13 * i)
		if i == 0 {
			ip.Flags = layers.IPv4MoreFragments
		}
		add(frame(t, ether(0x0800), ip, gopacket.Payload(whole[20+104*i:20+104*i+104])))
	}
	d := New(Config{})
	all := func() {
		for _, p := range packets {
			d.Decode(p)
		}
	}
	all()
	if n := testing.AllocsPerRun(500, all); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDecode(b *testing.B) {
	data := frame(b, ether(0x0800), ip4(6), tcp(), gopacket.Payload(strings.Repeat("x", 700)))
	p := &sensor.Packet{Data: data, Length: len(data), Link: 1}
	b.Run("checksum", func(b *testing.B) {
		d := New(Config{})
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			d.Decode(p)
		}
	})
	b.Run("plain", func(b *testing.B) {
		d := New(Config{NoChecksum: true})
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			d.Decode(p)
		}
	})
}

package eve

import (
	"net/netip"
	"strconv"
	"time"

	"khien/sensor"
	"khien/sensor/evejson"
)

// appendHead appends the members that every record begins with, without the closing brace.
func appendHead(dst []byte, e *sensor.Event, kind string, dir sensor.Dir) []byte {
	dst = append(dst, `{"timestamp":"`...)
	dst = appendTime(dst, e.Time)
	dst = append(dst, '"')
	f := e.Flow
	if f != nil {
		dst = append(dst, `,"flow_id":`...)
		dst = strconv.AppendUint(dst, f.ID&(1<<53-1), 10)
		if f.ParentFlow != 0 {
			dst = append(dst, `,"parent_id":`...)
			dst = strconv.AppendUint(dst, f.ParentFlow&(1<<53-1), 10)
		}
	}
	if e.Segment != nil {
		dst = append(dst, `,"pcap_cnt":`...)
		dst = strconv.AppendUint(dst, e.Number, 10)
	}
	dst = append(dst, `,"event_type":"`...)
	dst = append(dst, kind...)
	dst = append(dst, '"')
	if s := e.Segment; s != nil && s.VLANs > 0 {
		dst = appendVLAN(dst, s.VLAN[:s.VLANs])
	} else if f != nil && f.VLANs > 0 {
		dst = appendVLAN(dst, f.VLAN[:f.VLANs])
	}
	dst = appendEnds(dst, e, dir)
	dst = append(dst, `,"pkt_src":"`...)
	dst = append(dst, packetSource(e)...)
	dst = append(dst, '"')
	if e.Capture != "" {
		dst = append(dst, `,"pcap_filename":`...)
		dst = evejson.AppendString(dst, []byte(e.Capture))
	}
	return dst
}

// appendEnds appends addresses, ports and protocol, seen in a direction.
func appendEnds(dst []byte, e *sensor.Event, dir sensor.Dir) []byte {
	var src, dest netip.Addr
	var sport, dport uint16
	var proto, icmpType, icmpCode uint8
	switch f, s := e.Flow, e.Segment; {
	case f != nil:
		src, sport, dest, dport = f.Endpoints(dir)
		proto, icmpType, icmpCode = f.Proto, f.ICMPType, f.ICMPCode
		if s != nil && e.Kind == sensor.KindPacket {
			icmpType, icmpCode = s.ICMPType, s.ICMPCode
		}
	case s != nil && s.IPVersion != 0:
		src, sport, dest, dport = s.Src, s.SrcPort, s.Dst, s.DstPort
		proto, icmpType, icmpCode = s.IPProto, s.ICMPType, s.ICMPCode
	default:
		return dst
	}
	dst = append(dst, `,"src_ip":"`...)
	dst = appendAddr(dst, src)
	dst = append(dst, '"')
	ports := proto == sensor.IPProtoTCP || proto == sensor.IPProtoUDP || proto == sensor.IPProtoSCTP
	if ports {
		dst = append(dst, `,"src_port":`...)
		dst = strconv.AppendUint(dst, uint64(sport), 10)
	}
	dst = append(dst, `,"dest_ip":"`...)
	dst = appendAddr(dst, dest)
	dst = append(dst, '"')
	if ports {
		dst = append(dst, `,"dest_port":`...)
		dst = strconv.AppendUint(dst, uint64(dport), 10)
	}
	dst = append(dst, `,"proto":"`...)
	dst = append(dst, protoName(proto)...)
	dst = append(dst, '"')
	if proto == sensor.IPProtoICMP || proto == sensor.IPProtoICMPv6 {
		dst = append(dst, `,"icmp_type":`...)
		dst = strconv.AppendUint(dst, uint64(icmpType), 10)
		dst = append(dst, `,"icmp_code":`...)
		dst = strconv.AppendUint(dst, uint64(icmpCode), 10)
		if f := e.Flow; f != nil && e.Kind == sensor.KindFlowEnd && f.Packets[sensor.ToClient] > 0 {
			dst = append(dst, `,"response_icmp_type":`...)
			dst = strconv.AppendUint(dst, uint64(f.ReplyType), 10)
			dst = append(dst, `,"response_icmp_code":`...)
			dst = strconv.AppendUint(dst, uint64(f.ReplyCode), 10)
		}
	}
	dst = append(dst, `,"ip_v":`...)
	if src.Is4() {
		return append(dst, '4')
	}
	return append(dst, '6')
}

func appendVLAN(dst []byte, ids []uint16) []byte {
	dst = append(dst, `,"vlan":[`...)
	for i, id := range ids {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendUint(dst, uint64(id), 10)
	}
	return append(dst, ']')
}

func appendTxID(dst []byte, id uint64) []byte {
	dst = append(dst, `,"tx_id":`...)
	return strconv.AppendUint(dst, id, 10)
}

// appendTime writes UTC with microseconds, "2026-11-21T07:29:02.000000+0000".
func appendTime(dst []byte, ns int64) []byte {
	return time.Unix(0, ns).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000000-0700")
}

// appendAddr writes IPv4 dotted and IPv6 in full, eight groups of four digits, as EVE does.
func appendAddr(dst []byte, a netip.Addr) []byte {
	if a.Is4() {
		return a.AppendTo(dst)
	}
	const hex = "0123456789abcdef"
	for i, b := range a.As16() {
		if i > 0 && i%2 == 0 {
			dst = append(dst, ':')
		}
		dst = append(dst, hex[b>>4], hex[b&15])
	}
	return dst
}

func protoName(p uint8) string {
	switch p {
	case sensor.IPProtoTCP:
		return "TCP"
	case sensor.IPProtoUDP:
		return "UDP"
	case sensor.IPProtoICMP:
		return "ICMP"
	case sensor.IPProtoICMPv6:
		return "IPv6-ICMP"
	case sensor.IPProtoSCTP:
		return "SCTP"
	case sensor.IPProtoGRE:
		return "GRE"
	case sensor.IPProtoESP:
		return "ESP"
	case sensor.IPProtoAH:
		return "AH"
	case 0:
		return "HOPOPT"
	case 2:
		return "IGMP"
	case 4:
		return "IP-in-IP"
	case 41:
		return "IPv6"
	}
	return strconv.Itoa(int(p))
}

// packetSource says where the packet behind a record came from, in EVE's words.
func packetSource(e *sensor.Event) string {
	switch {
	case e.Segment == nil:
		return "stream (flow timeout)"
	case e.Segment.Source == sensor.SourceDefrag:
		return "defrag"
	case e.Segment.Source == sensor.SourceTunnel:
		return "tunnel"
	}
	return "wire/pcap"
}

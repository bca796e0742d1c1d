package signature

import (
	"fmt"
	"strings"

	"khien/sensor"
)

// header reads what stands before the options.
func (b *builder) header(h *rawHeader) *ruleError {
	s := b.s
	s.Action = h.action
	switch h.action {
	case "alert":
		s.act = actAlert
	case "config":
		s.act, s.NoAlert = actAlert, true
	case "pass":
		s.act = actPass
	case "drop":
		s.act = actDrop
	case "reject", "rejectsrc", "rejectdst", "rejectboth":
		s.act = actReject
	default:
		e := errAt(0, "unknown action "+h.action)
		if n := nearest(h.action, []string{"alert", "pass", "drop", "reject", "config"}); n != "" {
			e.hint = "did you mean " + n + "?"
		}
		return e
	}
	s.dirs = bothDirs
	if err := b.proto(h.proto); err != nil {
		e := errAt(h.protoAt, err.Error())
		if hi, ok := err.(hinted); ok {
			e.hint = hi.hint
		}
		return e
	}
	switch h.dir {
	case "->", "<>":
	case "=>":
		s.txBoth = true
	default:
		return errAt(h.dirAt, fmt.Sprintf("unknown direction %q: expected ->, <> or =>", h.dir))
	}
	var err error
	if s.src, err = b.ld.vars.parseAddrs(h.src); err != nil {
		return errAt(h.srcAt, err.Error())
	}
	if s.sport, err = b.ld.vars.parsePorts(h.sport); err != nil {
		return errAt(h.sportAt, err.Error())
	}
	if s.dst, err = b.ld.vars.parseAddrs(h.dst); err != nil {
		return errAt(h.dstAt, err.Error())
	}
	if s.dpt, err = b.ld.vars.parsePorts(h.dport); err != nil {
		return errAt(h.dportAt, err.Error())
	}
	return nil
}

// proto reads a protocol, with its hook when there is one: tcp, http, dns:request_complete.
func (b *builder) proto(word string) error {
	s := b.s
	name, hookName, hooked := strings.Cut(strings.ToLower(word), ":")
	switch name {
	case "ip", "any":
	case "ip4", "ipv4":
		s.ipver = 4
	case "ip6", "ipv6":
		s.ipver = 6
	case "tcp":
		s.l4 = sensor.IPProtoTCP
	case "tcp-pkt":
		s.l4, s.reqPacket = sensor.IPProtoTCP, true
	case "tcp-stream":
		s.l4, s.reqStream = sensor.IPProtoTCP, true
	case "udp":
		s.l4 = sensor.IPProtoUDP
	case "icmp":
		s.l4 = sensor.IPProtoICMP
	case "icmpv4":
		s.l4, s.ipver = sensor.IPProtoICMP, 4
	case "icmpv6":
		s.l4, s.ipver = sensor.IPProtoICMP, 6
	case "igmp":
		s.l4 = sensor.IPProtoIGMP
	case "sctp":
		s.l4 = sensor.IPProtoSCTP
	case "gre":
		s.l4 = sensor.IPProtoGRE
	case "esp":
		s.l4 = sensor.IPProtoESP
	case "pkthdr":
		s.pkthdr = true
	default:
		protos, ok := appProtos(name)
		if !ok {
			hint := nearest(name, []string{"ip", "tcp", "udp", "icmp", "http", "tls", "dns", "smtp", "ftp", "smb", "ssh", "dcerpc", "quic", "pkthdr", "tcp-pkt", "tcp-stream", "sctp", "mqtt", "snmp", "krb5", "ike", "tftp", "nfs", "ldap", "rdp", "pgsql", "sip", "rfb", "dhcp", "ntp", "pop3", "imap", "enip", "modbus", "dnp3"})
			if hint != "" {
				hint = "did you mean " + hint + "?"
			} else {
				hint = "the sensor does not read this protocol"
			}
			return hinted{"unknown protocol " + name, hint}
		}
		s.apps, b.appProto = protos, true
	}
	if !hooked {
		return nil
	}
	if hookName == "flow_start" && !b.appProto {
		s.packet = append(s.packet, flowStart{})
		b.packetOnly = true
		return nil
	}
	if hookName == "all" && !b.appProto {
		return nil
	}
	if b.appProto {
		if hk, ok := parseHook(name, hookName); ok {
			s.hook = hk
			s.dirs &= dirBit(hk.dir)
			return nil
		}
	}
	return fmt.Errorf("unknown hook %q of protocol %s", hookName, name)
}

// parseHook maps the states of a protocol to the stages that all protocols share.
func parseHook(proto, name string) (hook, bool) {
	h := hook{name: name, set: true}
	for _, p := range []struct {
		prefix string
		dir    sensor.Dir
	}{{"request_", sensor.ToServer}, {"response_", sensor.ToClient}, {"client_", sensor.ToServer}, {"server_", sensor.ToClient}} {
		rest, ok := strings.CutPrefix(name, p.prefix)
		if !ok {
			continue
		}
		h.dir = p.dir
		switch rest {
		case "started", "in_progress":
			h.stage = sensor.ProgressNone
		case "line", "hello_done", "hello", "banner_wait_eol":
			h.stage = sensor.ProgressLine
		case "headers", "cert_done", "cert", "banner_done":
			h.stage = sensor.ProgressHeaders
		case "body":
			h.stage = sensor.ProgressBody
		case "trailer":
			h.stage = sensor.ProgressTrailer
		case "complete", "handshake_done", "finished":
			h.stage = sensor.ProgressComplete
		default:
			return h, false
		}
		return h, true
	}
	return h, false
}

package detector

import (
	"time"

	"khien/sensor"
	"khien/sensor/flow"
)

// Observe fills what a finding tells about the traffic from the event that completed it: time, addresses, protocol, the
// flow and the server's name. It copies: nothing of the event is kept.
func (f *Finding) Observe(e *sensor.Event) {
	f.Time = time.Unix(0, e.Time).UTC()
	f.First, f.Last = f.Time, f.Time
	f.Count = max(f.Count, 1)
	f.Capture, f.PacketNumber = e.Capture, e.Number
	if fl := e.Flow; fl != nil {
		f.SrcIP, f.SrcPort, f.DstIP, f.DstPort = fl.Endpoints(e.Dir)
		f.Transport = Transport(fl.Proto)
		f.FlowID = fl.ID
		f.CommunityID = flow.CommunityID(fl)
		f.Direction = e.Dir.String()
		if fl.App > sensor.ProtoFailed {
			f.App = fl.App.String()
		}
		f.VLAN = append([]uint16(nil), fl.VLAN[:fl.VLANs]...)
		f.observeLoss(fl)
	} else if s := e.Segment; s != nil {
		f.SrcIP, f.SrcPort, f.DstIP, f.DstPort = s.Src, s.SrcPort, s.Dst, s.DstPort
		f.Transport = Transport(s.IPProto)
		f.VLAN = append([]uint16(nil), s.VLAN[:s.VLANs]...)
	}
	if e.Tx != nil {
		f.observeTx(e.Tx)
	}
}

// observeLoss says what of a flow was not there to be seen.
func (f *Finding) observeLoss(fl *sensor.Flow) {
	if fl.Gap {
		f.NotSeen = append(f.NotSeen, Text{VI: "một phần dữ liệu của kết nối này không thu được", EN: "bytes of this connection were missing in the capture"})
	}
	if fl.Midstream {
		f.NotSeen = append(f.NotSeen, Text{VI: "đoạn đầu của kết nối này không thu được", EN: "the beginning of this connection was not captured"})
	}
}

// observeTx takes the names that a transaction carries.
func (f *Finding) observeTx(tx sensor.Transaction) {
	for _, b := range [...]sensor.Buffer{sensor.HTTPHost, sensor.TLSSNI, sensor.QUICSNI, sensor.DNSQueryName, sensor.DNSQueryRRName} {
		for _, dir := range [...]sensor.Dir{sensor.ToServer, sensor.ToClient} {
			if v, ok := tx.Buffer(b, dir, 0); ok && len(v) > 0 && f.Domain == "" {
				f.Domain = clip(v)
			}
		}
	}
	if v, ok := tx.Buffer(sensor.HTTPURIRaw, sensor.ToServer, 0); ok {
		f.URL = clip(v)
		if f.Domain != "" && len(v) > 0 && v[0] == '/' {
			f.URL = "http://" + f.Domain + f.URL
		}
	}
	if v, ok := tx.Buffer(sensor.HTTPUserAgent, sensor.ToServer, 0); ok {
		f.UserAgent = clip(v)
	}
	if v, ok := tx.Buffer(sensor.TLSJA4, sensor.ToServer, 0); ok {
		f.JA4 = clip(v)
	}
	f.observeCertificate(tx)
}

// textMax is how many bytes of a peer's text a finding keeps.
const textMax = 2048

func clip(v []byte) string { return string(v[:min(len(v), textMax)]) }

// Transport is the name of an IP protocol as ECS has it in network.transport, "" for one that has none there.
func Transport(proto uint8) string {
	switch proto {
	case sensor.IPProtoTCP:
		return "tcp"
	case sensor.IPProtoUDP:
		return "udp"
	case sensor.IPProtoICMP:
		return "icmp"
	case sensor.IPProtoICMPv6:
		return "ipv6-icmp"
	case sensor.IPProtoSCTP:
		return "sctp"
	}
	return ""
}

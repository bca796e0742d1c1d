package evelog

import (
	"khien/sensor"
	"khien/sensor/evejson"
	"khien/sensor/record"
)

// protos are the IP protocols as EVE names them.
var protos = map[string]uint8{"TCP": sensor.IPProtoTCP, "UDP": sensor.IPProtoUDP, "ICMP": sensor.IPProtoICMP,
	"IPv6-ICMP": sensor.IPProtoICMPv6, "SCTP": sensor.IPProtoSCTP}

// head reads what all records have. It returns false when the record cannot be used.
func (d *Decoder) head(top evejson.Value, r *record.Record) bool {
	var kind, dir, app, when []byte
	var srcIP, srcPort, dstIP, dstPort, flow evejson.Value
	f := &r.Flow
	for v := top.First(); v.Type() != evejson.NoValue; v = v.Next() {
		switch string(v.Key()) {
		case "timestamp":
			when = d.str(v, "timestamp")
		case "event_type":
			kind = v.Str()
		case "flow_id":
			f.ID, _ = d.num(v, "flow_id")
		case "src_ip":
			srcIP = v
		case "src_port":
			srcPort = v
		case "dest_ip":
			dstIP = v
		case "dest_port":
			dstPort = v
		case "proto":
			f.Proto = protos[string(d.str(v, "proto"))]
		case "app_proto":
			app = d.str(v, "app_proto")
		case "direction":
			dir = d.str(v, "direction")
		case "in_iface":
			r.Iface = string(d.str(v, "in_iface"))
		case "host":
			r.Host = string(v.Str()) // forwarders put an object there
		case "community_id":
			d.str(v, "community_id")
		case "vlan":
			for n := d.list(v, "vlan"); n.Type() != evejson.NoValue && int(f.VLANs) < len(f.VLAN); n = n.Next() {
				id, _ := d.num(n, "vlan")
				f.VLAN[f.VLANs] = uint16(id)
				f.VLANs++
			}
		case "icmp_type":
			n, _ := d.num(v, "icmp_type")
			f.ICMPType = uint8(n)
		case "icmp_code":
			n, _ := d.num(v, "icmp_code")
			f.ICMPCode = uint8(n)
		case "flow":
			flow = d.object(v, "flow")
		}
	}
	ok := false
	if r.Time, ok = evejson.ParseTime(when); !ok {
		d.bad("timestamp is no time")
	}
	r.Done = r.Time
	src, dst := d.end(srcIP, srcPort, "src"), d.end(dstIP, dstPort, "dest")
	if !src.Addr.IsValid() || !dst.Addr.IsValid() {
		d.bad("src_ip or dest_ip is missing")
	}
	if d.wrong != "" {
		return false
	}
	r.Dir = d.direction(string(kind), string(dir), flow, f.ID, src, dst)
	if r.Dir == sensor.ToClient {
		src, dst = dst, src
	}
	f.Src, f.SrcPort, f.Dst, f.DstPort = src.Addr, src.Port, dst.Addr, dst.Port
	f.App = appProto(app)
	f.Start, f.Last, f.State = r.Time, r.Time, sensor.FlowEstablished
	if start := flow.Get("start"); start.Type() != evejson.NoValue {
		if f.Start, ok = evejson.ParseTime(d.str(start, "flow.start")); !ok {
			d.bad("flow.start is no time")
		}
	}
	return d.wrong == ""
}

func appProto(name []byte) sensor.Proto {
	if string(name) == "failed" {
		return sensor.ProtoFailed
	}
	p, _ := sensor.ProtoByName(string(name))
	return p
}

// direction tells which way a record goes: whether its source is the client. Records of transactions have the client as
// their source but for DNS answers, which some versions give the other way round; those of files have who sends as their
// source; alerts have the packet's.
func (d *Decoder) direction(kind, dir string, flow evejson.Value, id uint64, src, dst sensor.Endpoint) sensor.Dir {
	slot := &d.clients[id*0x9e3779b97f4a7c15>>52]
	sure := true
	way := sensor.ToServer
	switch kind {
	case "alert":
		c := d.end(flow.Get("src_ip"), flow.Get("src_port"), "flow.src")
		switch {
		case dir == "to_client", c == dst && c.Addr.IsValid():
			way = sensor.ToClient
		case dir == "" && !c.Addr.IsValid():
			sure = false
		}
	case "dns", "fileinfo":
		sure = false
	}
	switch {
	case sure && id != 0:
		end := src
		if way == sensor.ToClient {
			end = dst
		}
		*slot = client{id, end}
	case sure:
	case id != 0 && slot.flow == id && slot.end == dst:
		return sensor.ToClient
	case id != 0 && slot.flow == id && slot.end == src:
		return sensor.ToServer
	case src.Port < dst.Port: // of two ports, the lower one is the service's
		return sensor.ToClient
	}
	return way
}

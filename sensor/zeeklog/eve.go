package zeeklog

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"time"

	"khien/sensor"
	"khien/sensor/evejson"
	"khien/sensor/record"
)

var protoNames = map[uint8]string{sensor.IPProtoTCP: "TCP", sensor.IPProtoUDP: "UDP", sensor.IPProtoICMP: "ICMP", sensor.IPProtoSCTP: "SCTP"}

// eveHead begins the record in the EVE format with what all have and whom it is about.
func (d *Decoder) eveHead(r *record.Record, kind string, dir sensor.Dir) []byte {
	b := append(d.line[:0], `{"timestamp":"`...)
	b = append(eveTime(b, r.Time), '"')
	f := &r.Flow
	if f.ID != 0 {
		b = evejson.AppendUint(b, "flow_id", f.ID)
	}
	b = evejson.AppendStr(b, "event_type", kind)
	src, srcPort, dst, dstPort := f.Endpoints(dir)
	b = eveEnd(b, "src", src, srcPort)
	b = eveEnd(b, "dest", dst, dstPort)
	if p := protoNames[f.Proto]; p != "" {
		b = evejson.AppendStr(b, "proto", p)
	}
	if id := d.text("community_id"); len(id) > 0 {
		b = evejson.AppendBytes(b, "community_id", id)
	}
	if f.App != sensor.ProtoNone {
		b = evejson.AppendStr(b, "app_proto", f.App.String())
	}
	b = append(evejson.AppendKey(b, "zeek"), '{')
	b = evejson.AppendStr(b, "log", d.name)
	for _, key := range [...]string{"uid", "fuid"} {
		if v := d.text(key); len(v) > 0 {
			b = evejson.AppendBytes(b, key, v)
		}
	}
	return append(b, '}')
}

func eveEnd(b []byte, key string, a netip.Addr, port uint16) []byte {
	b = append(evejson.AppendComma(b), '"')
	b = append(append(b, key...), `_ip":"`...)
	b = append(a.AppendTo(b), '"')
	if port != 0 {
		b = append(append(append(b, `,"`...), key...), `_port":`...)
		b = strconv.AppendUint(b, uint64(port), 10)
	}
	return b
}

func eveTime(b []byte, ns int64) []byte {
	return time.Unix(0, ns).UTC().AppendFormat(b, "2006-01-02T15:04:05.000000-0700")
}

// member is a column and the name that it has in EVE.
type member struct{ column, key string }

// members appends the columns that are there.
func (d *Decoder) members(b []byte, list []member) []byte {
	for _, m := range list {
		if v := d.text(m.column); len(v) > 0 {
			b = evejson.AppendBytes(b, m.key, v)
		}
	}
	return b
}

func (d *Decoder) dnsLine(r *record.Record, answered bool) {
	b := d.eveHead(r, "dns", sensor.ToServer)
	b = append(evejson.AppendKey(b, "dns"), `{"version":3`...)
	kind := "request"
	if answered {
		kind = "response"
	}
	b = evejson.AppendStr(b, "type", kind)
	if n, ok := d.num("trans_id"); ok {
		b = evejson.AppendUint(b, "id", n)
	}
	b = d.members(b, []member{{"rcode_name", "rcode"}})
	b = append(evejson.AppendKey(b, "queries"), `[{`...)
	b = d.members(b, []member{{"query", "rrname"}, {"qtype_name", "rrtype"}})
	b = append(b, `}]`...)
	ttls := 0
	for i := range listMax {
		v, ok := r.Tx.Buffer(sensor.DNSAnswerData, sensor.ToClient, i)
		if !ok {
			break
		}
		if i == 0 {
			b = append(evejson.AppendKey(b, "answers"), '[')
		}
		b = append(evejson.AppendComma(b), '{')
		if ttl, ok := r.Tx.Number(sensor.DNSAnswerTTL, sensor.ToClient, i); ok {
			b = evejson.AppendUint(b, "ttl", ttl)
		}
		b = append(evejson.AppendBytes(b, "rdata", v), '}')
		ttls++
	}
	if ttls > 0 {
		b = append(b, ']')
	}
	d.line = append(b, `}}`...)
}

func (d *Decoder) httpLine(r *record.Record) {
	b := d.eveHead(r, "http", sensor.ToServer)
	b = append(evejson.AppendKey(b, "http"), '{')
	b = d.members(b, []member{{"host", "hostname"}, {"uri", "url"}, {"user_agent", "http_user_agent"}, {"referrer", "http_refer"}, {"method", "http_method"}})
	if v := d.first("resp_mime_types"); len(v) > 0 {
		b = evejson.AppendBytes(b, "http_content_type", v)
	}
	for _, m := range [...]member{{"status_code", "status"}, {"response_body_len", "length"}} {
		if n, ok := d.num(m.column); ok {
			b = evejson.AppendUint(b, m.key, n)
		}
	}
	d.line = append(b, `}}`...)
}

func (d *Decoder) tlsLine(r *record.Record) {
	b := d.eveHead(r, "tls", sensor.ToServer)
	b = append(evejson.AppendKey(b, "tls"), '{')
	for _, m := range [...]struct {
		key string
		buf sensor.Buffer
		dir sensor.Dir
	}{{"sni", sensor.TLSSNI, sensor.ToServer}, {"subject", sensor.TLSCertSubject, sensor.ToClient}, {"issuerdn", sensor.TLSCertIssuer, sensor.ToClient},
		{"serial", sensor.TLSCertSerial, sensor.ToClient}, {"fingerprint", sensor.TLSCertFP, sensor.ToClient}, {"ja4", sensor.TLSJA4, sensor.ToServer}} {
		if v, ok := r.Tx.Buffer(m.buf, m.dir, 0); ok {
			b = evejson.AppendBytes(b, m.key, v)
		}
	}
	if v, ok := r.Tx.Buffer(sensor.TLSVersion, sensor.ToServer, 0); ok {
		b = append(evejson.AppendKey(b, "version"), `"TLS `...)
		b = append(b, evejson.AppendString(nil, v)[1:]...)
	}
	for _, m := range [...]member{{"ja3", "ja3"}, {"ja3s", "ja3s"}} {
		if v := d.text(m.column); len(v) > 0 {
			b = append(evejson.AppendKey(b, m.key), '{')
			b = append(evejson.AppendBytes(b, "hash", v), '}')
		}
	}
	d.line = append(b, `}}`...)
}

func (d *Decoder) quicLine(r *record.Record) {
	b := d.eveHead(r, "quic", sensor.ToServer)
	b = append(evejson.AppendKey(b, "quic"), '{')
	d.line = append(d.members(b, []member{{"version", "version"}, {"server_name", "sni"}}), `}}`...)
}

func (d *Decoder) sshLine(r *record.Record) {
	b := d.eveHead(r, "ssh", sensor.ToServer)
	b = append(evejson.AppendKey(b, "ssh"), '{')
	for _, side := range [...]string{"client", "server"} {
		if v := d.text(side); len(v) > 0 {
			b = append(evejson.AppendKey(b, side), '{')
			b = append(evejson.AppendBytes(b, "software_version", v), '}')
		}
	}
	d.line = append(b, `}}`...)
}

func (d *Decoder) fileLine(r *record.Record) {
	b := d.eveHead(r, "fileinfo", r.Dir)
	f := &r.File
	b = append(evejson.AppendKey(b, "fileinfo"), '{')
	b = evejson.AppendBytes(b, "filename", f.Name)
	if f.MIME != "" {
		b = evejson.AppendStr(b, "mimetype", f.MIME)
	}
	b = evejson.AppendBool(b, "gaps", f.Gaps)
	b = evejson.AppendStr(b, "state", f.State.String())
	if f.Hashed {
		b = append(evejson.AppendKey(b, "sha256"), '"')
		b = append(hex.AppendEncode(b, f.SHA256[:]), '"')
	}
	d.line = append(evejson.AppendUint(b, "size", f.Size), `}}`...)
}

func (d *Decoder) flowLine(r *record.Record, state string) {
	b := d.eveHead(r, "flow", sensor.ToServer)
	f := &r.Flow
	b = append(evejson.AppendKey(b, "flow"), '{')
	b = evejson.AppendUint(b, "pkts_toserver", f.Packets[sensor.ToServer])
	b = evejson.AppendUint(b, "pkts_toclient", f.Packets[sensor.ToClient])
	b = evejson.AppendUint(b, "bytes_toserver", f.Bytes[sensor.ToServer])
	b = evejson.AppendUint(b, "bytes_toclient", f.Bytes[sensor.ToClient])
	b = append(eveTime(append(evejson.AppendKey(b, "start"), '"'), f.Start), '"')
	b = append(eveTime(append(evejson.AppendKey(b, "end"), '"'), f.Last), '"')
	b = evejson.AppendInt(b, "age", (f.Last-f.Start)/1e9)
	b = evejson.AppendStr(b, "state", f.State.String())
	if state != "" {
		b = evejson.AppendBytes(b, "conn_state", d.text("conn_state"))
	}
	d.line = append(b, `}}`...)
}

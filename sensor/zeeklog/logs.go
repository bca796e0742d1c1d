package zeeklog

import (
	"bytes"

	"khien/sensor"
	"khien/sensor/evejson"
	"khien/sensor/record"
)

// log is a log of Zeek. ends reads whom its line is about, read the rest; both return false for what tells nothing. What read
// appends to Decoder.line is kept as telemetry.
type log struct {
	name string
	ends func(d *Decoder, r *record.Record) bool
	read func(d *Decoder, r *record.Record) bool
}

var logs = [...]log{
	{"dns", (*Decoder).pair, (*Decoder).dns},
	{"x509", (*Decoder).nobody, (*Decoder).x509},
	{"ssl", (*Decoder).pair, (*Decoder).ssl},
	{"quic", (*Decoder).pair, (*Decoder).quic},
	{"http", (*Decoder).pair, (*Decoder).http},
	{"files", (*Decoder).fileEnds, (*Decoder).files},
	{"ssh", (*Decoder).pair, (*Decoder).ssh},
	{"ftp", (*Decoder).pair, (*Decoder).ftp},
	{"kerberos", (*Decoder).pair, (*Decoder).kerberos},
	{"ntlm", (*Decoder).pair, (*Decoder).ntlm},
	{"notice", (*Decoder).noticeEnds, (*Decoder).notice},
	{"conn", (*Decoder).pair, (*Decoder).conn},
}

// pair reads the connection that a line is about.
func (d *Decoder) pair(r *record.Record) bool {
	src, dst := d.end("id.orig_h", "id.orig_p"), d.end("id.resp_h", "id.resp_p")
	if !src.Addr.IsValid() || !dst.Addr.IsValid() {
		d.bad("id.orig_h or id.resp_h is missing")
		return false
	}
	f := &r.Flow
	f.ID = flowID(d.text("uid"))
	f.Src, f.SrcPort, f.Dst, f.DstPort = src.Addr, src.Port, dst.Addr, dst.Port
	f.Proto = sensor.IPProtoTCP
	if p := d.text("proto"); len(p) > 0 {
		f.Proto = protos[string(p)]
	}
	f.Start, f.Last, f.State = r.Time, r.Time, sensor.FlowEstablished
	return true
}

// protos are the IP protocols as Zeek names them.
var protos = map[string]uint8{"tcp": sensor.IPProtoTCP, "udp": sensor.IPProtoUDP, "icmp": sensor.IPProtoICMP, "sctp": sensor.IPProtoSCTP}

// nobody is for lines that are about no connection.
func (d *Decoder) nobody(*record.Record) bool { return true }

// services are the application protocols as Zeek names them, those that say most first: a connection may have several.
var services = [...]struct {
	name  string
	proto sensor.Proto
}{{"quic", sensor.ProtoQUIC}, {"ssl", sensor.ProtoTLS}, {"http", sensor.ProtoHTTP}, {"dns", sensor.ProtoDNS}, {"ssh", sensor.ProtoSSH},
	{"smtp", sensor.ProtoSMTP}, {"ftp", sensor.ProtoFTP}, {"ftp-data", sensor.ProtoFTPData}, {"smb", sensor.ProtoSMB}, {"dce_rpc", sensor.ProtoDCERPC},
	{"krb", sensor.ProtoKRB5}, {"krb_tcp", sensor.ProtoKRB5}, {"krb_udp", sensor.ProtoKRB5}, {"ldap", sensor.ProtoLDAP}, {"ldap_tcp", sensor.ProtoLDAP},
	{"rdp", sensor.ProtoRDP}, {"rfb", sensor.ProtoRFB}, {"sip", sensor.ProtoSIP}, {"snmp", sensor.ProtoSNMP}, {"mqtt", sensor.ProtoMQTT},
	{"dhcp", sensor.ProtoDHCP}, {"ntp", sensor.ProtoNTP}, {"imap", sensor.ProtoIMAP}, {"pop3", sensor.ProtoPOP3}, {"postgresql", sensor.ProtoPGSQL},
	{"modbus", sensor.ProtoModbus}, {"dnp3_tcp", sensor.ProtoDNP3}}

// service finds the protocol of a list of names, "ssl,http".
func service(list []byte) sensor.Proto {
	for i := range services {
		for rest, more := list, true; more; {
			var one []byte
			one, rest, more = bytes.Cut(rest, []byte{','})
			if string(one) == services[i].name {
				return services[i].proto
			}
		}
	}
	return sensor.ProtoNone
}

// conn reads a connection that is over.
func (d *Decoder) conn(r *record.Record) bool {
	f := &r.Flow
	r.Kind, r.Dir = sensor.KindFlowEnd, sensor.ToServer
	f.App = service(d.text("service"))
	f.Last = f.Start + min(d.interval("duration"), 1<<60)
	r.Time, r.Done = f.Last, f.Last
	for _, x := range [...]struct {
		name, other string
		to          *uint64
	}{{"orig_pkts", "", &f.Packets[sensor.ToServer]}, {"resp_pkts", "", &f.Packets[sensor.ToClient]},
		{"orig_ip_bytes", "orig_bytes", &f.Bytes[sensor.ToServer]}, {"resp_ip_bytes", "resp_bytes", &f.Bytes[sensor.ToClient]}} {
		n, ok := d.num(x.name)
		if !ok && x.other != "" {
			n, _ = d.num(x.other)
		}
		*x.to = n
	}
	if n, ok := d.num("missed_bytes"); ok {
		f.Gap = n > 0
	}
	state := string(d.text("conn_state"))
	d.flags(f, d.text("history"))
	switch {
	case state == "OTH":
		f.Midstream = f.Proto == sensor.IPProtoTCP
	case state == "S0" || state == "REJ" || state == "SH" || state == "RSTOS0":
		f.State = sensor.FlowNew
	case state == "S1" || state == "S2" || state == "S3":
	case state != "":
		f.State = sensor.FlowClosed
	}
	d.flowLine(r, state)
	return true
}

// flags makes TCP flags of Zeek's history, which names what each side has sent, the client in capital letters.
func (d *Decoder) flags(f *sensor.Flow, history []byte) {
	if f.Proto != sensor.IPProtoTCP {
		return
	}
	for _, c := range history {
		dir := sensor.ToServer
		if c >= 'a' && c <= 'z' {
			dir, c = sensor.ToClient, c-'a'+'A'
		}
		switch c {
		case 'S':
			f.TCPFlags[dir] |= sensor.SYN
		case 'H':
			f.TCPFlags[dir] |= sensor.SYN | sensor.ACK
		case 'A':
			f.TCPFlags[dir] |= sensor.ACK
		case 'D':
			f.TCPFlags[dir] |= sensor.ACK | sensor.PSH
		case 'F':
			f.TCPFlags[dir] |= sensor.FIN
		case 'R':
			f.TCPFlags[dir] |= sensor.RST
		}
	}
}

// dns reads a question together with its answer.
func (d *Decoder) dns(r *record.Record) bool {
	tx := &r.Tx
	r.Kind, tx.Proto, r.Flow.App = sensor.KindTx, sensor.ProtoDNS, sensor.ProtoDNS
	name := d.text("query")
	if len(name) == 0 {
		return false
	}
	tx.Add(sensor.DNSQueryName, sensor.ToServer, name)
	tx.Add(sensor.DNSQueryRRName, sensor.ToServer, name)
	qtype, typed := d.num("qtype")
	if typed {
		tx.AddNumber(sensor.DNSRRType, sensor.ToServer, qtype)
	}
	rcode, answered := d.num("rcode")
	ns := string(d.text("qtype_name")) == "NS"
	answers := d.all("answers")
	if answered || len(answers) > 0 {
		tx.Add(sensor.DNSQueryRRName, sensor.ToClient, name)
		tx.AddNumber(sensor.DNSRCode, sensor.ToClient, rcode)
		if typed {
			tx.AddNumber(sensor.DNSRRType, sensor.ToClient, qtype)
		}
	}
	for _, a := range answers {
		tx.Add(sensor.DNSAnswerData, sensor.ToClient, a)
		if ns {
			tx.Add(sensor.DNSNameServer, sensor.ToClient, a)
		}
	}
	for _, t := range d.all("TTLs") {
		ns, ok := evejson.ParseNanos(t)
		if !ok {
			d.bad("TTLs are no spans of time")
		}
		tx.AddNumber(sensor.DNSAnswerTTL, sensor.ToClient, uint64(ns/1e9))
	}
	d.dnsLine(r, answered || len(answers) > 0)
	return true
}

// http reads an exchange.
func (d *Decoder) http(r *record.Record) bool {
	tx := &r.Tx
	r.Kind, tx.Proto, r.Flow.App = sensor.KindTx, sensor.ProtoHTTP, sensor.ProtoHTTP
	tx.AddHost(d.text("host"))
	if h, ok := tx.Buffer(sensor.HTTPHost, sensor.ToServer, 0); ok {
		d.joint.setHost(r.Flow.ID, h)
	}
	uri := d.text("uri")
	for _, x := range [...]struct {
		b sensor.Buffer
		v []byte
	}{{sensor.HTTPMethod, d.text("method")}, {sensor.HTTPURI, uri}, {sensor.HTTPURIRaw, uri}, {sensor.HTTPUserAgent, d.text("user_agent")},
		{sensor.HTTPReferer, d.text("referrer")}} {
		tx.Add(x.b, sensor.ToServer, x.v)
	}
	if n, ok := d.num("status_code"); ok {
		tx.Add(sensor.HTTPStatCode, sensor.ToClient, d.text("status_code"))
		tx.AddNumber(sensor.HTTPStatCode, sensor.ToClient, n)
	}
	tx.Add(sensor.HTTPContentType, sensor.ToClient, d.first("resp_mime_types"))
	d.httpLine(r)
	return tx.Has(sensor.ToServer)
}

// ssl reads a handshake.
func (d *Decoder) ssl(r *record.Record) bool {
	tx := &r.Tx
	r.Kind, tx.Proto, r.Flow.App = sensor.KindTx, sensor.ProtoTLS, sensor.ProtoTLS
	sni := d.text("server_name")
	tx.Add(sensor.TLSSNI, sensor.ToServer, sni)
	tx.Add(sensor.TLSVersion, sensor.ToServer, version(d.text("version")))
	tx.Add(sensor.TLSJA3Hash, sensor.ToServer, d.text("ja3"))
	tx.Add(sensor.TLSJA4, sensor.ToServer, d.text("ja4"))
	tx.Add(sensor.TLSJA3SHash, sensor.ToClient, d.text("ja3s"))
	id := d.first("cert_chain_fps")
	if len(id) == 0 {
		id = d.first("cert_chain_fuids")
	}
	key := uint64(0)
	if len(id) > 0 {
		key = hash(id)
	}
	if !d.joint.addCert(key, tx) {
		tx.Add(sensor.TLSCertSubject, sensor.ToClient, d.text("subject"))
		tx.Add(sensor.TLSCertIssuer, sensor.ToClient, d.text("issuer"))
		tx.Add(sensor.TLSCertFP, sensor.ToClient, d.first("cert_chain_fps"))
		if key != 0 && len(sni) > 0 {
			d.joint.await(key, r, sni)
		}
	}
	d.tlsLine(r)
	return tx.Has(sensor.ToServer) || tx.Has(sensor.ToClient)
}

// version makes "1.2" of "TLSv12".
func version(v []byte) []byte {
	if rest, ok := bytes.CutPrefix(v, []byte("TLSv")); ok && len(rest) == 2 {
		return []byte{rest[0], '.', rest[1]}
	}
	return v
}

// x509 reads a certificate, and tells of the handshake that has waited for it.
func (d *Decoder) x509(r *record.Record) bool {
	id := d.text("fingerprint")
	if len(id) == 0 {
		id = d.text("id")
	}
	if len(id) == 0 {
		d.bad("fingerprint and id are missing")
		return false
	}
	key := hash(id)
	c := slot(&d.joint.certs, certsMax, key)
	c.id = key
	v := &c.values
	v.Reset()
	v.Add(sensor.TLSCertSubject, sensor.ToClient, clip(d.text("certificate.subject"), nameMax))
	v.Add(sensor.TLSCertIssuer, sensor.ToClient, clip(d.text("certificate.issuer"), nameMax))
	v.Add(sensor.TLSCertSerial, sensor.ToClient, clip(d.text("certificate.serial"), hostMax))
	v.Add(sensor.TLSCertFP, sensor.ToClient, clip(d.text("fingerprint"), hostMax))
	for _, x := range [...]struct {
		name string
		b    sensor.Buffer
	}{{"certificate.not_valid_before", sensor.TLSNotBefore}, {"certificate.not_valid_after", sensor.TLSNotAfter}} {
		if ns, ok := d.time(x.name); ok {
			v.AddNumber(x.b, sensor.ToClient, uint64(ns/1e9))
		}
	}
	for _, n := range d.all("san.dns") {
		v.Add(sensor.TLSSAN, sensor.ToClient, clip(n, hostMax))
	}
	w := slot(&d.joint.waits, jointSize, key)
	if w.id != key {
		return false
	}
	w.id = 0
	r.Kind, r.Time, r.Flow = sensor.KindTx, w.time, w.flow
	r.Tx.Proto = sensor.ProtoTLS
	r.Tx.Add(sensor.TLSSNI, sensor.ToServer, w.sni)
	copyCert(&r.Tx, v)
	return true
}

func (d *Decoder) quic(r *record.Record) bool {
	r.Flow.Proto = sensor.IPProtoUDP
	r.Kind, r.Tx.Proto, r.Flow.App = sensor.KindTx, sensor.ProtoQUIC, sensor.ProtoQUIC
	r.Tx.Add(sensor.QUICSNI, sensor.ToServer, d.text("server_name"))
	r.Tx.Add(sensor.QUICVersion, sensor.ToServer, d.text("version"))
	d.quicLine(r)
	return r.Tx.Has(sensor.ToServer)
}

// fileEnds reads who has sent a file: a connection, or in older versions sets of hosts.
func (d *Decoder) fileEnds(r *record.Record) bool {
	if len(d.text("id.orig_h")) > 0 {
		if !d.pair(r) {
			return false
		}
	} else {
		tx, rx := d.first("tx_hosts"), []byte(nil)
		tx = append([]byte(nil), tx...)
		rx = d.first("rx_hosts")
		src, ok1 := d.joint.addrs.Parse(rx)
		dst, ok2 := d.joint.addrs.Parse(tx)
		if !ok1 || !ok2 {
			return false // a file of no connection: of a mail, say
		}
		f := &r.Flow
		f.Src, f.Dst, f.Proto, f.State = src, dst, sensor.IPProtoTCP, sensor.FlowEstablished
		f.Start, f.Last = r.Time, r.Time
		if f.ID = flowID(d.first("conn_uids")); string(d.text("is_orig")) == "T" {
			f.Src, f.Dst = f.Dst, f.Src
		}
	}
	r.Dir = sensor.ToClient
	if string(d.text("is_orig")) == "T" {
		r.Dir = sensor.ToServer
	}
	return true
}

// files reads a transferred file, of which there may be hashes and is not the content.
func (d *Decoder) files(r *record.Record) bool {
	f := &r.File
	r.Kind = sensor.KindFile
	r.Flow.App = service(bytes.ToLower(d.text("source")))
	f.Name, f.MIME = d.text("filename"), string(d.text("mime_type"))
	f.Size, _ = d.num("seen_bytes")
	missing, _ := d.num("missing_bytes")
	total, known := d.num("total_bytes")
	f.State, f.Gaps = sensor.FileClosed, missing > 0
	if missing > 0 || known && total != f.Size || string(d.text("timedout")) == "T" {
		f.State = sensor.FileTruncated
	}
	d.hash("md5", f.MD5[:])
	d.hash("sha1", f.SHA1[:])
	f.Hashed = d.hash("sha256", f.SHA256[:])
	if r.Flow.App == sensor.ProtoHTTP {
		r.Tx.Proto = sensor.ProtoHTTP
		r.Tx.AddHost(d.joint.hostOf(r.Flow.ID))
		r.Tx.Add(sensor.HTTPContentType, r.Dir, d.text("mime_type"))
	}
	d.fileLine(r)
	return true
}

// login makes a record that of a login.
func (d *Decoder) login(r *record.Record, p sensor.Proto, worked bool, user string) bool {
	r.Kind, r.Flow.App, r.Tx.Proto = sensor.KindTx, p, p
	n := uint64(0)
	if worked {
		n = 1
	}
	r.Tx.AddNumber(sensor.LoginResult, sensor.ToClient, n)
	if user != "" {
		r.Tx.Add(sensor.LoginUser, sensor.ToClient, d.text(user))
	}
	return true
}

// ssh reads what Zeek has guessed of a login from the lengths of what was sent.
func (d *Decoder) ssh(r *record.Record) bool {
	r.Flow.App = sensor.ProtoSSH
	d.sshLine(r)
	switch string(d.text("auth_success")) {
	case "T":
		return d.login(r, sensor.ProtoSSH, true, "")
	case "F":
		return d.login(r, sensor.ProtoSSH, false, "")
	}
	return false
}

func (d *Decoder) ftp(r *record.Record) bool {
	switch code, _ := d.num("reply_code"); code { // RFC 959, 5.4
	case 230:
		return d.login(r, sensor.ProtoFTP, true, "user")
	case 530:
		return d.login(r, sensor.ProtoFTP, false, "user")
	}
	return false
}

// kerberos reads how a request for a first ticket ended (RFC 4120, 7.5.9).
func (d *Decoder) kerberos(r *record.Record) bool {
	if string(d.text("request_type")) != "AS" {
		return false
	}
	if string(d.text("success")) == "T" {
		return d.login(r, sensor.ProtoKRB5, true, "client")
	}
	switch string(d.text("error_msg")) {
	case "KDC_ERR_PREAUTH_FAILED", "KDC_ERR_C_PRINCIPAL_UNKNOWN", "KDC_ERR_CLIENT_REVOKED":
		return d.login(r, sensor.ProtoKRB5, false, "client")
	}
	return false
}

func (d *Decoder) ntlm(r *record.Record) bool {
	switch string(d.text("success")) {
	case "T":
		return d.login(r, sensor.ProtoSMB, true, "username")
	case "F":
		return d.login(r, sensor.ProtoSMB, false, "username")
	}
	return false
}

// noticeEnds reads whom a notice is about: a connection, one or two hosts, or nobody.
func (d *Decoder) noticeEnds(r *record.Record) bool {
	if len(d.text("id.orig_h")) > 0 {
		return d.pair(r)
	}
	src, dst := d.end("src", "p"), d.end("dst", "p")
	r.Flow.Src, r.Flow.Dst, r.Flow.DstPort = src.Addr, dst.Addr, dst.Port
	r.Flow.Proto = protos[string(d.text("proto"))]
	return src.Addr.IsValid()
}

// notice reads what a script of Zeek holds for worth telling.
func (d *Decoder) notice(r *record.Record) bool {
	name := d.text("note")
	if len(name) == 0 {
		d.bad("note is missing")
		return false
	}
	r.Kind, r.Dir = sensor.KindAlert, sensor.ToServer
	msg := d.text("msg")
	if sub := d.text("sub"); len(sub) > 0 {
		msg = append(append(append(make([]byte, 0, len(msg)+len(sub)+2), msg...), ": "...), sub...)
	}
	r.Alert = sensor.Alert{Engine: "Zeek", ID: string(name), Name: string(name), Message: string(msg), Category: "Notice", Action: "allowed", Priority: 3}
	return true
}

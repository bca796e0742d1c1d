package evelog

import (
	"bytes"
	"encoding/hex"

	"khien/sensor"
	"khien/sensor/evejson"
	"khien/sensor/record"
)

// field is a string of an object and the buffer that it is.
type field struct {
	key string
	buf sensor.Buffer
	dir sensor.Dir
}

// fields adds strings of an object that are buffers.
func (d *Decoder) fields(v evejson.Value, object string, tx *record.Tx, list []field) {
	for i := range list {
		x := &list[i]
		tx.Add(x.buf, x.dir, d.str(v.Get(x.key), object))
	}
}

var httpFields = []field{
	{"http_method", sensor.HTTPMethod, sensor.ToServer},
	{"url", sensor.HTTPURI, sensor.ToServer},
	{"url", sensor.HTTPURIRaw, sensor.ToServer},
	{"protocol", sensor.HTTPProtocol, sensor.ToServer},
	{"http_user_agent", sensor.HTTPUserAgent, sensor.ToServer},
	{"http_refer", sensor.HTTPReferer, sensor.ToServer},
	{"http_content_type", sensor.HTTPContentType, sensor.ToClient},
	{"redirect", sensor.HTTPLocation, sensor.ToClient},
}

// http reads an exchange of HTTP of any version.
func (d *Decoder) http(top evejson.Value, r *record.Record) bool {
	v := d.object(top.Get("http"), "http")
	r.Kind = sensor.KindTx
	if r.Flow.App == sensor.ProtoNone {
		r.Flow.App = sensor.ProtoHTTP
	}
	r.Tx.Proto = sensor.ProtoHTTP
	r.Tx.AddHost(d.str(v.Get("hostname"), "http.hostname"))
	d.fields(v, "a field of http", &r.Tx, httpFields)
	if n, ok := d.num(v.Get("status"), "http.status"); ok {
		r.Tx.Add(sensor.HTTPStatCode, sensor.ToClient, v.Get("status").Raw())
		r.Tx.AddNumber(sensor.HTTPStatCode, sensor.ToClient, n)
	}
	return r.Tx.Has(sensor.ToServer)
}

var tlsFields = []field{
	{"sni", sensor.TLSSNI, sensor.ToServer},
	{"ja4", sensor.TLSJA4, sensor.ToServer},
	{"subject", sensor.TLSCertSubject, sensor.ToClient},
	{"issuerdn", sensor.TLSCertIssuer, sensor.ToClient},
	{"serial", sensor.TLSCertSerial, sensor.ToClient},
	{"fingerprint", sensor.TLSCertFP, sensor.ToClient},
}

var ja3Fields = []field{{"hash", sensor.TLSJA3Hash, sensor.ToServer}, {"string", sensor.TLSJA3String, sensor.ToServer}}
var ja3sFields = []field{{"hash", sensor.TLSJA3SHash, sensor.ToClient}, {"string", sensor.TLSJA3SString, sensor.ToClient}}

// namesMax is how many names of a certificate are read.
const namesMax = 100

// tls reads a handshake. There is a record of one without a name in clear, too: then nothing but the way to the server shows.
func (d *Decoder) tls(top evejson.Value, r *record.Record) bool {
	v := d.object(top.Get("tls"), "tls")
	tx := &r.Tx
	r.Kind, tx.Proto, r.Flow.App = sensor.KindTx, sensor.ProtoTLS, sensor.ProtoTLS
	d.fields(v, "a field of tls", tx, tlsFields)
	tx.Add(sensor.TLSVersion, sensor.ToServer, bytes.TrimPrefix(d.str(v.Get("version"), "tls.version"), []byte("TLS ")))
	d.fields(d.object(v.Get("ja3"), "tls.ja3"), "a field of tls.ja3", tx, ja3Fields)
	d.fields(d.object(v.Get("ja3s"), "tls.ja3s"), "a field of tls.ja3s", tx, ja3sFields)
	for _, x := range [...]struct {
		key string
		buf sensor.Buffer
	}{{"notbefore", sensor.TLSNotBefore}, {"notafter", sensor.TLSNotAfter}} {
		text := d.str(v.Get(x.key), "tls."+x.key)
		if ns, ok := evejson.ParseTime(text); ok && ns >= 0 {
			tx.AddNumber(x.buf, sensor.ToClient, uint64(ns/1e9))
		}
	}
	n := 0
	for s := d.list(v.Get("subjectaltname"), "tls.subjectaltname"); s.Type() != evejson.NoValue && n < namesMax; s = s.Next() {
		tx.Add(sensor.TLSSAN, sensor.ToClient, d.str(s, "tls.subjectaltname"))
		n++
	}
	return tx.Has(sensor.ToServer) || tx.Has(sensor.ToClient)
}

var quicFields = []field{
	{"sni", sensor.QUICSNI, sensor.ToServer},
	{"ua", sensor.QUICUserAgent, sensor.ToServer},
	{"version", sensor.QUICVersion, sensor.ToServer},
	{"ja4", sensor.TLSJA4, sensor.ToServer},
}

func (d *Decoder) quic(top evejson.Value, r *record.Record) bool {
	v := d.object(top.Get("quic"), "quic")
	r.Kind, r.Tx.Proto, r.Flow.App = sensor.KindTx, sensor.ProtoQUIC, sensor.ProtoQUIC
	d.fields(v, "a field of quic", &r.Tx, quicFields)
	return r.Tx.Has(sensor.ToServer)
}

// ftp reads what became of a password (RFC 959, 5.4).
func (d *Decoder) ftp(top evejson.Value, r *record.Record) bool {
	v := d.object(top.Get("ftp"), "ftp")
	if string(d.str(v.Get("command"), "ftp.command")) != "PASS" {
		return false
	}
	var code []byte
	for c := d.list(v.Get("completion_code"), "ftp.completion_code"); c.Type() != evejson.NoValue; c = c.Next() {
		code = d.str(c, "ftp.completion_code")
	}
	switch string(code) {
	case "230":
		login(r, sensor.ProtoFTP, true, nil)
	case "530":
		login(r, sensor.ProtoFTP, false, nil)
	default:
		return false
	}
	return true
}

// krb5 reads how a request for a first ticket ended (RFC 4120, 7.5.9).
func (d *Decoder) krb5(top evejson.Value, r *record.Record) bool {
	v := d.object(top.Get("krb5"), "krb5")
	user, _ := v.Get("cname").Text()
	switch code, _ := v.Get("error_code").Text(); string(d.str(v.Get("msg_type"), "krb5.msg_type")) {
	case "KRB_AS_REP":
		login(r, sensor.ProtoKRB5, true, user)
		return true
	case "KRB_ERROR":
		switch string(code) {
		case "KDC_ERR_PREAUTH_FAILED", "KDC_ERR_C_PRINCIPAL_UNKNOWN", "KDC_ERR_CLIENT_REVOKED":
			login(r, sensor.ProtoKRB5, false, user)
			return true
		}
	}
	return false
}

// smb reads how the setup of a session ended ([MS-ERREF], 2.3.1).
func (d *Decoder) smb(top evejson.Value, r *record.Record) bool {
	v := d.object(top.Get("smb"), "smb")
	user := d.str(d.object(v.Get("ntlmssp"), "smb.ntlmssp").Get("user"), "smb.ntlmssp.user")
	if len(user) == 0 {
		return false
	}
	switch string(d.str(v.Get("status"), "smb.status")) {
	case "STATUS_SUCCESS":
		login(r, sensor.ProtoSMB, true, user)
	case "STATUS_LOGON_FAILURE", "STATUS_WRONG_PASSWORD", "STATUS_NO_SUCH_USER", "STATUS_ACCOUNT_LOCKED_OUT", "STATUS_ACCOUNT_DISABLED":
		login(r, sensor.ProtoSMB, false, user)
	default:
		return false
	}
	return true
}

// login makes a record that of a login.
func login(r *record.Record, p sensor.Proto, worked bool, user []byte) {
	r.Kind, r.Flow.App, r.Tx.Proto = sensor.KindTx, p, p
	n := uint64(0)
	if worked {
		n = 1
	}
	r.Tx.AddNumber(sensor.LoginResult, sensor.ToClient, n)
	r.Tx.Add(sensor.LoginUser, sensor.ToClient, user)
}

// file reads a transferred file, of which there are the hashes and not the content.
func (d *Decoder) file(top evejson.Value, r *record.Record) bool {
	v := d.object(top.Get("fileinfo"), "fileinfo")
	if top.Get("http").Type() != evejson.NoValue {
		d.http(top, r)
	}
	f := &r.File
	r.Kind = sensor.KindFile
	f.Name = d.str(v.Get("filename"), "fileinfo.filename")
	f.Magic, f.MIME = string(d.str(v.Get("magic"), "fileinfo.magic")), string(d.str(v.Get("mimetype"), "fileinfo.mimetype"))
	f.Size, _ = d.num(v.Get("size"), "fileinfo.size")
	f.Start, _ = d.num(v.Get("start"), "fileinfo.start")
	f.End, _ = d.num(v.Get("end"), "fileinfo.end")
	f.Gaps, f.Stored = v.Get("gaps").True(), v.Get("stored").True()
	f.State = sensor.FileTruncated
	if string(d.str(v.Get("state"), "fileinfo.state")) == "CLOSED" {
		f.State = sensor.FileClosed
	}
	d.hash(v, "md5", f.MD5[:])
	d.hash(v, "sha1", f.SHA1[:])
	f.Hashed = d.hash(v, "sha256", f.SHA256[:])
	return true
}

func (d *Decoder) hash(v evejson.Value, key string, to []byte) bool {
	text := d.str(v.Get(key), "fileinfo."+key)
	if len(text) == 0 {
		return false
	}
	if len(text) == hex.EncodedLen(len(to)) {
		if _, err := hex.Decode(to, text); err == nil {
			return true
		}
	}
	d.bad("fileinfo." + key + " is no hash")
	return false
}

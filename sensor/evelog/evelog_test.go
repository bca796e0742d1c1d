package evelog

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"khien/sensor"
	"khien/sensor/record"
)

// head is what all lines of the tests have.
const head = `{"timestamp":"2026-11-21T14:29:02.000250+0700","flow_id":12,"src_ip":"10.20.3.14","src_port":49153,"dest_ip":"203.0.113.9","dest_port":443,"proto":"TCP",`

// text shows what a transaction tells.
func text(tx *record.Tx, bs ...sensor.Buffer) string {
	var out []string
	for _, b := range bs {
		for _, dir := range [...]sensor.Dir{sensor.ToServer, sensor.ToClient} {
			for i := range 8 {
				if v, ok := tx.Buffer(b, dir, i); ok {
					out = append(out, string(v))
				}
				if n, ok := tx.Number(b, dir, i); ok {
					out = append(out, fmt.Sprint(n))
				}
			}
		}
	}
	return strings.Join(out, " ")
}

func TestDecode(t *testing.T) {
	var d Decoder
	f := func(line string, kind sensor.Kind, want string, bs ...sensor.Buffer) {
		t.Helper()
		var r record.Record
		ok, err := d.Decode([]byte(line), &r)
		if err != nil || !ok || r.Kind != kind {
			t.Fatalf("%s: kind %d, %v, %v", line, r.Kind, ok, err)
		}
		if r.Time != 1795246142000250000 && kind != sensor.KindFlowEnd {
			t.Errorf("time %d", r.Time)
		}
		if got := text(&r.Tx, bs...); got != want {
			t.Errorf("%s\ngives %q, want %q", line, got, want)
		}
		if c := r.Flow.Src.String(); c != "10.20.3.14" {
			t.Errorf("%s\nthe client is %s", line, c)
		}
	}
	// Suricata 8, 7 and before 5 write DNS in different ways.
	names := []sensor.Buffer{sensor.DNSQueryName, sensor.DNSQueryRRName, sensor.DNSRRType}
	answer := append(names, sensor.DNSRCode, sensor.DNSAnswerData, sensor.DNSAnswerTTL, sensor.DNSNameServer)
	f(head+`"event_type":"dns","dns":{"version":3,"type":"request","queries":[{"rrname":"a.example","rrtype":"TYPE65400"}]}}`, sensor.KindTx, "a.example a.example 65400", names...)
	f(head+`"event_type":"dns","dns":{"type":"query","rrname":"a.example","rrtype":"AAAA"}}`, sensor.KindTx, "a.example a.example 28", names...)
	f(head+`"event_type":"dns","dns":{"version":3,"type":"response","rcode":"NXDOMAIN","queries":[{"rrname":"a.example","rrtype":"A"}],"authorities":[{"rrtype":"NS","rdata":"ns.example"}]}}`,
		sensor.KindTx, "a.example 1 3 ns.example", answer...)
	f(head+`"event_type":"dns","dns":{"version":2,"type":"answer","rcode":"NOERROR","rrname":"a.example","rrtype":"A","answers":[{"rrname":"a.example","rrtype":"A","ttl":60,"rdata":"192.0.2.1"},{"rrtype":"SOA","soa":{}}]}}`,
		sensor.KindTx, "a.example 1 0 192.0.2.1 60", answer...)
	f(head+`"event_type":"dns","dns":{"type":"answer","rcode":"NOERROR","rrname":"a.example","rrtype":"A","ttl":5,"rdata":"192.0.2.1"}}`,
		sensor.KindTx, "a.example 1 0 192.0.2.1 5", answer...)
	f(head+`"event_type":"dns","dns":{"version":2,"type":"answer","rrname":"a.example","rrtype":"A","grouped":{"A":["192.0.2.1","192.0.2.2"]}}}`,
		sensor.KindTx, "a.example 1 192.0.2.1 192.0.2.2", answer...)
	f(head+`"event_type":"tls","tls":{"sni":"a.example","version":"TLS 1.2","ja3":{"hash":"ab"},"ja4":"t12","subject":"CN=a","issuerdn":"CN=b","fingerprint":"aa:bb","notbefore":"2026-11-20T00:00:00","subjectaltname":["a.example","b.example"]}}`,
		sensor.KindTx, "a.example 1.2 ab t12 CN=a CN=b aa:bb 1795132800 a.example b.example",
		sensor.TLSSNI, sensor.TLSVersion, sensor.TLSJA3Hash, sensor.TLSJA4, sensor.TLSCertSubject, sensor.TLSCertIssuer, sensor.TLSCertFP, sensor.TLSNotBefore, sensor.TLSSAN)
	f(head+`"event_type":"http","http":{"hostname":"A.Example:8080","url":"/x","http_method":"GET","http_user_agent":"curl","http_refer":"http://b","status":302,"redirect":"http://c/"}}`,
		sensor.KindTx, "a.example /x GET curl http://b 302 302 http://c/",
		sensor.HTTPHost, sensor.HTTPURI, sensor.HTTPMethod, sensor.HTTPUserAgent, sensor.HTTPReferer, sensor.HTTPStatCode, sensor.HTTPLocation)
	f(head+`"event_type":"quic","quic":{"version":"1","sni":"a.example"}}`, sensor.KindTx, "a.example", sensor.QUICSNI)
	f(head+`"event_type":"ftp","ftp":{"command":"PASS","completion_code":["530"]}}`, sensor.KindTx, "0", sensor.LoginResult)
	f(head+`"event_type":"krb5","krb5":{"msg_type":"KRB_ERROR","cname":"an","error_code":"KDC_ERR_PREAUTH_FAILED"}}`, sensor.KindTx, "0 an", sensor.LoginResult, sensor.LoginUser)
	f(head+`"event_type":"smb","smb":{"status":"STATUS_SUCCESS","ntlmssp":{"user":"an"}}}`, sensor.KindTx, "1 an", sensor.LoginResult, sensor.LoginUser)
	// A file comes from the server, whose connection was seen above.
	swapped := `{"timestamp":"2026-11-21T07:29:02.000250Z","flow_id":12,"src_ip":"203.0.113.9","src_port":60000,"dest_ip":"10.20.3.14","dest_port":49153,"proto":"TCP",`
	f(swapped+`"event_type":"fileinfo","app_proto":"http","http":{"hostname":"a.example"},"fileinfo":{"filename":"/x.apk","state":"CLOSED","size":9}}`, sensor.KindFile, "a.example", sensor.HTTPHost)
	f(swapped+`"event_type":"alert","direction":"to_client","alert":{"signature_id":5,"severity":1},"tls":{"sni":"a.example"}}`, sensor.KindAlert, "a.example", sensor.TLSSNI)

	var r record.Record
	flow := head + `"event_type":"flow","app_proto":"tls","flow":{"pkts_toserver":3,"bytes_toclient":900,"start":"2026-11-21T07:00:00.000000+0000","end":"2026-11-21T07:01:00.000000+0000","state":"new"},"tcp":{"tcp_flags_ts":"02","tcp_flags_tc":"14"}}`
	if ok, err := d.Decode([]byte(flow), &r); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if x := &r.Flow; x.Packets[0] != 3 || x.Bytes[1] != 900 || x.Last-x.Start != 60e9 || x.State != sensor.FlowNew || x.TCPFlags != [2]uint8{sensor.SYN, sensor.RST | sensor.ACK} ||
		x.App != sensor.ProtoTLS || r.Time != x.Last || r.Done != 1795246142000250000 {
		t.Errorf("%+v", x)
	}
	// What is kept as telemetry and nothing else.
	for _, line := range []string{head + `"event_type":"ssh","ssh":{}}`, head + `"event_type":"dhcp","dhcp":{"type":"reply","dhcp_type":"ack"}}`} {
		var r record.Record
		if ok, err := d.Decode([]byte(line), &r); !ok || err != nil || r.Kind != 0 || string(r.Line) != line {
			t.Errorf("%s: %v, %v, %+v", line, ok, err, r.Kind)
		}
	}
	// What nobody looks at, and what Khiên found itself.
	for _, line := range []string{`{"event_type":"stats","stats":{}}`, head + `"event_type":"alert","alert":{"gid":2,"signature_id":0}}`, head + `"event_type":"ftp","ftp":{"command":"USER"}}`} {
		if ok, err := d.Decode([]byte(line), &record.Record{}); ok || err != nil {
			t.Errorf("%s: %v, %v", line, ok, err)
		}
	}
}

func TestHostile(t *testing.T) {
	var d Decoder
	f := func(line, want string) {
		t.Helper()
		ok, err := d.Decode([]byte(line), &record.Record{})
		if ok || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.100s: %v, %v; want %q", line, ok, err, want)
		}
	}
	f("", "cut off")
	f("[]", "no JSON object")
	f("{}", "event_type is missing")
	f(`{"event_type":5}`, "event_type is missing")
	f(strings.Repeat(`{"a":`, 40)+"1"+strings.Repeat("}", 40), "within one another")
	f("{\"event_type\":\"dns\xff\"}", "UTF-8")
	f(`{"event_type":"dns"}`, "a record of type dns: timestamp is no time")
	f(strings.Replace(head, "203.0.113.9", "here", 1)+`"event_type":"dns"}`, "dest_ip is no address")
	f(strings.Replace(head, "443", "70000", 1)+`"event_type":"dns"}`, "dest_port is no port")
	f(strings.Replace(head, "12", "-1", 1)+`"event_type":"dns"}`, "flow_id is no whole number")
	f(head+`"event_type":"dns","dns":[]}`, "dns is no object")
	f(head+`"event_type":"dns","dns":{"queries":{}}}`, "dns.queries is no array")
	f(head+`"event_type":"http","http":{"hostname":{}}}`, "http.hostname is no string")
	f(head+`"event_type":"http","http":{"url":[]}}`, "a field of http is no string")
	f(head+`"event_type":"fileinfo","fileinfo":{"sha256":"00"}}`, "fileinfo.sha256 is no hash")
	f(head+`"event_type":"alert","alert":{"signature_id":99999999999}}`, "too large")
	f(head+`"event_type":"flow","tcp":{"tcp_flags_ts":"zz"}}`, "tcp.tcp_flags is no number")
	// What a peer can grow stays within limits.
	many := head + `"event_type":"dns","dns":{"type":"answer","rrname":"a.example","answers":[` + strings.Repeat(`{"rdata":"192.0.2.1","ttl":1},`, 5000) + `{}]}}`
	var r record.Record
	if ok, err := d.Decode([]byte(many), &r); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if _, ok := r.Tx.Buffer(sensor.DNSAnswerData, sensor.ToClient, answersMax); ok {
		t.Errorf("more than %d answers", answersMax)
	}
}

func TestNoAllocation(t *testing.T) {
	var d Decoder
	var r record.Record
	lines := [][]byte{
		[]byte(head + `"event_type":"dns","dns":{"version":3,"type":"response","queries":[{"rrname":"a.example","rrtype":"A"}],"answers":[{"rdata":"192.0.2.1","ttl":1}]}}`),
		[]byte(head + `"event_type":"http","http":{"hostname":"a.example","url":"/x","status":200}}`),
	}
	if n := testing.AllocsPerRun(100, func() {
		for _, line := range lines {
			r.Reset()
			if ok, err := d.Decode(line, &r); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzDecode: a record has ends and a time, a line that is kept is JSON, reading it again gives the same, and after an error
// there is none.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`"event_type":"dns","dns":{"type":"answer","rrname":"a","answers":[{"rdata":"b","ttl":1}]}}`, `"event_type":"alert","alert":{"signature_id":1,"metadata":{"a":["b"]}},"flow":{"src_ip":"203.0.113.9","src_port":443}}`,
		`"event_type":"flow","flow":{"start":"2026-11-21T07:00:00.0Z"},"tcp":{"tcp_flags_ts":"1b"}}`, `"event_type":"fileinfo","fileinfo":{"md5":"00"}}`, `"event_type":"tls","tls":{"subjectaltname":["a"]}}`} {
		f.Add([]byte(head + s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var d Decoder
		var r, again record.Record
		ok, err := d.Decode(line, &r)
		if err != nil {
			if ok {
				t.Fatal("a record and an error")
			}
			return
		}
		if !ok {
			return
		}
		if !r.Flow.Src.IsValid() || !r.Flow.Dst.IsValid() || r.Line != nil && !json.Valid(r.Line) || r.Kind == 0 && r.Line == nil {
			t.Fatalf("%q: %+v", line, r)
		}
		var e Decoder
		if ok, err := e.Decode(line, &again); !ok || err != nil || fmt.Sprint(again.Flow, again.Alert, again.Tx, again.Time) != fmt.Sprint(r.Flow, r.Alert, r.Tx, r.Time) {
			t.Fatalf("%q: not the same again", line)
		}
		record.NewPlayer("x", nil).Play(&r)
	})
}

func BenchmarkDecode(b *testing.B) {
	lines := [][]byte{
		[]byte(head + `"event_type":"dns","dns":{"version":3,"type":"response","id":1,"flags":"8180","qr":true,"rd":true,"ra":true,"opcode":0,"rcode":"NOERROR","queries":[{"rrname":"www.example.com","rrtype":"A"}],"answers":[{"rrname":"www.example.com","rrtype":"A","ttl":60,"rdata":"203.0.113.9"}],"grouped":{"A":["203.0.113.9"]}}}`),
		[]byte(head + `"event_type":"http","tx_id":0,"http":{"hostname":"www.example.com","url":"/dang-nhap","http_user_agent":"Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36","http_content_type":"text/html","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":509}}`),
		[]byte(head + `"event_type":"tls","tls":{"sni":"www.example.com","subject":"CN=www.example.com","issuerdn":"C=US, O=Example Encrypt, CN=E5","serial":"32:E8","fingerprint":"ce:0d:48:69:01:b8:98:0f:4d:6d:30:06:43:bb:3d:ae:35:03:2e:ba","notbefore":"2026-11-20T00:00:00","notafter":"2027-02-18T00:00:00","version":"TLS 1.2","ja3":{"hash":"fe74e1eb643dc085fab0630ae6fcb038"}}}`),
		[]byte(head + `"event_type":"flow","app_proto":"tls","flow":{"pkts_toserver":10,"pkts_toclient":8,"bytes_toserver":1427,"bytes_toclient":2441,"start":"2026-11-21T07:29:02.020000+0000","end":"2026-11-21T07:29:02.190000+0000","age":0,"state":"closed","reason":"timeout","alerted":false,"tx_cnt":1},"tcp":{"tcp_flags":"1b","tcp_flags_ts":"1b","tcp_flags_tc":"1b","syn":true,"fin":true,"psh":true,"ack":true,"state":"closed"}}`),
	}
	var d Decoder
	var r record.Record
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Reset()
		if ok, err := d.Decode(lines[i%len(lines)], &r); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

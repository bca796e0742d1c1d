package zeeklog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"khien/sensor"
	"khien/sensor/record"
)

// tsv writes a log in Zeek's own format.
func tsv(name, fields string, rows ...string) string {
	tabs := func(s string) string { return strings.Join(strings.Fields(s), "\t") }
	out := "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t" + name + "\n#fields\t" + tabs(fields) + "\n"
	for _, r := range rows {
		out += tabs(r) + "\n"
	}
	return out
}

// decode reads the lines of a log and returns the last record.
func decode(t *testing.T, d *Decoder, lines string) (r record.Record, found bool) {
	t.Helper()
	for line := range strings.Lines(lines) {
		var x record.Record
		ok, err := d.Decode([]byte(strings.TrimSuffix(line, "\n")), &x)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if ok {
			r, found = x, true
		}
	}
	return r, found
}

const ends = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p"
const who = "1795246142.000250 Cabc 10.20.3.14 49153 203.0.113.9 443"

func value(tx *record.Tx, b sensor.Buffer, dir sensor.Dir) string {
	if v, ok := tx.Buffer(b, dir, 0); ok {
		return string(v)
	}
	if n, ok := tx.Number(b, dir, 0); ok {
		return fmt.Sprint(n)
	}
	return ""
}

func TestDecode(t *testing.T) {
	f := func(log string, kind sensor.Kind, b sensor.Buffer, dir sensor.Dir, want string) {
		t.Helper()
		r, found := decode(t, NewDecoder("x.log", NewJoint()), log)
		if !found || r.Kind != kind {
			t.Fatalf("%s: kind %d, %v", log, r.Kind, found)
		}
		if got := value(&r.Tx, b, dir); got != want {
			t.Errorf("%s\ngives %q, want %q", log, got, want)
		}
		if r.Time != 1795246142000250000 || r.Flow.Src.String() != "10.20.3.14" || r.Flow.DstPort != 443 {
			t.Errorf("%s: at %d, %v to port %d", log, r.Time, r.Flow.Src, r.Flow.DstPort)
		}
		if r.Line != nil && !json.Valid(r.Line) {
			t.Errorf("%s", r.Line)
		}
	}
	f(tsv("dns", ends+" proto query qtype rcode answers TTLs", who+" udp a.example 1 3 - -"), sensor.KindTx, sensor.DNSRCode, sensor.ToClient, "3")
	f(tsv("dns", ends+" proto query qtype rcode answers TTLs", who+" udp a.example 1 0 b\\x2cc,192.0.2.1 5.0,6.0"), sensor.KindTx, sensor.DNSAnswerData, sensor.ToClient, "b,c")
	f(tsv("dns", ends+" proto query qtype rcode answers TTLs", who+" udp a.example 1 0 b,192.0.2.1 5.0,6.0"), sensor.KindTx, sensor.DNSAnswerTTL, sensor.ToClient, "5")
	f(tsv("http", ends+" method host uri status_code resp_mime_types", who+" GET A.example:80 /\\x09\\\\ 302 text/html"), sensor.KindTx, sensor.HTTPURI, sensor.ToServer, "/\t\\")
	f(tsv("http", ends+" method host uri status_code resp_mime_types", who+" GET A.example:80 / 302 text/html"), sensor.KindTx, sensor.HTTPHost, sensor.ToServer, "a.example")
	f(tsv("ssl", ends+" version server_name issuer", who+" TLSv12 a.example CN=b"), sensor.KindTx, sensor.TLSCertIssuer, sensor.ToClient, "CN=b")
	f(tsv("quic", ends+" version server_name", who+" 1 a.example"), sensor.KindTx, sensor.QUICSNI, sensor.ToServer, "a.example")
	f(tsv("ssh", ends+" auth_success client", who+" F SSH-2.0-x"), sensor.KindTx, sensor.LoginResult, sensor.ToClient, "0")
	f(tsv("ftp", ends+" user reply_code", who+" an 530"), sensor.KindTx, sensor.LoginUser, sensor.ToClient, "an")
	f(tsv("kerberos", ends+" request_type client success error_msg", who+" AS an F KDC_ERR_PREAUTH_FAILED"), sensor.KindTx, sensor.LoginResult, sensor.ToClient, "0")
	f(tsv("ntlm", ends+" username success", who+" an T"), sensor.KindTx, sensor.LoginResult, sensor.ToClient, "1")
	f(tsv("notice", ends+" note msg sub", who+" Scan::Port_Scan msg sub"), sensor.KindAlert, sensor.TLSSNI, sensor.ToServer, "")
	f(tsv("files", "ts uid id.orig_h id.orig_p id.resp_h id.resp_p source filename seen_bytes total_bytes sha256", who+" HTTP x.apk 9 9 "+strings.Repeat("ab", 32)),
		sensor.KindFile, sensor.HTTPHost, sensor.ToServer, "")
	f(`{"_path":"dns","ts":"2026-11-21T07:29:02.000250Z","id.orig_h":"10.20.3.14","id.orig_p":1,"id.resp_h":"203.0.113.9","id.resp_p":443,"query":"a.example","rejected":false}`,
		sensor.KindTx, sensor.DNSQueryName, sensor.ToServer, "a.example")

	conn := func(state, history string, want sensor.FlowState, client, server uint8) {
		t.Helper()
		r, _ := decode(t, NewDecoder("conn.log", NewJoint()), tsv("conn", ends+" proto service duration conn_state history orig_pkts orig_ip_bytes missed_bytes",
			who+" tcp ssl,http 1.5 "+state+" "+history+" 3 200 7"))
		if x := &r.Flow; r.Kind != sensor.KindFlowEnd || x.State != want || x.TCPFlags != [2]uint8{client, server} || x.Last-x.Start != 15e8 || x.App != sensor.ProtoTLS ||
			x.Packets[0] != 3 || x.Bytes[0] != 200 || !x.Gap || x.Midstream != (state == "OTH") || r.Time != x.Last {
			t.Errorf("%s %s: %+v", state, history, x)
		}
	}
	conn("S0", "S", sensor.FlowNew, sensor.SYN, 0)
	conn("REJ", "Sr", sensor.FlowNew, sensor.SYN, sensor.RST)
	conn("S1", "Sh", sensor.FlowEstablished, sensor.SYN, sensor.SYN|sensor.ACK)
	conn("SF", "ShADadFf", sensor.FlowClosed, sensor.SYN|sensor.ACK|sensor.PSH|sensor.FIN, sensor.SYN|sensor.ACK|sensor.PSH|sensor.FIN)
	conn("OTH", "Cc", sensor.FlowEstablished, 0, 0)
	if _, found := decode(t, NewDecoder("weird.log", NewJoint()), tsv("weird", "ts", "1")); found {
		t.Error("a log that nobody reads gives a record")
	}
}

// TestCertificates: a certificate and its handshake find one another whichever comes first, in the old and the new form.
func TestCertificates(t *testing.T) {
	ssl := tsv("ssl", ends+" server_name cert_chain_fps", who+" A.example fp1,fp2")
	x509 := tsv("x509", "ts fingerprint certificate.subject certificate.not_valid_before san.dns", "1795246142.1 fp1 CN=a 1795132800.0 a.example,b.example")
	old := strings.Replace(ssl, "cert_chain_fps", "cert_chain_fuids", 1)
	oldCert := strings.Replace(x509, "fingerprint", "id", 1)
	f := func(first, second string) {
		t.Helper()
		j := NewJoint()
		decode(t, NewDecoder("a.log", j), first)
		r, found := decode(t, NewDecoder("b.log", j), second)
		if san, _ := r.Tx.Buffer(sensor.TLSSAN, sensor.ToClient, 1); !found || string(san) != "b.example" || !strings.EqualFold(value(&r.Tx, sensor.TLSSNI, sensor.ToServer), "a.example") ||
			value(&r.Tx, sensor.TLSNotBefore, sensor.ToClient) != "1795132800" || r.Flow.Src.String() != "10.20.3.14" {
			t.Errorf("%s behind %s: %v %+v", second, first, found, r)
		}
	}
	f(ssl, x509)
	f(x509, ssl)
	f(old, oldCert)
	f(oldCert, old)
}

func TestHostile(t *testing.T) {
	f := func(log, want string) {
		t.Helper()
		d := NewDecoder("dns.log", NewJoint())
		var last error
		for line := range strings.Lines(log) {
			var ok bool
			if ok, last = d.Decode([]byte(strings.TrimSuffix(line, "\n")), &record.Record{}); ok && last != nil {
				t.Errorf("%s: a record and an error", line)
			}
		}
		if last == nil || !strings.Contains(last.Error(), want) {
			t.Errorf("%.200s: %v, want %q", log, last, want)
		}
	}
	head := tsv("dns", ends+" proto query")
	row := strings.Join(strings.Fields(who), "\t")
	f(row+"\tudp\ta.example\n", "before any header")
	f(head+row+"\n", "6 columns, 8 in the header")
	f(head+row+"\tudp\ta.example\tx\n", "more columns than the 8")
	f(head+row+"\tudp\t\xff\n", "UTF-8")
	f(head+strings.Replace(row, "1795246142", "now", 1)+"\tudp\ta\n", "ts is no time")
	f(head+strings.Replace(row, "203.0.113.9", "here", 1)+"\tudp\ta\n", "id.resp_h is no address")
	f(head+strings.Replace(row, "203.0.113.9", "-", 1)+"\tudp\ta\n", "is missing")
	f(head+strings.Replace(row, "443", "70000", 1)+"\tudp\ta\n", "id.resp_p is no port")
	f("\n", "an empty line")
	f("#separator ab\n", "not one byte")
	f("#fields\ta\ta\n", "names a column twice")
	f("#fields\t"+strings.Repeat("a\t", columnsMax+1)+"\n", "more than 512 columns")
	f("#x"+strings.Repeat("y", headerMax)+"\n", "a header of more than")
	f(`{"ts":1,"id.orig_h":[]}`+"\n", "id.orig_h is no single value")
	f(strings.Repeat(`{"a":`, 40)+"1"+strings.Repeat("}", 40)+"\n", "within one another")
	f(strings.Replace(head, "proto", "rcode", 1)+row+"\t-1\ta\n", "rcode is no whole number")
}

// TestState: a log goes on in its middle, with the header that was kept.
func TestState(t *testing.T) {
	log := tsv("dns", ends+" proto query", who+" udp a.example")
	d := NewDecoder("dns.log", NewJoint())
	decode(t, d, log)
	e := NewDecoder("dns.log", NewJoint())
	if err := e.Restore(d.State()); err != nil {
		t.Fatal(err)
	}
	if r, found := decode(t, e, strings.Join(strings.Fields(who), "\t")+"\tudp\tb.example\n"); !found || value(&r.Tx, sensor.DNSQueryName, sensor.ToServer) != "b.example" {
		t.Errorf("%v", found)
	}
	if !bytes.Equal(d.State(), e.State()) {
		t.Errorf("%q, %q", d.State(), e.State())
	}
}

// TestFormatsAgree: the same logs in both formats give the same records.
func TestFormatsAgree(t *testing.T) {
	a, err := txtar.ParseFile("testdata/fraud.txtar")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	joints := map[string]*Joint{"tsv": NewJoint(), "json": NewJoint()}
	for _, f := range a.Files {
		kind, name, _ := strings.Cut(f.Name, "/")
		d := NewDecoder(name, joints[kind])
		for line := range bytes.Lines(f.Data) {
			var r record.Record
			ok, err := d.Decode(bytes.TrimSuffix(line, []byte{'\n'}), &r)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if ok {
				got[kind] = append(got[kind], fmt.Sprint(r.Kind, r.Time, r.Flow, r.Tx, r.File.Name, r.File.Size, r.File.SHA256, string(r.Line)))
			}
		}
	}
	if a, b := len(got["tsv"]), len(got["json"]); a != 43 || b != a {
		t.Fatalf("%d and %d records", a, b)
	}
	for i, want := range got["tsv"] {
		if got["json"][i] != want {
			t.Fatalf("record %d:\n%s\nin JSON:\n%s", i, want, got["json"][i])
		}
	}
}

// FuzzDecode: what is given out has ends but for notices, its line is JSON, after an error there is no record, and a decoder that
// got the state reads the next line as the one that it is from.
func FuzzDecode(f *testing.F) {
	a, err := txtar.ParseFile("testdata/fraud.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, x := range a.Files {
		f.Add(x.Name[strings.IndexByte(x.Name, '/')+1:], x.Data[:min(len(x.Data), 1500)])
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		d, other := NewDecoder(name, NewJoint()), NewJoint()
		for line := range bytes.Lines(data) {
			line = bytes.TrimSuffix(line, []byte{'\n'})
			e := NewDecoder(d.name, other)
			if err := e.Restore(d.State()); err != nil {
				t.Fatalf("state %q: %v", d.State(), err)
			}
			var r, again record.Record
			ok, err := d.Decode(line, &r)
			ok2, err2 := e.Decode(line, &again)
			if ok && err != nil || (err == nil) != (err2 == nil) || len(line) > 0 && line[0] != '#' && d.name != "x509" && ok != ok2 {
				t.Fatalf("%q: %v %v, then %v %v", line, ok, err, ok2, err2)
			}
			if !ok {
				continue
			}
			if !r.Flow.Src.IsValid() || r.Kind != sensor.KindAlert && !r.Flow.Dst.IsValid() || r.Line != nil && !json.Valid(r.Line) {
				t.Fatalf("%q: %+v %s", line, r, r.Line)
			}
			record.NewPlayer("x", nil).Play(&r)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	a, err := txtar.ParseFile("testdata/fraud.txtar")
	if err != nil {
		b.Fatal(err)
	}
	for _, kind := range []string{"tsv", "json"} {
		var lines [][]byte
		var decoders []*Decoder
		joint := NewJoint()
		for _, f := range a.Files {
			k, name, _ := strings.Cut(f.Name, "/")
			if k != kind {
				continue
			}
			d := NewDecoder(name, joint)
			for line := range bytes.Lines(f.Data) {
				line = bytes.TrimSuffix(line, []byte{'\n'})
				if line[0] == '#' {
					if _, err := d.Decode(line, &record.Record{}); err != nil {
						b.Fatal(err)
					}
					continue
				}
				lines, decoders = append(lines, line), append(decoders, d)
			}
		}
		b.Run(kind, func(b *testing.B) {
			var r record.Record
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r.Reset()
				if _, err := decoders[i%len(lines)].Decode(lines[i%len(lines)], &r); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

package dns

import (
	"encoding/json"
	"strings"
	"testing"

	"khien/sensor"
)

// recorder is the emitter of the tests: it keeps what a parser says.
type recorder struct {
	flow sensor.Flow
	log  []string
	keep [2][]byte
}

func (r *recorder) Flow() *sensor.Flow { return &r.flow }
func (r *recorder) Time() int64        { return 0 }
func (r *recorder) Tx(t sensor.Transaction, dir sensor.Dir) {
	b := t.Base()
	r.log = append(r.log, dir.String()+" "+string(t.AppendEVE(nil, dir))+" "+strings.Join(b.Anomalies[dir], ","))
}
func (r *recorder) Done(t sensor.Transaction) {
	if f, ok := t.(interface{ Release() }); ok {
		f.Release()
	}
}
func (r *recorder) OpenFile(sensor.Transaction, sensor.Dir, []byte) *sensor.File { return nil }
func (r *recorder) WriteFile(*sensor.File, []byte)                               {}
func (r *recorder) GapFile(*sensor.File, int)                                    {}
func (r *recorder) CloseFile(*sensor.File, bool)                                 {}
func (r *recorder) Upgrade(sensor.Proto)                                         {}
func (r *recorder) Expect(sensor.Expectation)                                    {}
func (r *recorder) Anomaly(dir sensor.Dir, name string)                          { r.log = append(r.log, name) }
func (r *recorder) Wanted(sensor.Buffer) bool                                    { return true }

// feed gives bytes to the parser as the pipeline does.
func (r *recorder) feed(p sensor.Parser, dir sensor.Dir, data []byte) error {
	r.keep[dir] = append(r.keep[dir], data...)
	n, err := p.Parse(dir, r.keep[dir], r)
	if err == nil {
		r.keep[dir] = r.keep[dir][n:]
	}
	return err
}

func udp(src, dst uint16) *recorder {
	return &recorder{flow: sensor.Flow{Proto: sensor.IPProtoUDP, SrcPort: src, DstPort: dst}}
}

func tcp(src, dst uint16) *recorder {
	return &recorder{flow: sensor.Flow{Proto: sensor.IPProtoTCP, SrcPort: src, DstPort: dst}}
}

func name(s string) string {
	var b strings.Builder
	for l := range strings.SplitSeq(s, ".") {
		b.WriteByte(byte(len(l)))
		b.WriteString(l)
	}
	return b.String() + "\x00"
}

const (
	query   = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
	answer  = "\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00"
	classIN = "\x00\x01"
	hour    = "\x00\x00\x0e\x10"
	pointer = "\xc0\x0c"
)

func rr(owner, rtype, data string) string {
	return owner + rtype + classIN + hour + string([]byte{byte(len(data) >> 8), byte(len(data))}) + data
}

func TestEVE(t *testing.T) {
	f := func(dir sensor.Dir, msg string, want map[string]any) {
		t.Helper()
		r := udp(5555, 53)
		if err := r.feed(maker(sensor.ProtoDNS)(&r.flow, nil), dir, []byte(msg)); err != nil {
			t.Fatal(err)
		}
		line := strings.TrimSpace(strings.SplitN(r.log[0], " ", 2)[1])
		var got map[string]any
		dec := json.NewDecoder(strings.NewReader(line))
		if err := dec.Decode(&got); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		for k, v := range want {
			w, _ := json.Marshal(v)
			g, _ := json.Marshal(got[k])
			if string(w) != string(g) {
				t.Errorf("%s is %s, want %s", k, g, w)
			}
		}
	}
	type o = map[string]any
	type l = []any
	q := name("Www.Example.vn") + "\x00\x01" + classIN
	f(sensor.ToServer, query+q, o{"version": 3, "type": "request", "tx_id": 0, "id": 0x1234, "flags": "100", "rd": true,
		"opcode": 0, "rcode": "NOERROR", "queries": l{o{"rrname": "Www.Example.vn", "rrtype": "A"}}, "answers": nil, "grouped": nil})
	f(sensor.ToClient, answer+q+rr(pointer, "\x00\x01", "\x01\x02\x03\x04"), o{"type": "response", "qr": true, "ra": true,
		"answers": l{o{"rrname": "Www.Example.vn", "rrtype": "A", "ttl": 3600, "rdata": "1.2.3.4"}}, "grouped": o{"A": l{"1.2.3.4"}}})
	one := func(rtype, data string) string { return answer + q + rr(pointer, rtype, data) }
	rec := func(rtype, key string, v any) o {
		return o{"answers": l{o{"rrname": "Www.Example.vn", "rrtype": rtype, "ttl": 3600, key: v}}}
	}
	f(sensor.ToClient, one("\x00\x1c", "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"),
		rec("AAAA", "rdata", "2001:0db8:0000:0000:0000:0000:0000:0001"))
	f(sensor.ToClient, one("\x00\x05", "\x03cdn\xc0\x10"), rec("CNAME", "rdata", "cdn.Example.vn"))
	f(sensor.ToClient, one("\x00\x0f", "\x00\x0a\x02mx\xc0\x10"), rec("MX", "rdata", "mx.Example.vn"))
	f(sensor.ToClient, one("\x00\x21", "\x00\x01\x00\x02\x01\xbb\x03srv\xc0\x10"),
		rec("SRV", "srv", o{"priority": 1, "weight": 2, "port": 443, "name": "srv.Example.vn"}))
	f(sensor.ToClient, one("\x00\x2c", "\x01\x02\xab\xcd"), rec("SSHFP", "sshfp", o{"fingerprint": "ab:cd", "algo": 1, "type": 2}))
	f(sensor.ToClient, one("\x00\x06", "\x02ns\xc0\x10\x04host\xc0\x10"+"\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00\x05"),
		rec("SOA", "soa", o{"mname": "ns.Example.vn", "rname": "host.Example.vn", "serial": 1, "refresh": 2, "retry": 3, "expire": 4, "minimum": 5}))
	f(sensor.ToClient, one("\x01\x01", "\x00\x05issueca.vn"), rec("CAA", "rdata", `0 issue "ca.vn"`))
	f(sensor.ToClient, one("\x00\x41", "\x00\x01\x00\x00\x01\x00\x03\x02h2\x00\x04\x00\x04\x01\x02\x03\x04"),
		rec("HTTPS", "rdata", "1 . alpn=h2 ipv4hint=1.2.3.4"))
	f(sensor.ToClient, one("\x00\x23", "\x00\x01\x00\x02\x01u\x03sip\x00\x01x\x00"), rec("NAPTR", "rdata", `1 2 "u" "sip" "" x`))
	f(sensor.ToClient, one("\x00\x2b", "\x00\x05\x08\x02\xab\xcd"), rec("DS", "rdata", "5 8 2 abcd"))
	f(sensor.ToClient, one("\x00\x10", "\x02ab\x00\x01c"), o{"grouped": o{"TXT": l{"ab", "", "c"}}, "answers": l{
		o{"rrname": "Www.Example.vn", "rrtype": "TXT", "ttl": 3600, "rdata": "ab"},
		o{"rrname": "Www.Example.vn", "rrtype": "TXT", "ttl": 3600, "rdata": ""},
		o{"rrname": "Www.Example.vn", "rrtype": "TXT", "ttl": 3600, "rdata": "c"}}})
	f(sensor.ToClient, one("\x00\x01", ""), o{"answers": l{o{"rrname": "Www.Example.vn", "rrtype": "A", "ttl": 3600}}})
	f(sensor.ToClient, one("\xff\x00", "abc"), o{"answers": l{o{"rrname": "Www.Example.vn", "rrtype": "65280", "ttl": 3600}}})
}

func TestAnomalies(t *testing.T) {
	q := name("a.vn") + "\x00\x01" + classIN
	f := func(dir sensor.Dir, msg, want string) {
		t.Helper()
		r := udp(5555, 53)
		_ = r.feed(maker(sensor.ProtoDNS)(&r.flow, nil), dir, []byte(msg))
		got := r.log[0][strings.LastIndexByte(r.log[0], '}')+2:]
		if got != want {
			t.Errorf("%q: %q, want %q", msg, got, want)
		}
	}
	f(sensor.ToServer, query+q, "")
	f(sensor.ToServer, query+q[:3], "malformed_data")
	f(sensor.ToServer, answer+q+rr(pointer, "\x00\x01", "1234"), "not_request")
	f(sensor.ToClient, query+q, "not_response")
	f(sensor.ToServer, "\x12\x34\x01\x40"+query[4:]+q, "z_flag_set")
	f(sensor.ToServer, "\x12\x34\x79\x00"+query[4:]+q, "invalid_opcode")
	f(sensor.ToServer, query+"\xc0\x0c\x00\x01\x00\x01", "infinite_loop")
	f(sensor.ToServer, query+strings.Repeat("\x01a", 300)+"\x00\x00\x01\x00\x01", "too_many_labels")
	f(sensor.ToServer, query+strings.Repeat("\x3f"+strings.Repeat("a", 63), 20)+"\x00\x00\x01\x00\x01", "name_too_long")
	f(sensor.ToClient, "\x12\x34\x81\x80\x00\x01\x00\x00\x00\x00\x00\x01"+q+"\x00", "invalid_additionals")
	f(sensor.ToClient, "\x12\x34\x81\x80\x00\x01\x00\x00\x00\x01\x00\x00"+q+"\x00", "invalid_authorities")
}

func TestBuffers(t *testing.T) {
	q := name("www.a.vn") + "\x00\x01" + classIN
	var m Message
	msg := "\x12\x34\x81\x83\x00\x01\x00\x02\x00\x01\x00\x00" + q + rr(pointer, "\x00\x05", "\x01c\xc0\x10") +
		rr("\x01c\xc0\x10", "\x00\x01", "\x01\x02\x03\x04") + rr("\xc0\x10", "\x00\x02", "\x02ns\xc0\x10")
	if err := m.Parse([]byte(msg)); err != nil {
		t.Fatal(err)
	}
	f := func(b sensor.Buffer, want string) {
		t.Helper()
		var got []string
		for i := 0; ; i++ {
			v, ok := m.Buffer(b, i)
			if !ok {
				break
			}
			got = append(got, string(v))
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("buffer %#x is %q, want %q", b, g, want)
		}
	}
	f(sensor.DNSQueryRRName, "www.a.vn")
	f(sensor.DNSAnswerName, "www.a.vn c.a.vn")
	f(sensor.DNSAuthorityName, "a.vn")
	f(sensor.DNSAdditionalName, "")
	f(sensor.DNSAnswerData, "c.a.vn 1.2.3.4")
	f(sensor.DNSResponseRRName, "www.a.vn www.a.vn c.a.vn a.vn c.a.vn ns.a.vn")
	if n, ok := m.Number(sensor.DNSRCode, true, 0); !ok || n != 3 {
		t.Error("rcode", n)
	}
	if n, ok := m.Number(sensor.DNSRRType, true, 1); !ok || n != typeA {
		t.Error("rrtype", n)
	}
}

func TestStream(t *testing.T) {
	msg := query + name("a.vn") + "\x00\x01" + classIN
	framed := string([]byte{0, byte(len(msg))}) + msg
	r := tcp(5555, 53)
	p := maker(sensor.ProtoDNS)(&r.flow, nil)
	all := framed + framed + framed
	for i := range all {
		if err := r.feed(p, sensor.ToServer, []byte(all[i:i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.log) != 3 {
		t.Fatal(len(r.log), "messages")
	}
	_ = p.Gap(sensor.ToServer, 100, r)
	_ = r.feed(p, sensor.ToServer, []byte("rubbish in the middle of a message"))
	_ = r.feed(p, sensor.ToServer, []byte(framed))
	if len(r.log) != 4 {
		t.Fatal(len(r.log), "messages after a gap")
	}
}

func TestProbe(t *testing.T) {
	q := name("a.vn") + "\x00\x01" + classIN
	f := func(r *recorder, data string, want sensor.Match) {
		t.Helper()
		if got := probe(sensor.ToServer, []byte(data), &r.flow); got != want {
			t.Errorf("%q: %v, want %v", data, got, want)
		}
	}
	f(udp(5, 53), query+q, sensor.Yes)
	f(udp(5, 9999), query+q, sensor.Yes)
	f(udp(5, 9999), query+q+"x", sensor.No)
	f(udp(5, 9999), "\x12\x34\x01\x00\x00\x02"+query[6:]+q+q, sensor.No)
	f(udp(5, 53), "\x12\x34\x01\x00\x00\x02"+query[6:]+q+q, sensor.Yes)
	f(udp(5, 53), "short", sensor.No)
	f(udp(5, 53), "GET / HTTP/1.1\r\nHost: a\r\n\r\n", sensor.No)
	f(tcp(5, 53), "\x00", sensor.More)
	f(tcp(5, 53), "\x00\x16"+query, sensor.Yes)
	f(tcp(5, 9999), "\x00\x16"+query, sensor.More)
	f(tcp(5, 9999), "\x00\x16"+query+q, sensor.Yes)
	f(udp(5, 5353), query+q, sensor.No)
}

func TestAllocations(t *testing.T) {
	r := udp(5555, 53)
	p := maker(sensor.ProtoDNS)(&r.flow, nil)
	msg := []byte(answer + name("a.vn") + "\x00\x01" + classIN + rr(pointer, "\x00\x01", "\x01\x02\x03\x04"))
	e := quiet{r}
	if n := testing.AllocsPerRun(100, func() { _, _ = p.Parse(sensor.ToClient, msg, e) }); n != 0 {
		t.Error(n, "allocations a message")
	}
}

// quiet asks each transaction for its answers and keeps nothing.
type quiet struct{ *recorder }

// Frame wants none.
func (r *recorder) Frame(sensor.Buffer, sensor.Dir, []byte, int) {}

// EndFrame has nothing to end.
func (r *recorder) EndFrame(sensor.Buffer, sensor.Dir, int) {}

func (q quiet) Tx(t sensor.Transaction, dir sensor.Dir) {
	t.Buffer(sensor.DNSAnswerData, dir, 0)
	t.Buffer(sensor.DNSResponseRRName, dir, 9)
}

func TestAnswers(t *testing.T) {
	f := func(src, dst uint16, b string, want bool) {
		t.Helper()
		if got := Answers(&sensor.Segment{SrcPort: src, DstPort: dst, Payload: []byte(b)}); got != want {
			t.Errorf("%d > %d %x: %t", src, dst, b, got)
		}
	}
	response := "\x00\x01\x80\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01"
	f(5355, 5000, response, true)
	f(53, 5000, response, true)
	f(5000, 53, response, false)
	f(53, 53, response, false)
	f(5353, 5000, response, false)
	f(53, 5000, "\x00\x01\x00"+response[3:], false)
	f(53, 5000, response[:11], false)
}

func TestAnswerOfAnExchangeWithoutRecord(t *testing.T) {
	p := &parser{}
	ask := &tx{parser: p, dir: sensor.ToServer}
	ask.MsgID = 7
	ask.Logged = [2]bool{true, false} // written
	ask.Release()
	answer := &tx{parser: p, dir: sensor.ToClient, response: true}
	answer.MsgID = 7
	if p.hush(answer) != [2]bool{} {
		t.Error("the answer of a request with a record has none")
	}
	ask.Logged = [2]bool{true, true} // a rule wants none
	ask.Release()
	if p.hush(answer) != [2]bool{true, true} {
		t.Error("the answer has a record")
	}
	if p.hush(answer) != [2]bool{} {
		t.Error("so has the next")
	}
}

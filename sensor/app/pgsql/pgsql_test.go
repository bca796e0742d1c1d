package pgsql

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

// msg makes a message.
func msg(typ byte, body ...string) string {
	b := strings.Join(body, "")
	return string(binary.BigEndian.AppendUint32([]byte{typ}, uint32(len(b)+4))) + b
}

// opening makes a message without a type: a startup packet or a request in its place.
func opening(major, minor uint16, body string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)+8))
	b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, major), minor)
	return string(b) + body
}

// row makes a row of columns; "NULL" is one without a value.
func row(columns ...string) string {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(columns)))
	for _, c := range columns {
		if c == "NULL" {
			b = append(b, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(c))), c...)
	}
	return msg('D', string(b))
}

func code(n byte) string { return "\x00\x00\x00" + string([]byte{n}) }

const (
	user   = "user\x00an\x00database\x00shop\x00\x00"
	query  = "SELECT * FROM t"
	badPwd = "SFATAL\x00VFATAL\x00C28P01\x00Mpassword authentication failed for user \"an\"\x00Rauth_failed\x00\x00"
)

var (
	ssl     = opening(1234, 5679, "")
	gss     = opening(1234, 5680, "")
	startup = opening(3, 0, user)
	ready   = msg('Z', "I")
	granted = msg('R', code(0)) + msg('S', "is_superuser\x00on\x00") + msg('S', "TimeZone\x00Asia/Ho_Chi_Minh\x00") + msg('K', "\x00\x00\x10\x01\x00\x00\x00\x02") + ready
	in      = []Step{C(startup), S(granted)} // a login that needs nothing
)

const (
	startupEVE = `{"tx_id":1,"request":{"protocol_version":"3.0","startup_parameters":{"user":"an","optional_parameters":[{"database":"shop"}]}}`
	grantedEVE = `"message":"authentication_ok","parameter_status":[{"is_superuser":"on"},{"TimeZone":"Asia/Ho_Chi_Minh"}],"process_id":4097,"secret_key":2`
)

func run(steps ...Step) *Log { return TCP(Protocol(), port, nil, 0, steps...) }

// lines are the records of transactions with their anomalies.
func lines(l *Log) (got []string) {
	for i, tx := range l.Txs {
		s := ""
		if tx.LogReady(sensor.ToServer) {
			s = l.EVE(i)
		}
		for _, a := range tx.Base().Anomalies {
			if len(a) > 0 {
				s += " " + strings.Join(a, ",")
			}
		}
		got = append(got, s)
	}
	return got
}

func check(t *testing.T, name string, want []string, steps ...Step) *Log {
	t.Helper()
	l := run(steps...)
	if got := lines(l); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	SameCut(t, Protocol(), port, nil, steps...)
	return l
}

func TestLogins(t *testing.T) {
	check(t, "trust", []string{startupEVE + `,"response":{` + grantedEVE + `}}`, `{"tx_id":2,"request":{"message":"termination_message"}}`},
		C(startup), S(granted), C(msg('X')))
	check(t, "md5", []string{startupEVE + `,"response":{"authentication_md5_password":"salt"}}`, `{"tx_id":2,"request":{"password_redacted":true},"response":{` + grantedEVE + `}}`},
		C(startup), S(msg('R', code(5), "salt")), C(msg('p', "md5secret\x00")), S(granted))
	check(t, "refused", []string{startupEVE + `,"response":{"message":"authentication_cleartext_password"}}`,
		`{"tx_id":2,"request":{"password_redacted":true},"response":{"severity_localizable":"FATAL","severity_non_localizable":"FATAL","code":"28P01","message":"password authentication failed for user \"an\"","routine":"auth_failed"}}`},
		C(startup), S(msg('R', code(3))), C(msg('p', "secret\x00")), S(msg('E', badPwd)))
	check(t, "scram", []string{startupEVE + `,"response":{"message":"authentication_sasl"}}`,
		`{"tx_id":2,"request":{"sasl_authentication_mechanism":"scram_SHA256","sasl_param":"n,,n=,r=abc"},"response":{"message":"authentication_sasl_continue"}}`,
		`{"tx_id":3,"request":{"sasl_response":"c=biws,r=abcdef,p=x"},"response":{"authentication_sasl_final":"v=y",` + grantedEVE + `}}`},
		C(startup), S(msg('R', code(10), "SCRAM-SHA-256-PLUS\x00SCRAM-SHA-256\x00\x00")), C(msg('p', "SCRAM-SHA-256\x00", code(11), "n,,n=,r=abc")),
		S(msg('R', code(11), "r=abcdef,s=c2FsdA==,i=4096")), C(msg('p', "c=biws,r=abcdef,p=x")), S(msg('R', code(12), "v=y")+granted))
	check(t, "a token is no parameter", []string{startupEVE + `,"response":{"message":"authentication_sasl"}}`,
		`{"tx_id":2,"request":{"sasl_authentication_mechanism":"OAUTHBEARER"},"response":{` + grantedEVE + `}}`},
		C(startup), S(msg('R', code(10), "OAUTHBEARER\x00\x00")), C(msg('p', "OAUTHBEARER\x00", code(5), "token")), S(granted))
	check(t, "gss", []string{startupEVE + `,"response":{"message":"authentication_gss"}}`, `{"tx_id":2,"request":{"message":"gss_response"},"response":{"message":"authentication_gss_continue"}}`},
		C(startup), S(msg('R', code(7))), C(msg('p', "ticket")), S(msg('R', code(8), "t")))
	check(t, "no password wanted", []string{startupEVE + `,"response":{` + grantedEVE + `}}`}, C(startup), S(granted), C(msg('p', "secret\x00")))
}

// TestLoginResult: who was let in, and who was not.
func TestLoginResult(t *testing.T) {
	f := func(i int, want uint64, wantOK bool, name string, steps ...Step) {
		t.Helper()
		tx := run(steps...).Txs[i]
		if got, ok := tx.Number(sensor.LoginResult, sensor.ToClient, 0); got != want || ok != wantOK {
			t.Errorf("result %d %t, want %d %t", got, ok, want, wantOK)
		}
		if b, _ := tx.Buffer(sensor.LoginUser, sensor.ToClient, 0); string(b) != name {
			t.Errorf("user %q, want %q", b, name)
		}
	}
	ask, pwd := S(msg('R', code(3))), C(msg('p', "secret\x00"))
	f(0, 0, false, "", C(startup), ask, pwd)
	f(1, 0, false, "an", C(startup), ask, pwd)
	f(1, 1, true, "an", C(startup), ask, pwd, S(granted))
	f(1, 0, true, "an", C(startup), ask, pwd, S(msg('E', badPwd)))
	f(1, 0, false, "an", C(startup), ask, pwd, S(msg('E', "SFATAL\x00C57P03\x00Mthe database system is starting up\x00\x00")))
	f(1, 1, true, "an", C(startup), ask, pwd, S(msg('R', code(0))+msg('E', "SFATAL\x00C3D000\x00Mno database\x00\x00")))
	f(0, 0, false, "", in...)
}

func TestEncryption(t *testing.T) {
	f := func(want sensor.Proto, records []string, steps ...Step) {
		t.Helper()
		l := check(t, want.String(), records, steps...)
		if l.Upgraded != (want == sensor.ProtoTLS) || l.Err != nil {
			t.Error(l)
		}
	}
	asked := `{"tx_id":1,"request":{"message":"SSL Request"}`
	f(sensor.ProtoTLS, []string{asked + `,"response":{"ssl_accepted":true}}`}, C(ssl), S("S"))
	f(sensor.ProtoNone, []string{asked + `}`}, C(ssl))
	f(sensor.ProtoNone, []string{asked + `,"response":{"ssl_accepted":false}}`, strings.Replace(startupEVE, `"tx_id":1`, `"tx_id":2`, 1) + `,"response":{` + grantedEVE + `}}`},
		C(ssl), S("N"), C(startup), S(granted))
	f(sensor.ProtoNone, []string{asked + `,"response":{"code":"0A000"}}`}, C(ssl), S(msg('E', "C0A000\x00\x00")))
	f(sensor.ProtoTLS, []string{`{"tx_id":1,"request":{"message":"GSSENC Request"},"response":{"gss_accepted":false}}`,
		strings.Replace(asked, `"tx_id":1`, `"tx_id":2`, 1) + `,"response":{"ssl_accepted":true}}`}, C(gss), S("N"), C(ssl), S("S"))
	f(sensor.ProtoNone, []string{`{"tx_id":1,"request":{"message":"GSSENC Request"},"response":{"gss_accepted":true}}`}, C(gss), S("G"), C("\x00\x00\x00\x04abcd"), S("xyz"))
	// TLS does not wait for the server's word.
	l := NewLog(sensor.IPProtoTCP, port)
	if n, err := Protocol().New(l.F, nil).Parse(sensor.ToServer, []byte(ssl+"\x16\x03\x01"), l); n != len(ssl) || err != nil {
		t.Error(n, err)
	}
}

func TestQueries(t *testing.T) {
	f := func(name string, want []string, steps ...Step) {
		t.Helper()
		check(t, name, append([]string{startupEVE + `,"response":{` + grantedEVE + `}}`}, want...), append(append([]Step{}, in...), steps...)...)
	}
	simple := `{"tx_id":2,"request":{"simple_query":"` + query + `"}`
	f("rows", []string{simple + `,"response":{"field_count":2,"data_rows":3,"data_size":9,"command_completed":"SELECT 3"}}`},
		C(msg('Q', query+"\x00")), S(msg('T', "\x00\x02rest")+row("a", "bcd")+row("NULL", "")+row("12345", "NULL")+msg('C', "SELECT 3\x00")+ready))
	f("no rows", []string{simple + `,"response":{"field_count":2,"command_completed":"SELECT 0"}}`}, C(msg('Q', query+"\x00")), S(msg('T', "\x00\x02")+msg('C', "SELECT 0\x00")+ready))
	f("error", []string{simple + `,"response":{"severity_localizable":"ERROR","code":"42P01","message":"no table","position":"15"}}`},
		C(msg('Q', query+"\x00")), S(msg('N', "SNOTICE\x00Mnotice\x00\x00")+msg('E', "SERROR\x00C42P01\x00Mno table\x00P15\x00Z?\x00\x00")+ready))
	f("two in one", []string{`{"tx_id":2,"request":{"simple_query":"a;b"},"response":{"field_count":1,"data_rows":2,"data_size":4,"command_completed":"SELECT 2"}}`},
		C(msg('Q', "a;b\x00")), S(msg('T', "\x00\x02")+row("ab")+msg('C', "SELECT 1\x00")+msg('T', "\x00\x01")+row("cd")+msg('C', "SELECT 2\x00")+ready))
	f("two at once", []string{`{"tx_id":2,"request":{"simple_query":"a"},"response":{"command_completed":"A"}}`, `{"tx_id":3,"request":{"simple_query":"b"},"response":{"command_completed":"B"}}`},
		C(msg('Q', "a\x00")+msg('Q', "b\x00")), S(msg('C', "A\x00")+ready+msg('C', "B\x00")+ready))
	f("extended", []string{`{"tx_id":2,"request":{"message":"extended_query","prepared":["` + query + `"]},"response":{"field_count":1,"data_rows":1,"data_size":1,"command_completed":"SELECT 1"}}`,
		`{"tx_id":3,"request":{"message":"extended_query"},"response":{"command_completed":"UPDATE 1"}}`},
		C(msg('P', "s1\x00"+query+"\x00\x00\x00")+msg('B', "\x00s1\x00\x00\x00\x00\x00\x00\x00")+msg('D', "P\x00")+msg('E', "\x00\x00\x00\x00\x00")+msg('S')),
		S(msg('1')+msg('2')+msg('T', "\x00\x01")+row("1")+msg('C', "SELECT 1\x00")+ready),
		C(msg('B', "\x00s1\x00\x00\x00\x00\x00\x00\x00")+msg('E', "\x00\x00\x00\x00\x00")+msg('S')), S(msg('2')+msg('C', "UPDATE 1\x00")+ready))
	f("function", []string{`{"tx_id":2,"request":{"message":"function_call"}}`}, C(msg('F', "\x00\x00\x00\x01")), S(msg('V', "\xff\xff\xff\xff")+ready))
	f("data out", []string{simple + `,"response":{"message":"copy_done","copy_out_response":{"columns":3},"copy_data_out":{"row_count":2,"data_size":5},"command_completed":"COPY 2"}}`},
		C(msg('Q', query+"\x00")), S(msg('H', "\x00\x00\x03\x00\x00\x00\x00\x00\x00")+msg('d', "ab\n")+msg('d', "c\n")+msg('c')+msg('C', "COPY 2\x00")+ready))
	f("data in", []string{simple + `,"response":{"copy_in_response":{"columns":1}}}`,
		`{"tx_id":3,"request":{"copy_data_in":{"msg_count":2,"data_size":5},"message":"copy_done"},"response":{"command_completed":"COPY 2"}}`, `{"tx_id":4,"request":{"simple_query":"b"}}`},
		C(msg('Q', query+"\x00")), S(msg('G', "\x00\x00\x01\x00\x00")), C(msg('d', "ab\n")+msg('d', "c\n")+msg('c')+msg('S')), S(msg('C', "COPY 2\x00")+ready), C(msg('Q', "b\x00")))
	f("data that do not come", []string{simple + `,"response":{"copy_in_response":{"columns":1}}}`, `{"tx_id":3,"request":{"copy_fail":"why"},"response":{"code":"57014"}}`},
		C(msg('Q', query+"\x00")), S(msg('G', "\x00\x00\x01\x00\x00")), C(msg('f', "why\x00")), S(msg('E', "C57014\x00\x00")+ready), C(msg('d', "late")))
	f("unasked", []string{`{"tx_id":2,"response":{"code":"57P01"}}`}, S(msg('A', "\x00\x00\x00\x01ch\x00pay\x00")+msg('S', "a\x00b\x00")+msg('E', "C57P01\x00\x00")))
	check(t, "cancel", []string{`{"tx_id":1,"request":{"message":"cancel_request","process_id":4097,"secret_key":2}}`}, C(opening(1234, 5678, "\x00\x00\x10\x01\x00\x00\x00\x02")))
	check(t, "longer key", []string{`{"tx_id":1,"request":{"message":"cancel_request","process_id":4097}}`}, C(opening(1234, 5678, "\x00\x00\x10\x01"+strings.Repeat("k", 32))))
}

func TestAnomalies(t *testing.T) {
	f := func(want string, wantErr bool, steps ...Step) {
		t.Helper()
		l := run(steps...)
		got := ""
		for _, tx := range l.Txs {
			for _, a := range tx.Base().Anomalies {
				got += strings.Join(a, " ")
			}
		}
		if got != want || (l.Err != nil) != wantErr {
			t.Errorf("got %q, want %q\n%s", got, want, l)
		}
		SameCut(t, Protocol(), port, nil, steps...)
	}
	f(InvalidLength, true, C("\x00\x00\x00\x07\x04\xd2\x16"+"/\x00"))
	f(InvalidLength, true, C(startup+"Q\x00\x00\x00\x03"))
	f(InvalidLength, true, C(startup+"X\x00\x00\x00\x05\x00"))
	f(InvalidLength, true, C(startup+"Q\x7f\x00\x00\x05\x00"))
	f(InvalidLength, true, C(startup), S("Z\x00\x00\x00\x04"))
	f(MalformedRequest, false, C(opening(7, 0, user)))
	f(MalformedRequest, false, C(opening(1234, 1, "")))
	f(MalformedRequest, false, C(opening(3, 0, "database\x00shop\x00\x00")))
	f(MalformedRequest, false, C(opening(3, 0, "user\x00an")))
	f(MalformedRequest, false, C(startup), C(msg('Q', "no end")))
	f(MalformedRequest, false, C(startup), C(msg('P', "name")))
	f(MalformedRequest, true, C(startup+"\x00\x00\x00\x00\x08"))
	f(MalformedRequest, false, C(startup), S(msg('R', code(10), "X\x00\x00")), C(msg('p', "X")))
	f(MalformedResponse, false, C(startup), S(msg('R', code(77))))
	f(MalformedResponse, false, C(startup), S(msg('S', "name")))
	f(MalformedResponse, false, C(startup), S(msg('E', "Cno end")))
	f(MalformedResponse, false, C(startup), S(msg('C', "no end")))
	f(MalformedResponse, false, C(startup), S(msg('D', "\x00\x01\x00\x00\x00\x09short")+ready))
	f(MalformedResponse, false, C(startup), S(msg('D', "\x00\x02\x00\x00\x00\x01a\x00")+ready))
	f(MalformedResponse, true, C(startup), S("\x00\x00\x00\x00\x08"))
	f("", false, C(startup), C(msg('j', "new")), S(msg('y', "new")+granted))
}

func TestLimits(t *testing.T) {
	q := msg('Q', "a\x00")
	l := run(C(startup), S(granted), C(strings.Repeat(q, openMax+5)))
	if a := l.Txs[1].Base().Anomalies[0]; len(a) != 1 || a[0] != TooManyTransactions {
		t.Errorf("%q", a)
	}
	l = run(C(startup), S(granted), C(q), S(strings.Repeat(msg('C', "A\x00"), responsesMax+5)+ready))
	if a := l.Txs[1].Base().Anomalies[1]; len(a) != 1 || a[0] != TooManyResponses {
		t.Errorf("%q", a)
	}
	// A long query is cut, a long row is counted.
	l = run(C(startup), S(granted), C(msg('Q', strings.Repeat("a", 200<<10), "\x00")), S(row(strings.Repeat("b", 1<<20), "c")+ready))
	if b, ok := l.Txs[1].Buffer(sensor.PGSQLQuery, sensor.ToServer, 0); len(b) != bodyMax || !ok || len(l.Txs) != 2 {
		t.Errorf("%d bytes of a query", len(b))
	}
	if s := l.EVE(1); !strings.HasSuffix(s, `"response":{"data_rows":1,"data_size":1048577}}`) {
		t.Error(s[len(s)-100:])
	}
	// All that is prepared shows, however much it is.
	var many string
	for i := range 3 * queriesMax {
		many += msg('P', fmt.Sprintf("\x00query %d\x00\x00\x00", i))
	}
	l = run(C(startup), S(granted), C(many+msg('S')), S(ready))
	n := 0
	for _, tx := range l.Txs {
		for i := 0; ; i++ {
			if _, ok := tx.Buffer(sensor.PGSQLQuery, sensor.ToServer, i); !ok {
				break
			}
			n++
		}
	}
	if n != 3*queriesMax || len(l.Txs) != 4 {
		t.Errorf("%d queries in %d transactions", n, len(l.Txs))
	}
	// What waits is bounded in bytes, too.
	p := Protocol().New(&sensor.Flow{}, nil).(*parser)
	out := NewLog(sensor.IPProtoTCP, port)
	p.started = true
	long := []byte(msg('Q', strings.Repeat("a", 60<<10), "\x00"))
	for range 100 {
		if _, err := p.Parse(sensor.ToServer, long, out); err != nil || p.held > heldMax+textMax {
			t.Fatal(p.held, err)
		}
	}
	p.Close(sensor.ToServer, out)
	p.Close(sensor.ToClient, out)
	if p.held != 0 {
		t.Error(p.held, "bytes held at the end")
	}
}

func TestGap(t *testing.T) {
	f := func(want int, last string, steps ...Step) {
		t.Helper()
		l := run(append(append([]Step{}, in...), steps...)...)
		if got := lines(l); len(got) != want || got[want-1] != last {
			t.Errorf("got %d\n%s\nwant %d\n%s", len(got), strings.Join(got, "\n"), want, last)
		}
	}
	gap := func(dir sensor.Dir, n int) Step { return Step{Dir: dir, Gap: n} }
	a, b := C(msg('Q', "a\x00")), C(msg('Q', "b\x00"))
	long := row(strings.Repeat("x", 100), "y")
	f(2, `{"tx_id":2,"request":{"simple_query":"a"},"response":{"data_rows":1,"data_size":101,"command_completed":"A"}}`,
		a, S(long[:20]), gap(sensor.ToClient, 10), S(long[30:]+msg('C', "A\x00")+ready))
	f(2, `{"tx_id":2,"request":{"simple_query":"a"},"response":{"data_rows":1,"data_size":100,"command_completed":"A"}}`,
		a, S(long[:20]), gap(sensor.ToClient, len(long)-22), S(long[len(long)-2:]+msg('C', "A\x00")+ready))
	f(3, `{"tx_id":3,"request":{"simple_query":"b"},"response":{"command_completed":"B"}}`,
		a, gap(sensor.ToClient, 500), S("junk"), b, S(msg('C', "B\x00")+ready))
	f(2, `{"tx_id":2,"request":{"simple_query":"b"}}`, gap(sensor.ToServer, 7), C("\x00\x01junk"), b)
}

func TestProbe(t *testing.T) {
	f := func(dir sensor.Dir, dst uint16, s string, want sensor.Match) {
		t.Helper()
		if got := probe(dir, []byte(s), &sensor.Flow{DstPort: dst}); got != want {
			t.Errorf("%s %d %q: %d, want %d", dir, dst, s, got, want)
		}
	}
	for _, s := range []string{startup, ssl, gss, opening(3, 2, user), opening(1234, 5678, "12345678"), opening(3, 0, "application_name\x00x\x00user\x00a\x00\x00")} {
		for n := range len(s) {
			if m := probe(sensor.ToServer, []byte(s[:n]), &sensor.Flow{DstPort: 9}); m == sensor.No {
				t.Errorf("%q: no", s[:n])
			}
		}
		f(sensor.ToServer, 9, s, sensor.Yes)
		f(sensor.ToClient, port, s, sensor.No)
	}
	f(sensor.ToServer, port, opening(3, 0, "\x01\x00\x00"), sensor.No)
	f(sensor.ToServer, port, opening(3, 0, strings.Repeat("a", 100)), sensor.No)
	f(sensor.ToServer, port, opening(1234, 5679, "x"), sensor.No)
	f(sensor.ToServer, port, "GET / HTTP/1.1\r\n", sensor.No)
	f(sensor.ToServer, port, msg('Q', "a\x00"), sensor.No)
	f(sensor.ToServer, port, "\x00\x00\x00\x17\x00\x04", sensor.No)
	f(sensor.ToClient, port, msg('R', code(5), "salt"), sensor.Yes)
	f(sensor.ToClient, port, msg('R', code(99), "salt"), sensor.No)
	f(sensor.ToClient, 9, msg('R', code(5), "salt"), sensor.No)
	f(sensor.ToClient, port, msg('E', badPwd), sensor.Yes)
	f(sensor.ToClient, port, "E\x00", sensor.More)
	f(sensor.ToClient, port, "EHLO", sensor.No)
	f(sensor.ToClient, port, msg('T', "\x00\x00"), sensor.No)
	g := func(dir sensor.Dir, s string, want sensor.Match) {
		t.Helper()
		if got := probe(dir, []byte(s), &sensor.Flow{DstPort: port, Midstream: true}); got != want {
			t.Errorf("midstream, %s %q: %d, want %d", dir, s, got, want)
		}
	}
	g(sensor.ToServer, msg('Q', "a\x00"), sensor.Yes)
	g(sensor.ToServer, msg('Q', "a\x00")+"\x01", sensor.No)
	g(sensor.ToServer, "QUIT\r\n", sensor.No)
	g(sensor.ToClient, msg('T', "\x00\x00")+row(), sensor.Yes)
	g(sensor.ToClient, "Hello", sensor.No)
	known := &sensor.Flow{DstPort: 9, AppDir: [2]sensor.Proto{sensor.ProtoPGSQL}}
	if probe(sensor.ToClient, []byte("S"), known) != sensor.Yes || probe(sensor.ToClient, []byte(granted), known) != sensor.Yes {
		t.Error("answers are not known")
	}
}

func TestAllocations(t *testing.T) {
	l := NewLog(sensor.IPProtoTCP, port)
	p := Protocol().New(l.F, nil)
	out := Quiet{Log: l}
	_, _ = p.Parse(sensor.ToServer, []byte(startup), out)
	_, _ = p.Parse(sensor.ToClient, []byte(granted), out)
	q := C(msg('Q', query+"\x00") + msg('P', "\x00"+query+"\x00\x00\x00") + msg('S'))
	a := S(msg('T', "\x00\x01") + row("a") + msg('C', "SELECT 1\x00") + ready + msg('1') + msg('E', badPwd) + ready)
	NoAllocations(t, p, out, q, a)
}

// FuzzParse holds that cutting the stream anywhere changes nothing.
func FuzzParse(f *testing.F) {
	f.Add(Seed(C(ssl), S("N"), C(startup), S(msg('R', code(5), "salt")), C(msg('p', "md5\x00")), S(granted), C(msg('Q', query+"\x00")), S(row("a", "NULL")+ready)))
	f.Add(Seed(C(startup), S(msg('R', code(10), "SCRAM-SHA-256\x00\x00")), C(msg('p', "SCRAM-SHA-256\x00", code(1), "n")), S(msg('R', code(11), "r")), C(msg('p', "c")), S(msg('E', badPwd))))
	f.Add(Seed(C(startup), S(granted), C(msg('Q', "c\x00")), S(msg('G', "\x00\x00\x01\x00\x00")), C(msg('d', "x")+msg('f', "no\x00")+msg('S')), S(msg('E', "C1\x00\x00")+ready), C(msg('X'))))
	f.Add(Seed(C(gss), S("G"), C("secret")))
	f.Add(Seed(C(startup), S(granted), C(msg('P', "\x00q\x00\x00\x00")+msg('B', "b")+msg('S')), S(msg('1')+msg('H', "\x00\x00\x01")+msg('d', "x")+msg('c')+ready)))
	f.Fuzz(func(t *testing.T, in []byte) { SameCut(t, Protocol(), port, nil, Dialogue(in)...) })
}

package pop3

import (
	"strings"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

func TestProbe(t *testing.T) {
	f := func(dir sensor.Dir, port uint16, s string, want sensor.Match) {
		t.Helper()
		if got := probe(dir, []byte(s), &sensor.Flow{DstPort: port}); got != want {
			t.Errorf("%q port %d: %d, want %d", s, port, got, want)
		}
	}
	f(sensor.ToClient, 110, "+OK\r\n", sensor.Yes)
	f(sensor.ToClient, 9, "+OK POP3 server ready\r\n", sensor.Yes)
	f(sensor.ToClient, 9, "+OK\r\n", sensor.No)
	f(sensor.ToClient, 9, "+O", sensor.More)
	f(sensor.ToServer, 110, "user x\r\n", sensor.Yes)
	f(sensor.ToServer, 110, "CAPA\r\n", sensor.Yes)
	f(sensor.ToServer, 110, "CA", sensor.More)
	f(sensor.ToServer, 110, "TOPAZ\r\n", sensor.No)
	f(sensor.ToServer, 110, "GET / HTTP/1.0\r\n", sensor.No)
	f(sensor.ToServer, 21, "USER x\r\n", sensor.No)
}

func TestSTLS(t *testing.T) {
	f := func(want bool, steps ...Step) {
		t.Helper()
		if l := TCP(Protocol(), 110, nil, 0, steps...); l.Upgraded != want {
			t.Errorf("%s", l)
		}
		SameCut(t, Protocol(), 110, nil, steps...)
	}
	f(true, S("+OK\r\n"), C("stls\r\n"), S("+OK go\r\n"))
	f(false, C("STLS\r\n"), S("-ERR\r\n"))
	f(false, C("NOOP\r\n"), S("+OK\r\n"))
	f(false, C("NOOP\r\nSTLS\r\n"), S("+OK\r\n-ERR\r\n+OK\r\n"))
}

// TestRecords: the record of each command.
func TestRecords(t *testing.T) {
	f := func(name string, want []string, steps ...Step) {
		t.Helper()
		l := TCP(Protocol(), 110, nil, 0, steps...)
		var got []string
		for i, tx := range l.Txs {
			s := l.EVE(i)
			for _, a := range tx.Base().Anomalies {
				s += " " + strings.Join(a, ",")
			}
			got = append(got, strings.TrimSpace(s))
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		SameCut(t, Protocol(), 110, nil, steps...)
	}
	ok := `"response":{"success":true,"status":"OK","header":"","data":[]}}`
	f("session", []string{
		`{"response":{"success":true,"status":"OK","header":"POP ready","data":[]}}`,
		`{"request":{"command":"USER","args":["an"]},"response":{"success":true,"status":"OK","header":"more","data":[]}}`,
		`{"request":{"command":"PASS","args":["x"]},"response":{"success":false,"status":"ERR","header":"no","data":[]}}`,
		`{"request":{"command":"LIST","args":[]},"response":{"success":true,"status":"OK","header":"2","data":["1 20",".2 30"]}}`,
		`{"request":{"command":"LIST","args":["2"]},"response":{"success":true,"status":"OK","header":"2 30","data":[]}}`,
		`{"request":{"command":"UIDL","args":[]},"response":{"success":false,"status":"ERR","header":"no","data":[]}}`,
		`{"request":{"command":"QUIT","args":[]}}`,
	}, S("+OK POP ready\r\n"), C("USER an\r\n"), S("+OK more\r\n"), C("pass x\r\n"), S("-ERR no\r\n"), C("LIST\r\nLIST  2\r\nUIDL\r\n"),
		S("+OK 2\r\n1 20\r\n..2 30\r\n.\r\n+OK 2 30\r\n-ERR no\r\n"), C("QUIT\r\n"))
	f("words", []string{
		`{"request":{"command":"XTND","args":["a"]},` + ok + " unknown_command",
		`{"request":{"command":"DELE","args":["1","2"]},` + ok + " incorrect_argument_count",
		`{"request":{"command":"RETR","args":[]},"response":{"success":false,"status":"ERR","header":"","data":[]}} incorrect_argument_count`,
	}, C("XTND a\r\n"), S("+OK\r\n"), C("DELE 1 2\r\n"), S("+OK\r\n"), C("RETR\r\n"), S("-ERR\r\n"))
	f("challenge", []string{
		`{"request":{"command":"AUTH","args":["PLAIN"]},` + ok,
		`{"request":{"command":"<SASL DATA>","args":[]},"response":{"success":true,"status":"OK","header":"in","data":[]}}`,
		`{"request":{"command":"STAT","args":[]},` + ok,
	}, C("AUTH PLAIN\r\n"), S("+ \r\n"), C("AGFuAHNlY3JldA==\r\n"), S("+OK in\r\n"), C("STAT\r\n"), S("+OK\r\n"))
	f("mechanisms", []string{
		`{"request":{"command":"AUTH","args":[]},"response":{"success":true,"status":"OK","header":"","data":["PLAIN"]}} incorrect_argument_count`,
	}, C("AUTH\r\n"), S("+OK\r\nPLAIN\r\n.\r\n"))
	f("no response", []string{`{"request":{"command":"NOOP","args":[]},` + ok}, C("NOOP\r\n"), S("what\r\n+OK\r\n"))
}

func TestLimits(t *testing.T) {
	x := strings.Repeat("x", 600)
	l := TCP(Protocol(), 110, nil, 0, C("USER "+x+"\r\n"), S("+OK "+x+"\r\n"))
	if a := l.Txs[0].Base().Anomalies; len(a[0]) != 1 || a[0][0] != RequestTooLong || len(a[1]) != 1 || a[1][0] != ResponseTooLong {
		t.Errorf("%q", a)
	}
	l = TCP(Protocol(), 110, nil, 0, C("NOOP\r\n"+strings.Repeat("z", 10*lineMax)+"\r\nSTAT\r\n"))
	if len(l.Txs) != 3 || !strings.Contains(l.EVE(2), "STAT") {
		t.Errorf("%d transactions", len(l.Txs))
	}
	l = TCP(Protocol(), 110, nil, 0, C("LIST\r\n"), S("+OK\r\n"+strings.Repeat("1 2\r\n", 4*dataMax)+".\r\n"))
	if n := strings.Count(l.EVE(0), "1 2"); n != dataMax {
		t.Errorf("%d lines", n)
	}
	// Many mails are deleted at once, and then one is read: its response must still be found.
	n := openMax + 50
	l = TCP(Protocol(), 110, nil, 0, C(strings.Repeat("DELE 1\r\n", n)+"RETR 1\r\n"), S(strings.Repeat("+OK\r\n", n)+"+OK\r\nSubject: s\r\n\r\nx\r\n.\r\n"))
	if a := l.Txs[0].Base().Anomalies[0]; len(a) != 1 || a[0] != TooManyTransactions {
		t.Errorf("%q", a)
	}
	if len(l.Txs) != n+1 || !strings.Contains(l.EVE(n), `"subject":"s"`) {
		t.Errorf("%d transactions, %s", len(l.Txs), l.EVE(n))
	}
}

const letter = "From: a@example.com\r\nTo: b@example.com\r\nSubject: App\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/mixed; boundary=\"b1\"\r\n\r\npreamble\r\n--b1\r\n\r\n" +
	"see http://one.example/a\r\n..dot\r\n--b1\r\n" +
	"Content-Type: application/octet-stream; name=wrong\r\nContent-Transfer-Encoding: base64\r\n" +
	"Content-Disposition: attachment; filename=\"a.apk\"\r\n\r\nSGVsbG8s\r\nIHdvcmxk\r\nIQ==\r\n--b1--\r\n"

func TestMail(t *testing.T) {
	steps := []Step{C("RETR 1\r\n"), S("+OK 99 octets\r\n" + letter + ".\r\n"), C("QUIT\r\n"), S("+OK bye\r\n")}
	l := TCP(Protocol(), 110, nil, 0, steps...)
	want := `{"request":{"command":"RETR","args":["1"]},"response":{"success":true,"status":"OK","header":"99 octets","data":[]}},` +
		`"email":{"status":"PARSE_DONE","from":"a@example.com","subject":"App","to":["b@example.com"],"body_md5":"`
	if got := l.EVE(0); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, `"attachment":["a.apk"],"url":["one.example/a"]}`) || len(l.Txs) != 2 {
		t.Errorf("got %s", l)
	}
	if len(l.Files) != 1 || string(l.Contents[l.Files[0]]) != "Hello, world!" || l.Files[0].State != sensor.FileClosed || l.Files[0].Dir != sensor.ToClient {
		t.Errorf("files: %s", l)
	}
	if b, ok := l.Txs[0].Buffer(sensor.EmailSubject, sensor.ToClient, 0); !ok || string(b) != "App" {
		t.Errorf("subject %q", b)
	}
	if _, ok := l.Txs[0].Buffer(sensor.EmailSubject, sensor.ToServer, 0); ok {
		t.Error("the client sends no subject")
	}
	SameCut(t, Protocol(), 110, nil, steps...)

	l = TCP(Protocol(), 110, nil, 0, C("TOP 1 2\r\n"), S("+OK\r\n"+letter[:strings.Index(letter, "IHdv")]+".\r\n"), C("NOOP\r\n"), S("+OK\r\n"))
	if len(l.Files) != 1 || l.Files[0].State != sensor.FileTruncated || !strings.Contains(l.EVE(0), `"data":["From: a@example.com",`) || len(l.Txs) != 2 {
		t.Errorf("%s", l)
	}
	l = TCP(Protocol(), 110, nil, 0, C("RETR 1\r\n"), S("+OK\r\n"+letter[:strings.Index(letter, "IHdv")]), Step{Dir: sensor.ToClient, Gap: 4}, S("cmxk\r\n--b1--\r\n.\r\n"), C("NOOP\r\n"), S("+OK\r\n"))
	if len(l.Files) != 1 || l.Files[0].State != sensor.FileTruncated || len(l.Txs) != 2 {
		t.Errorf("%s", l)
	}
	l = TCP(Protocol(), 110, nil, 0, C("RETR 1\r\n"), S("+OK\r\n"+letter[:40]))
	if !strings.Contains(l.EVE(0), `"email":{"status":"BODY_STARTED"`) {
		t.Errorf("%s", l)
	}
}

// TestLogin: the responses to passwords.
func TestLogin(t *testing.T) {
	f := func(i int, want uint64, wantOK bool, user string, steps ...Step) {
		t.Helper()
		tx := TCP(Protocol(), 110, nil, 0, steps...).Txs[i]
		got, ok := tx.Number(sensor.LoginResult, sensor.ToClient, 0)
		if got != want || ok != wantOK {
			t.Errorf("result %d %t, want %d %t", got, ok, want, wantOK)
		}
		if b, _ := tx.Buffer(sensor.LoginUser, sensor.ToClient, 0); string(b) != user {
			t.Errorf("user %q, want %q", b, user)
		}
	}
	f(0, 0, false, "", C("USER a\r\n"), S("+OK\r\n"))
	f(1, 0, true, "a", C("USER a\r\n"), S("+OK\r\n"), C("PASS b\r\n"), S("-ERR\r\n"))
	f(1, 1, true, "a", C("USER a\r\n"), S("+OK\r\n"), C("PASS b\r\n"), S("+OK\r\n"))
	f(0, 1, true, "a", C("APOP a c4c9\r\n"), S("+OK\r\n"))
	f(0, 0, false, "", C("AUTH LOGIN\r\n"), S("+ \r\n"))
	f(1, 0, true, "", C("AUTH PLAIN\r\n"), S("+ \r\n"), C("AGEAYg==\r\n"), S("-ERR\r\n"))
	f(0, 1, true, "", C("AUTH PLAIN AGEAYg==\r\n"), S("+OK\r\n"))
	f(0, 0, false, "", C("PASS b\r\n"))
}

func FuzzParse(f *testing.F) {
	f.Add(Seed(S("+OK\r\n"), C("stls\r\n"), S("+OK go\r\n")))
	f.Add(Seed(C("RETR 1\r\nTOP 1 2\r\n"), S("+OK 99 octets\r\n"+letter+".\r\n+OK\r\n"+letter+".\r\n")))
	f.Add(Seed(C("AUTH PLAIN\r\n"), S("+ \r\n"), C("AGFuAHNlY3JldA==\r\n"), S("+OK in\r\n"), C("LIST\r\n"), S("+OK\r\n1 2\r\n.\r\n")))
	f.Fuzz(func(t *testing.T, in []byte) { SameCut(t, Protocol(), 110, nil, Dialogue(in)...) })
}

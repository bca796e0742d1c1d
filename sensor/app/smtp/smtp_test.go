package smtp

import (
	"bytes"
	"strings"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

const (
	hello    = "220 mail.example ESMTP\r\n"
	envelope = "MAIL FROM:<a@example.com> SIZE=9\r\nRCPT TO:<b@example.com>\r\nRCPT TO:<c@example.com>\r\n"
	letter   = "From: An <a@example.com>\r\nTo: b@example.com, \"c, d\" <c@example.com>\r\n" +
		"Subject: =?utf-8?q?H=C3=B3a_=C4=91=C6=A1n?=\r\n folded\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=\"b1\"\r\n\r\npreamble\r\n--b1\r\n\r\n" +
		"see http://one.example/a?b, https://two.example and <ftp://three.example>\r\n..dot\r\n--b1\r\n" +
		"Content-Type: application/octet-stream; name=wrong\r\nContent-Transfer-Encoding: base64\r\n" +
		"Content-Disposition: attachment;\r\n\tfilename=\"hoa don.exe\"\r\n\r\nSGVsbG8s\r\nIHdvcmxk\r\nIQ==\r\n--b1--\r\n.\r\n"
)

func session(mail string) []Step {
	return []Step{S(hello), C("EHLO client\r\n"), S("250-mail\r\n250 OK\r\n"), C(envelope), S("250 ok\r\n250 ok\r\n250 ok\r\n"),
		C("DATA\r\n"), S("354 go\r\n"), C(mail), S("250 queued\r\n"), C("QUIT\r\n"), S("221 bye\r\n")}
}

func TestMail(t *testing.T) {
	l := TCP(Protocol(), 25, nil, 0, session(letter)...)
	if len(l.Txs) != 1 || l.Err != nil {
		t.Fatalf("transactions: %d, error %v", len(l.Txs), l.Err)
	}
	want := `{"helo":"client","mail_from":"<a@example.com>","rcpt_to":["<b@example.com>","<c@example.com>"]}` +
		`,"email":{"status":"PARSE_DONE","from":"An <a@example.com>","subject":"Hóa đơn folded",` +
		`"to":["b@example.com","\"c, d\" <c@example.com>"],`
	if got := l.EVE(0); !strings.HasPrefix(got, want) {
		t.Errorf("got %s\nwant %s…", got, want)
	}
	if got := l.EVE(0); !strings.Contains(got, `"attachment":["hoa don.exe"],"url":["one.example/a?b","ftp://three.example","https://two.example"]}`) {
		t.Errorf("URLs: %s", got)
	}
	if len(l.Files) != 1 || string(l.Contents[l.Files[0]]) != "Hello, world!" || l.Files[0].State != sensor.FileClosed {
		t.Errorf("files: %s", l)
	}
	if b, ok := l.Txs[0].Buffer(sensor.SMTPRcptTo, sensor.ToServer, 1); !ok || string(b) != "<c@example.com>" {
		t.Errorf("rcpt_to: %q %t", b, ok)
	}
	SameCut(t, Protocol(), 25, nil, session(letter)...)
}

func TestSessions(t *testing.T) {
	f := func(name string, want []string, wantTx int, steps ...Step) {
		t.Helper()
		l := TCP(Protocol(), 25, nil, 0, steps...)
		var got []string
		for _, tx := range l.Txs {
			got = append(append(got, tx.Base().Anomalies[0]...), tx.Base().Anomalies[1]...)
		}
		if strings.Join(got, " ") != strings.Join(want, " ") || len(l.Txs) != wantTx {
			t.Errorf("%s: %d transactions, anomalies %q, want %d, %q\n%s", name, len(l.Txs), got, wantTx, want, l)
		}
		SameCut(t, Protocol(), 25, nil, steps...)
	}
	ok := S("250 ok\r\n")
	helo := []Step{S(hello), C("HELO c\r\n"), ok}
	with := func(steps ...Step) []Step { return append(append([]Step{}, helo...), steps...) }
	f("no welcome", []string{NoWelcome}, 1, C("HELO c\r\n"), S("220 hi\r\n250 ok\r\n"))
	f("two mails", nil, 2, with(C(envelope), ok, ok, ok, C("DATA\r\n"), S("354 x\r\n"), C("a: b\r\n\r\nx\r\n.\r\n"), ok,
		C("MAIL FROM:<z>\r\n"), ok, C("QUIT\r\n"), S("221 x\r\n"))...)
	f("refused data", []string{DataRejected}, 1, with(C("DATA\r\n"), S("554 no\r\n"), C("RCPT TO:<x>\r\n"), ok)...)
	f("early mail", []string{InvalidPipelining}, 1, with(C("DATA\r\na: b\r\n\r\nMAIL FROM\r\n.\r\n"), S("354 x\r\n"), ok)...)
	f("early commands", []string{InvalidPipelining, DataRejected}, 1, with(C("DATA\r\nMAIL FROM:<x>\r\n"), S("500 x\r\n"), ok)...)
	f("chunks", nil, 2, with(C("MAIL FROM:<x>\r\n"), ok, C("BDAT 7\r\na: b\r\n\r"), ok, C("BDAT 5 LAST\r\n\nabc\n"), ok, C("MAIL FROM:<y>\r\n"), ok)...)
	f("bad chunk", []string{InvalidBDAT}, 1, with(C("BDAT x\r\n"), S("501 x\r\n"))...)
	f("large chunk", []string{BDATLengthExceeded}, 1, with(C("BDAT 99999999999999999999\r\n"), S("501 x\r\n"))...)
	f("tls refused", []string{TLSRejected}, 1, with(C("STARTTLS\r\n"), S("454 x\r\n"))...)
	f("stray reply", []string{UnmatchedReply}, 1, with(S("250 what\r\n"))...)
	f("long line", []string{TruncatedLine}, 1, with(C("NOOP "+strings.Repeat("x", 9000)+"\r\n"), ok)...)
	f("second sender", []string{DuplicateFields}, 1, with(C("MAIL FROM:<x>\r\nMAIL FROM:<y>\r\n"), ok, ok)...)
	f("ehlo ends a mail", []string{DuplicateFields}, 2, with(C("MAIL FROM:<x>\r\n"), ok, C("EHLO d\r\n"), ok, C("MAIL FROM:<y>\r\n"), ok)...)
}

func TestStartTLS(t *testing.T) {
	l := TCP(Protocol(), 25, nil, 0, S(hello), C("EHLO c\r\n"), S("250 ok\r\n"), C("STARTTLS\r\n"), S("220 go\r\n"))
	if !l.Upgraded || l.UpgradeTo != sensor.ProtoTLS || len(l.Txs) != 1 {
		t.Errorf("%s", l)
	}
}

func TestProbe(t *testing.T) {
	f := func(dir sensor.Dir, port uint16, s string, want sensor.Match) {
		t.Helper()
		if got := Protocol().Probe(dir, []byte(s), &sensor.Flow{DstPort: port}); got != want {
			t.Errorf("%q port %d: %d, want %d", s, port, got, want)
		}
	}
	f(sensor.ToServer, 99, "EHLO x\r\n", sensor.Yes)
	f(sensor.ToServer, 99, "EH", sensor.More)
	f(sensor.ToServer, 25, "QUIT\r\n", sensor.Yes)
	f(sensor.ToServer, 21, "QUIT\r\n", sensor.No)
	f(sensor.ToServer, 25, "GET / HTTP/1.0\r\n", sensor.No)
	f(sensor.ToClient, 99, "220 x ESMTP\r\n", sensor.Yes)
	f(sensor.ToClient, 99, "220 (vsFTPd 3.0)\r\n", sensor.No)
	f(sensor.ToClient, 25, "220 x\r\n", sensor.Yes)
}

func FuzzParse(f *testing.F) {
	f.Add(Seed(session(letter)...))
	f.Add(Seed(C("EHLO c\r\nDATA\r\nx\r\n.\r\nBDAT 3 LAST\r\nabcRSET\r\n"), S(hello), S("250-PIPELINING\r\n354 x\r\n")))
	f.Fuzz(func(t *testing.T, in []byte) { SameCut(t, Protocol(), 25, nil, Dialogue(in)...) })
}

// TestProbeOfAnyLine: a line that is longer than a command and begins like none must not be compared beyond it.
func TestProbeOfAnyLine(t *testing.T) {
	for n := range 64 {
		probe(sensor.ToServer, bytes.Repeat([]byte("Q"), n), &sensor.Flow{DstPort: 25})
		probe(sensor.ToClient, bytes.Repeat([]byte("2"), n), &sensor.Flow{DstPort: 25})
	}
	if got := probe(sensor.ToServer, []byte("QUITTING IS FOR OTHERS"), &sensor.Flow{DstPort: 25}); got == sensor.More {
		t.Error("a whole line waits for more")
	}
}

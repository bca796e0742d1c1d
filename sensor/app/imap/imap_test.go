package imap

import (
	"encoding/json"
	"fmt"
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
	f(sensor.ToClient, 143, "* OK ready\r\n", sensor.Yes)
	f(sensor.ToClient, 9, "* OK IMAP4rev1 ready\r\n", sensor.Yes)
	f(sensor.ToClient, 9, "* OK ready\r\n", sensor.No)
	f(sensor.ToClient, 9, "* O", sensor.More)
	f(sensor.ToServer, 143, "a1 login x y\r\n", sensor.Yes)
	f(sensor.ToServer, 143, "GET / HTTP/1.0\r\n", sensor.No)
	f(sensor.ToServer, 80, "a1 login x y\r\n", sensor.No)
}

func TestStartTLS(t *testing.T) {
	f := func(want bool, steps ...Step) {
		t.Helper()
		if l := TCP(Protocol(), 143, nil, 0, steps...); l.Upgraded != want {
			t.Errorf("%s", l)
		}
		SameCut(t, Protocol(), 143, nil, steps...)
	}
	f(true, S("* OK x\r\n"), C("a starttls\r\n"), S("a OK go\r\n"))
	f(false, C("a STARTTLS\r\n"), S("a BAD no\r\na OK\r\n"))
	f(false, C("a NOOP\r\n"), S("a OK\r\n"))
}

const letter = "From: a@example.com\r\nTo: b@example.com\r\nSubject: App\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/mixed; boundary=\"b1\"\r\n\r\npreamble\r\n--b1\r\n\r\n" +
	"see http://one.example/a\r\na OK not an answer\r\n* 9 FETCH (BODY[] {99}\r\n--b1\r\n" +
	"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n" +
	"Content-Disposition: attachment; filename=\"a.apk\"\r\n\r\nSGVsbG8s\r\nIHdvcmxk\r\nIQ==\r\n--b1--\r\n"

// fetched is a response with a literal.
func fetched(before, data, after string) string {
	return fmt.Sprintf("%s{%d}\r\n%s%s\r\n", before, len(data), data, after)
}

func TestMail(t *testing.T) {
	f := func(name, want string, steps ...Step) {
		t.Helper()
		l := TCP(Protocol(), 143, nil, 0, steps...)
		var got []string
		for i, tx := range l.Txs {
			m := tx.(*Tx)
			s := fmt.Sprintf("%s %s", m.message, m.mail.Subject)
			for _, f := range tx.Base().Files {
				s += fmt.Sprintf(" %s=%s", f.Name, l.Contents[f])
				if f.State != sensor.FileClosed || f.Dir != sensor.ToClient {
					s += "…"
				}
			}
			if !m.mail.Complete {
				s += " …"
			}
			if !json.Valid([]byte(l.EVE(i)[:strings.Index(l.EVE(i), ",\"email\"")])) {
				t.Errorf("%s: %s", name, l.EVE(i))
			}
			got = append(got, s)
		}
		if g := strings.Join(got, "; "); g != want {
			t.Errorf("%s: got %s, want %s", name, g, want)
		}
		SameCut(t, Protocol(), 143, nil, steps...)
	}
	const mail, part = "1 App a.apk=Hello, world!", "Subject: s\r\n\r\nx"
	s := func(before string) Step {
		return S("* OK hi\r\n" + fetched(before, letter, " FLAGS (\\Seen))") + "a OK done\r\n")
	}
	f("body", mail, s("* 1 FETCH (BODY[] "))
	f("whole", mail, s("* 1 FETCH (UID 7 RFC822 "))
	f("binary", mail, s("* 1 fetch (binary[] ~"))
	f("long line", mail, s("* 1 FETCH (ENVELOPE ("+strings.Repeat("x ", 3*lineMax)+") BODY[] "))
	f("header", "", s("* 1 FETCH (BODY[HEADER] "))
	f("text", "", s("* 1 FETCH (BODY[TEXT] "))
	f("other", "", s("* LIST () \"/\" "))
	f("answer", "2 s", S("* OK 1 FETCH (BODY[] {99}\r\n"+fetched("* 2 FETCH (BODY[] ", part, ")")))
	f("long answer", "2 s", S("* OK 1 FETCH "+strings.Repeat("x ", 3*lineMax)+"(BODY[] {99}\r\n"+fetched("* 2 FETCH (BODY[] ", part, ")")))
	f("no number", "", s("* x FETCH (BODY[] "))
	f("not announced", "", s("* 1 FETCH (BODY[] {1"))
	f("second item", "3 s", S(fetched("* 3 FETCH (BODY[HEADER] ", letter, fetched(" BODY[] ", part, ")"))))
	f("two", mail+"; 2 s", S(fetched("* 1 FETCH (BODY[] ", letter, ")")+fetched("* 2 FETCH (BODY[] ", part, ")")))
	f("empty", "1 ", S(fetched("* 1 FETCH (BODY[] ", "", ")")+fetched("* LIST ", part, "")))
	f("cut off", "1 App …", S("* 1 FETCH (BODY[] {999}\r\n"+letter[:90]))

	piece := func(i, n int) string { return fetched(fmt.Sprintf("* 1 FETCH (BODY[]<%d> ", i), letter[i:i+n], ")") }
	n := len(letter) / 3
	f("pieces", mail, S(piece(0, n+1)+piece(n+1, n+1)+piece(2*n+2, len(letter)-2*n-2)))
	f("even pieces", mail+" …", S(piece(0, 50)+piece(50, 50)+"* 2 EXISTS\r\n"), S(fetched("* 1 FETCH (BODY[]<100> ", letter[100:], ")")))
	f("a piece is missing", "1 App …", S(piece(0, 200)+piece(250, 100)))
	f("another's piece", "1 App …", S(piece(0, 200)+fetched("* 2 FETCH (BODY[]<200> ", letter[200:], ")")))

	g := strings.Index(letter, "IHdv")
	f("gap to the literal's end", "1 App a.apk=Hello,… …; 2 s", S(fmt.Sprintf("* 1 FETCH (BODY[] {%d}\r\n%s", len(letter), letter[:g])),
		Step{Dir: sensor.ToClient, Gap: len(letter) - g}, S(")\r\n"+fetched("* 2 FETCH (BODY[] ", part, ")")))
	f("gap beyond", "1 App a.apk=Hello,… …; 2 s", S(fmt.Sprintf("* 1 FETCH (BODY[] {%d}\r\n%s", len(letter), letter[:g])),
		Step{Dir: sensor.ToClient, Gap: len(letter)}, S("of a line)\r\n"+fetched("* 2 FETCH (BODY[] ", part, ")")))
	f("gap", "1 App a.apk=Hello,!…; 2 s", S(fmt.Sprintf("* 1 FETCH (BODY[] {%d}\r\n%s", len(letter), letter[:g])),
		Step{Dir: sensor.ToClient, Gap: 10}, S(letter[g+10:]+")\r\n* 1 FETCH (\r\n"+fetched("* 2 FETCH (BODY[] ", part, ")")))
}

// TestLimits: lengths that nobody can send are counted or refused and never added up beyond what a number holds.
func TestLimits(t *testing.T) {
	nines := strings.Repeat("9", digitsMax)
	steps := []Step{S("* 1 FETCH (BODY[]<" + nines + "> {" + nines + "0}\r\n* 1 FETCH (BODY[]<0> {" + nines + "}\r\nSubject: s\r\n\r\nx")}
	if l := TCP(Protocol(), 143, nil, 0, steps...); len(l.Txs) != 1 || string(l.Txs[0].(*Tx).mail.Subject) != "s" {
		t.Errorf("%s", l)
	}
	SameCut(t, Protocol(), 143, nil, steps...)
}

func FuzzParse(f *testing.F) {
	f.Add(Seed(S("* OK x\r\n"), C("a starttls\r\n"), S("a OK go\r\n")))
	f.Add(Seed(S("* 1 FETCH (BODY[]<0> {14}\r\nSubject: s\r\n\r\n)\r\n* 1 FETCH (BODY[]<14> {1}\r\nx)\r\n")))
	f.Fuzz(func(t *testing.T, in []byte) { SameCut(t, Protocol(), 143, nil, Dialogue(in)...) })
}

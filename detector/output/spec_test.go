package output

import (
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	good := func(text, want string) {
		t.Helper()
		s, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if s.String() != want {
			t.Errorf("%s is %s, want %s", text, s, want)
		}
	}
	good("file:/var/log/khien/eve.json?format=eve", "file:/var/log/khien/eve.json?format=eve")
	good("file:eve.json?telemetry=on&format=eve", "file:eve.json?format=eve&telemetry=on")
	good("file:a%20b%3fc?telemetry=off", "file:a%20b%3Fc")
	good("syslog+udp://log.example:514", "syslog+udp://log.example:514")
	good("syslog+tls://[2001:db8::1]:6514?facility=local4&ca=/etc/ca.pem&cert=a&key=b", "syslog+tls://[2001:db8::1]:6514?facility=local4&ca=/etc/ca.pem&cert=a&key=b")
	good("kafka://a:9092,b:9092/khien.findings?format=ecs", "kafka://a:9092,b:9092/khien.findings")
	good("kafka+tls://a:9093/t?sasl=plain&user=u%26v&password-file=/p", "kafka+tls://a:9093/t?sasl=plain&user=u%26v&password-file=/p")

	bad := func(text string, column int, want string) {
		t.Helper()
		s, err := Parse(text)
		var e *SpecError
		if !errors.As(err, &e) || e.Column != column || !strings.Contains(e.What, want) {
			t.Errorf("%s: %v, want %q at column %d", text, err, want, column)
		}
		if s.Kind != "" {
			t.Errorf("%s: a result beside the error", text)
		}
	}
	bad("", 1, "begins with one of")
	bad("eve:a.json", 1, "file:, kafka:, kafka+tls:, syslog+tcp:")
	bad("file:", 6, "a file is missing")
	bad("file:a b", 7, "write %20")
	bad("file:%zz", 6, "invalid URL escape")
	bad("file:a?format=cef", 8, "format is one of ecs, eve")
	bad("file:a?format=eve&ca=x", 19, "no option of file")
	bad("file:a?format=eve&format=ecs", 19, "given twice")
	bad("file:a?format", 8, "want format=VALUE")
	bad("file:a?", 8, "is no option")
	bad("file:a?telemetry=on", 1, "add format=eve")
	bad("syslog+tls:h:6514", 12, "want //")
	bad("syslog+tls://h", 14, "want HOST:PORT")
	bad("syslog+tls://:6514", 14, "want HOST:PORT")
	bad("syslog+tls://h:0", 14, "from 1 to 65535")
	bad("syslog+tls://a:1,b:2", 14, "2 addresses, at most 1")
	bad("syslog+tcp://h:601/x", 19, "has no path")
	bad("syslog+tls://h:6514?facility=local9", 21, "facility is one of kern")
	bad("syslog+tls://h:6514?cert=a", 1, "needs cert and key")
	bad("kafka://a:9092,b/t", 16, "want HOST:PORT")
	bad("kafka://a:9092", 16, "a topic is missing")
	bad("kafka://a:9092/a/b", 16, "a topic has at most")
	bad("kafka://u:secret@a:9092/t", 9, "no user or password")
	bad("kafka://a:9092/t?ca=x", 18, "no option of kafka,")
	bad("kafka://a:9092/t?user=u", 1, "need sasl")
	bad("kafka://a:9092/t?sasl=scram-sha-512&user=u", 1, "password-file")
	bad("kafka://a:9092/t?sasl=plain&user=u&password-file=p", 1, "use kafka+tls")
	bad("file:"+strings.Repeat("a", specMax), 1, "more than 4096 bytes")
	if _, err := ParseAll([]string{"file:a?format=eve", "file:a"}); err == nil || !strings.Contains(err.Error(), "given twice") {
		t.Errorf("the same file twice: %v", err)
	}
}

// FuzzParse: a spec that is taken means the same when it is written again, and its place in a spool is a file's name.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"file:/a%20b?format=eve&telemetry=on", "syslog+tls://[::1]:6514?facility=local4&ca=c&cert=a&key=b",
		"kafka+tls://a:9093,b:9093/t?sasl=plain&user=u%26&password-file=/p"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > specMax/3 {
			return // written again it may be too long
		}
		s, err := Parse(text)
		if err != nil {
			var e *SpecError
			if !errors.As(err, &e) || e.Column < 1 || e.Column > len(text)+2 {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		again, err := Parse(s.String())
		if err != nil || again.String() != s.String() || again.Reader() != s.Reader() || again.Path != s.Path || again.User != s.User {
			t.Fatalf("%q is %+v, written %q, which is %+v, %v", text, s, s, again, err)
		}
		if strings.ContainsAny(s.Reader(), "/\x00") || len(s.Reader()) > 64 {
			t.Fatalf("%q has the place %q", text, s.Reader())
		}
	})
}

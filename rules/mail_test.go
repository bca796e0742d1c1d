package rules_test

import (
	"os"
	"strings"
	"testing"

	"khien/detector/detectortest"
)

// TestFetchedByMail: a lure's program that comes as a mail's attachment is looked at as one that comes over HTTP.
func TestFetchedByMail(t *testing.T) {
	data, err := os.ReadFile("fraud/vneid.txtar")
	if err != nil {
		t.Fatal(err)
	}
	f := func(file, want string) {
		t.Helper()
		c := detectortest.Case{Rule: "mail", Kind: "fire", Files: detectortest.Cases(data)[0].Files, Script: `tcp 10.20.3.14 > 203.0.113.66:110
< +OK POP3 ready
> RETR 1
< +OK
< From: VNeID <ho-tro@dichvucong-vneid.top>
< Subject: Cap nhat VNeID
< Content-Type: multipart/mixed; boundary=b1
<
< --b1
< Content-Type: application/octet-stream; name=` + file + `
< Content-Transfer-Encoding: binary
<
<@ ` + file + `
<
< --b1--
< .
`}
		packets, err := c.Packets()
		if err != nil {
			t.Fatal(err)
		}
		found, err := detectortest.Run(everything(t)(1), packets)
		if err != nil {
			t.Fatal(err)
		}
		if got := tell(t, found); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: found\n%swant %q", file, got, want)
		}
	}
	f("VNeID.apk", "fraud.fake_app")
	f("notes.apk", "")
}

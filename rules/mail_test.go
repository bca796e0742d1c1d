package rules_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"khien/detector/detectortest"
	"khien/sensor"
)

// TestFetchedByMail: a lure's program that comes as a mail's attachment is looked at as one that comes over HTTP.
func TestFetchedByMail(t *testing.T) {
	data, err := os.ReadFile("fraud/vneid.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := detectortest.Cases(data)[0].Files
	run := func(script string) []sensor.Packet {
		t.Helper()
		c := detectortest.Case{Rule: "mail", Kind: "fire", Files: files, Script: script}
		packets, err := c.Packets()
		if err != nil {
			t.Fatal(err)
		}
		return packets
	}
	f := func(file, want string) {
		t.Helper()
		head := `< From: VNeID <ho-tro@dichvucong-vneid.top>
< Subject: Cap nhat VNeID
< Content-Type: multipart/mixed; boundary=b1
<
< --b1
< Content-Type: application/octet-stream; name=` + file + `
< Content-Transfer-Encoding: binary
<
`
		const tail = `<
< --b1--
`
		// IMAP says how long a mail is: lines lose "< " and end with two bytes; the file is what a datagram with it holds.
		size := len(run("udp 192.0.2.1 > 192.0.2.2:9\n>@ " + file + "\n")[0].Data) - 14 - 20 - 8
		for _, l := range strings.SplitAfter(head+tail, "\n") {
			size += len(strings.TrimPrefix(strings.TrimPrefix(l, "<"), " ")) + len(l[:min(len(l), 1)])
		}
		for proto, script := range map[string]string{
			"POP3": "110\n< +OK POP3 ready\n> RETR 1\n< +OK\n" + head + "<@ " + file + "\n" + tail + "< .\n",
			"IMAP": fmt.Sprintf("143\n< * OK IMAP4rev1 ready\n> a FETCH 1 (BODY[])\n< * 1 FETCH (BODY[] {%d}\n", size) + head + "<@ " + file + "\n" + tail +
				"< )\n< a OK done\n",
		} {
			found, err := detectortest.Run(everything(t)(1), run("tcp 10.20.3.14 > 203.0.113.66:"+script))
			if err != nil {
				t.Fatal(err)
			}
			if got := tell(t, found); !strings.Contains(got, want) || want == "" && got != "" {
				t.Errorf("%s by %s: found\n%swant %q", file, proto, got, want)
			}
		}
	}
	f("VNeID.apk", "fraud.fake_app")
	f("notes.apk", "")
}

package signature

import (
	"bytes"
	"strings"
	"testing"
)

func TestLoadErrors(t *testing.T) {
	f := func(rule, want string) {
		t.Helper()
		set, errs := Load(Options{}, []File{{Name: "a.rules", Data: []byte("# comment\n" + rule + "\n" + `alert ip any any -> any any (msg:"good"; sid:99;)` + "\n")}})
		if len(set.Rules()) == 0 || set.Rules()[len(set.Rules())-1].SID != 99 {
			t.Errorf("%s: the good rule is missing", rule)
		}
		got := ""
		if len(errs) > 0 {
			got = errs[0].Error()
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", rule, got, want)
		}
	}
	f(`alert tcp any any -> any any (msg:"x"; content:"a"; sid:1;)`, "")
	f(`alert tcp any any -> any any (msg:"x"; contnet:"a"; sid:1;)`, "a.rules:2:40: unknown keyword contnet (did you mean content?)")
	f(`alrt tcp any any -> any any (sid:1;)`, "a.rules:2:1: unknown action alrt (did you mean alert?)")
	f(`alert htpp any any -> any any (sid:1;)`, "a.rules:2:7: unknown protocol htpp (did you mean http?)")
	f(`alert tcp $HOM any -> any any (sid:1;)`, "a.rules:2:11: unknown address variable $HOM")
	f(`alert tcp any any -> any 70000 (sid:1;)`, `a.rules:2:26: bad port range "70000"`)
	f(`alert tcp any any -> any any (content:"|0|"; sid:1;)`, "a.rules:2:31: content: odd number of hex digits")
	f(`alert tcp any any -> any any (nocase; sid:1;)`, "a.rules:2:31: nocase: needs a content before it")
	f(`alert tcp any any -> any any (content:"a;b"; sid:1;)`, `a.rules:2:39: unterminated quote (a semicolon inside quotes is written |3B|, in expressions \x3B)`)
	f(`alert tcp any any -> any any (msg:"x";)`, "a.rules:2:1: rule has no sid")
	f(`alert http any any -> any any (flow:to_client; http.uri; content:"a"; sid:1;)`, "a.rules:2:1: http.uri is only sent to the server, but flow says to_client")
	f(`alert http any any -> any any (tls.sni; content:"a"; sid:1;)`, "a.rules:2:32: tls.sni: tls.sni does not belong to the rule's protocol")
	f(`alert tcp any any -> any any (pcre:"/(/"; sid:1;)`, "a.rules:2:31: pcre: prefilter: expression: missing closing parenthesis at byte 1")
	f(`alert tcp any any -> any any (lua:x.lua; sid:1;)`, "a.rules:2:31: unsupported keyword lua (rules cannot run programs here)")
	f(`alert tcp any any -> any any (frame:pdu; content:"a"; sid:1;)`, "a.rules:2:31: frame pdu needs a protocol (write frame:PROTOCOL.NAME, or the protocol in the rule's header)")
	f(`alert ssh any any -> any any (frame:record.hrd; content:"a"; sid:1;)`, "a.rules:2:31: unknown frame record.hrd (did you mean record.hdr?)")
	f(`alert tls any any -> any any (frame:ssh.record.hdr; content:"a"; sid:1;)`, "a.rules:2:31: frame: ssh.record.hdr does not belong to the rule's protocol")
	f(`alert nfs any any -> any any (frame:rpc.hdr; content:"a"; sid:1;)`, "a.rules:2:31: unsupported keyword frame:rpc.hdr (the sensor does not mark this frame of protocol nfs)")
	f(`alert http1 any any -> any any (frame:request; content:"a"; http.uri; content:"b"; sid:1;)`, "a.rules:2:1: frame http.request may not be combined with http.uri (a frame belongs to the stream and not to a transaction: write two rules)")
	f(`alert http any any -> any any (app-layer-event:http.unknown_eror; sid:1;)`, "a.rules:2:32: unknown event http.unknown_eror (did you mean http.unknown_error?)")
	f(`alert http any any -> any any (app-layer-event:http.stream_id_reuse; sid:1;)`, "a.rules:2:32: unknown event http.stream_id_reuse (did you mean http2.stream_id_reuse?)")
	f(`alert ftp any any -> any any (app-layer-event:ftp.odd; sid:1;)`, "a.rules:2:31: unknown event ftp.odd (its events: request_command_too_long, response_command_too_long)")
	f(`alert dns any any -> any any (app-layer-event:dns.bad_name; sid:1;)`, "a.rules:2:31: unknown event dns.bad_name (among its events: name_too_long, malformed_data, not_request, not_response, z_flag_set, invalid_opcode)")
	f(`alert rdp any any -> any any (app-layer-event:rdp.odd; sid:1;)`, "a.rules:2:31: unknown event rdp.odd (protocol rdp has no events)")
	f(`alert ip any any -> any any (app-layer-event:file.z_data_eror; sid:1;)`, "a.rules:2:30: unknown event file.z_data_eror (did you mean file.z_data_error?)")
	f(`alert ip any any -> any any (app-layer-event:applayer_unexpected; sid:1;)`, "a.rules:2:30: unknown event applayer_unexpected (its events: applayer_mismatch_protocol_both_directions, applayer_buffer_limit, applayer_wrong_direction_first_data, applayer_detect_protocol_only_one_direction, applayer_proto_detection_skipped, applayer_no_tls_after_starttls, applayer_unexpected_protocol)")
	f(`alert tls any any -> any any (app-layer-event:dns.z_flag_set; sid:1;)`, "a.rules:2:31: app-layer-event: dns.z_flag_set does not belong to the rule's protocol")
	f(`alert tcp any any -> any any (sid:99;)`, "a.rules:3:1: sid 99 is already used by the rule in line 2 of a.rules")
}

func TestContinuedRule(t *testing.T) {
	set := load(t, "alert tcp any any -> any any (msg:\"two\"; \\", `  content:"a"; sid:7;)`, "", "# c", `alert udp any any -> any any (sid:8;)`)
	rs := set.Rules()
	if len(rs) != 2 || rs[0].SID != 7 || rs[0].Line != 1 || rs[1].Line != 5 {
		t.Errorf("got %+v", rs)
	}
}

func TestClassAndReference(t *testing.T) {
	set := load(t, `alert tcp any any -> any any (msg:"a \"b\"\; c"; classtype:trojan-activity; reference:url,example.com/x; metadata: k v, k w; sid:7; rev:3;)`)
	r := set.Rules()[0]
	if r.Msg != `a "b"; c` || r.Priority != 1 || r.Category != "A Network Trojan was detected" || r.References[0] != "http://example.com/x" ||
		strings.Join(r.Metadata()["k"], ",") != "v,w" || r.Rev != 3 {
		t.Errorf("got %+v", r)
	}
}

func TestNumber(t *testing.T) {
	f := func(cond string, v uint64, want bool) {
		t.Helper()
		n, err := parseNumber(cond, 16, map[string]uint64{"ok": 7})
		if err != nil {
			t.Fatal(err)
		}
		if got := n.match(v); got != want {
			t.Errorf("%s of %d: got %v", cond, v, got)
		}
	}
	f("5", 5, true)
	f("!5", 5, false)
	f("<5", 4, true)
	f(">=5", 5, true)
	f("3-6", 3, false)
	f("3<>6", 4, true)
	f("!3-6", 4, false)
	f("&0x80=0x80", 0x81, true)
	f("&0x80!=0x80", 0x81, false)
	f("ok", 7, true)
	f("!OK", 7, false)
	for _, bad := range []string{"", "x", "5-3", "5-6", ">65535", "<0", "65536"} {
		if _, err := parseNumber(bad, 16, nil); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestAddresses(t *testing.T) {
	rule := func(src string) bool {
		set := load(t, "alert ip "+src+" any -> any any (sid:1;)")
		b := newBench(set, 17, 0)
		b.packet(0, "x")
		return b.tape.sids() == "1"
	}
	f := func(src string, want bool) {
		t.Helper()
		if got := rule(src); got != want {
			t.Errorf("%s: got %v", src, got)
		}
	}
	f("192.168.1.2", true)
	f("!192.168.1.2", false)
	f("192.168.1.0/24", true)
	f("[192.168.0.0/16,!192.168.1.0/24]", false)
	f("[!10.0.0.0/8,!172.16.0.0/12]", true)
	f("$HOME_NET", true)
	f("$EXTERNAL_NET", false)
	f("[10.0.0.1,[192.168.1.1-192.168.1.5]]", true)
	f("2001:db8::/32", false)
}

// FuzzContent: what formatContent writes, parseContent reads back.
func FuzzContent(f *testing.F) {
	f.Add([]byte("GET /|x"))
	f.Add([]byte{0, 0xff, '"', ';', '\\'})
	f.Fuzz(func(t *testing.T, p []byte) {
		if len(p) == 0 || len(p) > contentMax {
			return
		}
		got, neg, err := parseContent(`"` + formatContent(p) + `"`)
		if err != nil || neg || !bytes.Equal(got, p) {
			t.Fatalf("%q: got %q %v %v", p, got, neg, err)
		}
	})
}

// FuzzRule: an error means no rule, and a rule that was read is read again from its own text with the same result.
func FuzzRule(f *testing.F) {
	f.Add(`alert tcp any any -> any any (msg:"x"; content:"a"; depth:5; pcre:"/b/R"; sid:1;)`)
	f.Add(`alert http $HOME_NET any => !10.0.0.0/8 [80,8080:8090] (http.uri; content:!"|00 41|"; byte_test:2,>,5,0,relative; sid:2;)`)
	f.Add(`drop dns:request_complete any any <> any any (dns.query; dotprefix; content:".x"; endswith; threshold:type limit,track by_src,count 1,seconds 5; sid:3;)`)
	f.Fuzz(func(t *testing.T, text string) {
		ld := newLoader(Options{})
		a, err := ld.parseRule(text)
		if err != nil {
			if a != nil {
				t.Fatal("a rule beside an error")
			}
			return
		}
		b, err := ld.parseRule(a[0].Text)
		if err != nil || len(a) != len(b) || a[0].FastPattern != b[0].FastPattern || a[0].class != b[0].class || a[0].SID != b[0].SID {
			t.Fatalf("%q: read differently the second time: %v", text, err)
		}
	})
}

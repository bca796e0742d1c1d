package sensortest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"khien/sensor"
)

const everything = `time 2026-11-21T14:29:02+07:00
dns 10.20.3.14 vneid-gov.example A 203.0.113.9 203.0.113.10
dns 10.20.3.14 a.example TXT "v=spf1 -all" ttl=5
dhcp 10.20.3.14 mac=5e:3b:1c:07:a9:14 host=may-ke-toan lease=28800
dns 10.20.3.14 gone.example A rcode=3
tls 10.20.3.14:50123 > 203.0.113.9:443 sni=vneid-gov.example alpn=h2,http/1.1
tls 10.20.3.14 > 203.0.113.9:443 sni=old.example version=1.2 cn="/C=VN/O=A B/CN=old.example" san=old.example,b.example
tls 10.20.3.14 > 203.0.113.9:443 sni=hidden.example ech=public.example
quic 10.20.3.14 > 203.0.113.9:443 sni=vneid-gov.example send=0 recv=2500
dns 10.20.3.14 vneid-gov.example HTTPS "1 . alpn=h3,h2 ech=public.example"
http 10.20.3.14:50124 > 203.0.113.9:80 reorder mss=20
> POST /login HTTP/1.1
> Host: vneid-gov.example
>
> id=1&otp=2
< HTTP/1.1 200 OK
< Content-Type: application/zip
<
<@ kit.zip
tcp [2001:db8::1]:1025 > [2001:db8::2]:22 dup vlan=7
< SSH-2.0-OpenSSH_9.6
~ 2s
> SSH-2.0-x\x41
>x 00 01
udp 10.0.0.1 > 10.0.0.2:514 
> <13>hello
icmp 10.0.0.1 > 10.0.0.2
icmp 2001:db8::1 > 2001:db8::2 noreply
repeat 3 every 60s jitter=1s
tcp 10.0.0.1 > 10.0.0.2:23 refused
dns 10.0.0.1 {b32:20}.t{i}.example A noreply
end
tcp 10.0.0.1 > 10.0.0.2:24 silent
tcp 10.0.0.1 > 10.0.0.2:25 midstream rst gap=1
>* 3 ab
-- kit.zip/index.php --
<?php
-- kit.zip/logo.png.hex --
89 50 4e 47
`

func packets(t testing.TB, text string) []sensor.Packet {
	t.Helper()
	s, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s.Packets()
}

func TestSameBytesEveryRun(t *testing.T) {
	a, b := packets(t, everything), packets(t, everything)
	if !slices.EqualFunc(a, b, func(p, q sensor.Packet) bool { return p.Time == q.Time && bytes.Equal(p.Data, q.Data) }) {
		t.Error("two runs differ")
	}
	valid(t, a)
}

// valid checks what every packet must be: in order of time, numbered, with right lengths and checksums.
func valid(t *testing.T, ps []sensor.Packet) {
	t.Helper()
	for i, p := range ps {
		if p.Number != uint64(i+1) || i > 0 && p.Time < ps[i-1].Time || p.Length != len(p.Data) {
			t.Fatalf("packet %d: number %d, time %d, length %d of %d", i, p.Number, p.Time, p.Length, len(p.Data))
		}
		b := p.Data[12:]
		if b[0] == 0x81 {
			b = b[4:]
		}
		ip := b[2:]
		var l4, pseudo []byte
		var proto byte
		if binary.BigEndian.Uint16(b) == 0x0800 {
			if int(binary.BigEndian.Uint16(ip[2:])) != len(ip) || fold(sum(0, ip[:20])) != 0xffff {
				t.Fatalf("packet %d: wrong IPv4 header % x", i, ip[:20])
			}
			l4, pseudo, proto = ip[20:], ip[12:20], ip[9]
		} else {
			if int(binary.BigEndian.Uint16(ip[4:])) != len(ip)-40 {
				t.Fatalf("packet %d: wrong IPv6 length", i)
			}
			l4, pseudo, proto = ip[40:], ip[8:40], ip[6]
		}
		s := uint32(0)
		if proto != sensor.IPProtoICMP {
			s = sum(uint32(proto)+uint32(len(l4)), pseudo)
		}
		if fold(sum(s, l4)) != 0xffff {
			t.Fatalf("packet %d: wrong checksum of protocol %d", i, proto)
		}
	}
}

// stream joins the payload of one direction of the first TCP connection to a port, by sequence number.
func stream(ps []sensor.Packet, port uint16, fromServer bool) []byte {
	parts := map[uint32][]byte{}
	var seqs []uint32
	for _, p := range ps {
		if len(p.Data) < 54 || p.Data[12] != 8 || p.Data[23] != sensor.IPProtoTCP {
			continue
		}
		h := p.Data[34:]
		at := 2
		if fromServer {
			at = 0
		}
		if binary.BigEndian.Uint16(h[at:]) != port {
			continue
		}
		if payload := h[h[12]>>4*4:]; len(payload) > 0 {
			seq := binary.BigEndian.Uint32(h[4:])
			if _, again := parts[seq]; !again {
				seqs = append(seqs, seq)
			}
			parts[seq] = payload
		}
	}
	slices.SortFunc(seqs, func(a, b uint32) int { return int(int32(a - b)) })
	var out []byte
	for _, s := range seqs {
		out = append(out, parts[s]...)
	}
	return out
}

func TestStreams(t *testing.T) {
	f := func(script string, port uint16, fromServer bool, want string) {
		t.Helper()
		if got := string(stream(packets(t, script), port, fromServer)); got != want {
			t.Errorf("%q\n got %q\nwant %q", script, got, want)
		}
	}
	post := "http 10.0.0.1 > 10.0.0.2:80%OPT%\n> POST / HTTP/1.1\n> Host: a\n>\n> one\n> two\n< HTTP/1.1 204 No Content\n<\n"
	wire := "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\none\ntwo"
	for _, options := range []string{"", " mss=1", " mss=3 reorder", " mss=7 dup", " reorder dup mss=2", " rst", " nofin", " midstream"} {
		f(strings.Replace(post, "%OPT%", options, 1), 80, false, wire)
	}
	f("http 10.0.0.1 > 10.0.0.2:80\n< HTTP/1.1 204 No Content\n<\n", 80, true, "HTTP/1.1 204 No Content\r\n\r\n")
	f("http 10.0.0.1 > 10.0.0.2:80\n< HTTP/1.1 200 OK\n<\n", 80, true, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	f("http 10.0.0.1 > 10.0.0.2:80\n< HTTP/1.1 200 OK\n<\n<x 00 ff\n< a\n", 80, true, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\x00\xffa")
	f("tcp 10.0.0.1 > 10.0.0.2:22\n> a\\x00\\r\n> b\n>e c\n>b ZA==\n>* 2 xy\n>@ f\n-- f --\nfile\n", 22, false, "a\x00\r\r\nb\r\ncdxyxyfile\n")
	f("tcp 10.0.0.1 > 10.0.0.2:22 eol=none\n> a\n> b\n", 22, false, "ab")
	f("tcp 10.0.0.1 > 10.0.0.2:22 gap=2 mss=1 eol=none\n> abc\n", 22, false, "ac")
	f("repeat 2 every 1s\ntcp 10.0.0.1:5 > 10.0.0.2:2{i}\n> {i}\nend\n", 21, false, "1\r\n")
	f("tcp 10.0.0.1 > 10.0.0.2:22 eol=none\n> {i}{hex:4}\n", 22, false, "{i}{hex:4}")
}

func TestTimes(t *testing.T) {
	ps := packets(t, "time 2026-11-21T00:00:00Z\nrepeat 3 every 60s\nudp 10.0.0.1 > 10.0.0.2:9\n> a\nend\nwait 1h\nudp 10.0.0.1 > 10.0.0.2:9\n> b\n")
	want := []time.Duration{0, time.Minute, 2 * time.Minute, 3*time.Minute + time.Hour}
	start := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC).UnixNano()
	for i, p := range ps {
		if time.Duration(p.Time-start) != want[i] {
			t.Errorf("packet %d at %v, want %v", i, time.Duration(p.Time-start), want[i])
		}
	}
}

func TestErrors(t *testing.T) {
	f := func(script string, line int, text string) {
		t.Helper()
		s, err := Parse(script)
		var e *Error
		if s != nil || !errors.As(err, &e) || e.Line != line || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v, %v; want line %d: …%s…", script, s, err, line, text)
		}
	}
	f("hello", 1, `no directive "hello"`)
	f("\n# c\ntime yesterday", 3, "cannot parse")
	f("> text", 1, `no directive`)
	f("tcp 10.0.0.1 > 10.0.0.2", 1, "want ADDRESS:PORT")
	f("tcp 10.0.0.1 10.0.0.2:1", 1, "want: tcp CLIENT")
	f("tcp 10.0.0.1 > [::1]:1", 1, "different families")
	f("tcp 10.0.0.1 > 10.0.0.2:1\n>@ missing", 2, `no section "missing"`)
	f("tcp 10.0.0.1 > 10.0.0.2:1 mss=0", 1, "from 1 to 1460")
	f("tcp 10.0.0.1 > 10.0.0.2:1 refused\n> a", 1, "carries no messages")
	f("tcp 10.0.0.1 > 10.0.0.2:1\n> a\\q", 2, `no escape \q`)
	f("tcp 10.0.0.1 > 10.0.0.2:1\n>x 0g", 2, "invalid byte")
	f("repeat 2 every 1s\ntcp 10.0.0.1 > 10.0.0.2:1", 1, "repeat without end")
	f("repeat 2 every 1s\nfoo\nend", 2, `no directive`)
	f("repeat 1000000000 every 1s\nend", 1, "from 1 to")
	f("end", 1, "end without repeat")
	f(`dns 10.0.0.1 a HTTPS "1 . port=3"`, 1, "want alpn= or ech=")
	f("http 10.0.0.1 > 10.0.0.2:80\n<@ a.apk\n-- a.apk/AndroidManifest.xml.text --\nnonsense\n", 2, "want package")
	f("dns 10.0.0.1 a..b A", 1, "labels have 1 to 63")
	f("dns 10.0.0.1 a A ::1", 1, "want an address")
	f("dhcp 10.0.0.1", 1, "mac=: want six bytes")
	f("dhcp ::1 mac=5e:3b:1c:07:a9:14", 1, "want an IPv4 address")
	f("dhcp 10.0.0.1 mac=5e:3b:1c:07:a9:14 server=x", 1, "server=x: want an IPv4 address")
	f("dhcp 10.0.0.1 mac=5e:3b:1c:07:a9:14 lease=0", 1, "from 1 to")
	f("tls 10.0.0.1 > 10.0.0.2:443 version=1.1", 1, "want 1.2 or 1.3")
	f(`tls 10.0.0.1 > 10.0.0.2:443 cn="a`, 1, "quotation mark")
}

func TestWritePCAP(t *testing.T) {
	ps := packets(t, everything)
	var b bytes.Buffer
	if err := WritePCAP(&b, ps); err != nil {
		t.Fatal(err)
	}
	want := 24
	for _, p := range ps {
		want += 16 + len(p.Data)
	}
	if b.Len() != want {
		t.Errorf("%d bytes, want %d", b.Len(), want)
	}
	r, n := NewReader(ps), 0
	var p sensor.Packet
	for ; r.Next(&p) != io.EOF; n++ {
		if p.Number != ps[n].Number {
			t.Fatalf("packet %d has number %d", n, p.Number)
		}
	}
	if n != len(ps) {
		t.Errorf("read %d packets of %d", n, len(ps))
	}
}

// FuzzParse: an error comes without a script and names a line of the text; a script's packets are valid.
func FuzzParse(f *testing.F) {
	f.Add(everything)
	f.Add("repeat 2 every 1s\nrepeat 2 every 1s\nudp 10.0.0.1 > 10.0.0.2:1\n>* 3 a\nend\nend\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 || strings.Contains(text, "repeat") && len(text) > 200 || strings.Contains(text, "=") && strings.Count(text, "9") > 8 {
			return // slow rather than wrong
		}
		s, err := Parse(text)
		if err != nil {
			var e *Error
			if s != nil || !errors.As(err, &e) || e.Line < 1 || e.Line > strings.Count(text, "\n")+1 {
				t.Fatalf("%v, %v", s, err)
			}
			return
		}
		valid(t, s.Packets())
	})
}

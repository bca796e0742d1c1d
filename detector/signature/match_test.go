package signature

import (
	"testing"

	"khien/sensor"
)

func TestPayload(t *testing.T) {
	f := func(options, payload string, want bool) {
		t.Helper()
		b := newBench(load(t, "alert udp any any -> any any ("+options+" sid:1;)"), sensor.IPProtoUDP, 0)
		b.packet(0, payload)
		if got := b.tape.sids() == "1"; got != want {
			t.Errorf("%s on %q: got %v", options, payload, got)
		}
	}
	f(`content:"abc";`, "xxabcxx", true)
	f(`content:"ABC"; nocase;`, "xxabcxx", true)
	f(`content:"ABC";`, "xxabcxx", false)
	f(`content:!"abc";`, "xxabcxx", false)
	f(`content:"a"; content:!"abc"; within:3;`, "aabcabc", true)
	f(`content:"abc"; depth:3;`, "abc", true)
	f(`content:"abc"; offset:1;`, "abc", false)
	f(`content:"abc"; offset:2; depth:3;`, "xxabc", true)
	f(`content:"abc"; offset:1; depth:3;`, "xxabc", false)
	f(`content:"abc"; startswith;`, "xabc", false)
	f(`content:"abc"; endswith;`, "abcxabc", true)
	f(`content:"abc"; endswith;`, "abcx", false)
	f(`content:"a"; content:"b"; distance:1; within:2;`, "a.b", true)
	f(`content:"a"; content:"b"; distance:1; within:1;`, "a..b", false)
	f(`content:"a"; content:"b"; distance:0; within:1;`, "a..ab", true)
	f(`content:"b"; content:"a"; distance:-2; within:1;`, "xab", true)
	f(`content:"a"; isdataat:!1,relative;`, "xa", true)
	f(`content:"a"; isdataat:!1,relative;`, "xab", false)
	f(`isdataat:3;`, "abc", false)
	f(`isdataat:2;`, "abc", true)
	f(`bsize:3; content:"a";`, "abc", true)
	f(`dsize:>3; content:"a";`, "abc", false)
	f(`pcre:"/a(b|c)d/";`, "xacd", true)
	f(`pcre:!"/a(b|c)d/";`, "xacd", false)
	f(`content:"x"; pcre:"/^a/R";`, "bxxa", true)
	f(`content:"x"; pcre:"/^a/R";`, "bxba", false)
	f(`content:"|01|"; byte_test:1,>,5,0,relative;`, "\x01\x06", true)
	f(`content:"|01|"; byte_test:1,>,5,0,relative;`, "\x01\x05", false)
	f(`byte_test:2,=,0x0102,0,little;`, "\x02\x01", true)
	f(`byte_test:3,=,255,0,string,dec;`, "255", true)
	f(`byte_test:1,&,0x40,0;`, "\x41", true)
	f(`byte_test:1,!&,0x40,0;`, "\x41", false)
	f(`byte_jump:1,0; content:"z"; within:1;`, "\x02..z", true)
	f(`byte_jump:1,0,post_offset -1; content:"z"; within:1;`, "\x02..z", false)
	f(`byte_extract:1,0,n; content:"z"; offset:n;`, "\x03z.z", true)
	f(`byte_extract:1,0,n; content:"z"; offset:n;`, "\x03z..", false)
	f(`byte_math:bytes 1,offset 0,oper +,rvalue 1,result n; byte_test:1,=,n,1;`, "\x03\x04", true)
	f(`base64_decode:offset 0; base64_data; content:"hello";`, "aGVsbG8=", true)
	f(`base64_decode:offset 0; base64_data; content:"jello";`, "aGVsbG8=", false)
	call := "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01\x86\xa0\x00\x00\x00\x02\x00\x00\x00\x03"
	f(`rpc:100000,2,3;`, call, true)
	f(`rpc:100000,*,3;`, call, true)
	f(`rpc:100000;`, call, true)
	f(`rpc:100000,2,4;`, call, false)
	f(`rpc:100003,*,*;`, call, false)
	f(`rpc:100000;`, call[:23], false)
	f(`ttl:64; content:"a";`, "a", true)
	f(`ttl:<64; content:"a";`, "a", false)
}

func TestTransaction(t *testing.T) {
	f := func(options string, want bool) {
		t.Helper()
		b := newBench(load(t, "alert http any any -> any any ("+options+" sid:1;)"), sensor.IPProtoTCP, sensor.ProtoHTTP)
		tx := &fakeTx{TxBase: sensor.TxBase{Proto: sensor.ProtoHTTP}, text: map[sensor.Buffer][]string{sensor.HTTPMethod: {"GET"},
			sensor.HTTPURI: {"/a/login.php"}, sensor.HTTPHost: {"bank.example"}, sensor.HTTPRequestHeader: {"a: 1", "b: 2"}},
			num: map[sensor.Buffer][]uint64{sensor.HTTPURIRawLen: {12}}}
		b.change(tx, sensor.ToServer, sensor.ProgressLine)
		b.change(tx, sensor.ToServer, sensor.ProgressHeaders)
		b.change(tx, sensor.ToServer, sensor.ProgressComplete)
		if got := b.tape.sids() == "1"; got != want {
			t.Errorf("%s: got %v", options, got)
		}
	}
	f(`http.uri; content:"login";`, true)
	f(`content:"login"; http_uri;`, true)
	f(`uricontent:"login";`, true)
	f(`uricontent:"LOGIN"; nocase; uricontent:".php"; distance:0; content:"GET"; http_method;`, true)
	f(`uricontent:"LOGIN";`, false)
	f(`uricontent:!"logout"; http.method; content:"GET";`, true)
	f(`http.uri; content:"login"; http.method; content:"POST";`, false)
	f(`http.method; content:"GET"; http.host; content:"bank"; startswith;`, true)
	f(`http.uri; content:!"logout"; http.method; content:"GET";`, true)
	f(`http.uri; pcre:"/login\.php$/";`, true)
	f(`pcre:"/login\.php$/U";`, true)
	f(`http.host; dotprefix; content:".bank.example"; bsize:13;`, true)
	f(`http.request_header; content:"a: 1"; http.request_header; content:"b: 2";`, true)
	f(`http.request_header; content:"a: 1"; content:"2";`, false)
	f(`http.referer; absent;`, true)
	f(`http.referer; content:!"x";`, false)
	f(`urilen:12;`, true)
	f(`urilen:<10;`, false)
	f(`flow:established,to_server; http.uri; to_uppercase; content:"LOGIN";`, true)
	f(`flow:to_client; http.header; content:"x";`, false)
}

// TestProtocolOfBuffer has rules of two protocols that look for the same in the same buffer.
func TestProtocolOfBuffer(t *testing.T) {
	set := load(t, `alert http1 any any -> any any (http.uri; content:"/login"; sid:1;)`, `alert http2 any any -> any any (http.uri; content:"/login"; sid:2;)`,
		`alert doh2 any any -> any any (http.uri; content:"/login"; sid:3;)`, `alert dns any any -> any any (dns.query; content:"/login"; sid:4;)`)
	f := func(p sensor.Proto, want string) {
		t.Helper()
		b := newBench(set, sensor.IPProtoTCP, p)
		tx := &fakeTx{TxBase: sensor.TxBase{Proto: p}, text: map[sensor.Buffer][]string{sensor.HTTPURI: {"/login"}, sensor.DNSQueryName: {"/login"}}}
		b.change(tx, sensor.ToServer, sensor.ProgressComplete)
		if got := b.tape.sids(); got != want {
			t.Errorf("%s: %s, want %s", p, got, want)
		}
	}
	f(sensor.ProtoHTTP, "1")
	f(sensor.ProtoHTTP2, "2")
	f(sensor.ProtoDoH2, "2 3 4")
}

func TestHandshakeState(t *testing.T) {
	f := func(arg string, state uint64, want bool) {
		t.Helper()
		b := newBench(load(t, "alert tls any any -> any any (ssl_state:"+arg+"; sid:1;)"), sensor.IPProtoTCP, sensor.ProtoTLS)
		tx := &fakeTx{TxBase: sensor.TxBase{Proto: sensor.ProtoTLS}, num: map[sensor.Buffer][]uint64{sensor.TLSState: {state}}}
		b.change(tx, sensor.ToServer, sensor.ProgressLine)
		if got := b.tape.sids() == "1"; got != want {
			t.Errorf("%s of %#x: %t", arg, state, got)
		}
	}
	f("client_hello", sensor.TLSClientHelloBit, true)
	f("client_hello", sensor.TLSServerHelloBit, false)
	f("server_hello|client_keyx", sensor.TLSClientHelloBit|sensor.TLSClientKeyBit, true)
	f("!client_hello", sensor.TLSServerHelloBit, true)
	f("!client_hello", sensor.TLSClientHelloBit, false)
}

// TestFuzzyProtocol asks for the protocol of a flow that carries DNS in HTTP/2.
func TestFuzzyProtocol(t *testing.T) {
	f := func(arg string, app sensor.Proto, want bool) {
		t.Helper()
		b := newBench(load(t, "alert tcp any any -> any any (app-layer-protocol:"+arg+"; sid:1;)"), sensor.IPProtoTCP, sensor.ProtoNone)
		b.flow.App, b.flow.AppDir = app, [2]sensor.Proto{app, app}
		b.packet(sensor.ToServer, "x")
		if got := b.tape.sids() == "1"; got != want {
			t.Errorf("%s of %s: %t", arg, app, got)
		}
	}
	f("dns", sensor.ProtoDoH2, true)
	f("dns,exact", sensor.ProtoDoH2, false)
	f("dns,exact", sensor.ProtoDNS, true)
	f("doh2,exact", sensor.ProtoDoH2, true)
	f("http2", sensor.ProtoDoH2, true)
	f("http2,exact,both", sensor.ProtoDoH2, false)
	f("!dns,exact", sensor.ProtoDoH2, true)
	f("doh2,both", sensor.ProtoDoH2, true)
	f("http1", sensor.ProtoHTTP2, false)
}

func TestStreamAcrossSegments(t *testing.T) {
	b := newBench(load(t, `alert tcp any any -> any any (flow:to_server; content:"first"; content:"second"; distance:0; sid:1;)`), sensor.IPProtoTCP, 0)
	for _, s := range []string{"..fi", "rst..", "..sec", "ond..", "more"} {
		b.stream(sensor.ToServer, s)
	}
	if got := b.tape.sids(); got != "1" {
		t.Errorf("got %q", got)
	}
}

func TestOrder(t *testing.T) {
	// The setter comes before the reader, pass before alert, and what a pass rule covers stays silent.
	b := newBench(load(t, `alert udp any any -> any any (content:"a"; flowbits:isset,x; sid:1;)`, `alert udp any any -> any any (content:"a"; flowbits:set,x; noalert; sid:2;)`,
		`alert udp any any -> any any (content:"a"; priority:1; sid:3;)`), sensor.IPProtoUDP, 0)
	b.packet(0, "a")
	if got := b.tape.sids(); got != "1 3" {
		t.Errorf("got %q", got)
	}
	if len(b.flow.Meta) != 1 || b.flow.Meta[0] != "x" {
		t.Errorf("labels %q", b.flow.Meta)
	}
	b = newBench(load(t, `alert udp any any -> any any (content:"a"; sid:1;)`, `pass udp any any -> any any (content:"b"; sid:2;)`), sensor.IPProtoUDP, 0)
	b.packet(0, "ab")
	if got := b.tape.sids(); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestLimits(t *testing.T) {
	f := func(options string, packets int, want string) {
		t.Helper()
		b := newBench(load(t, `alert udp any any -> any any (content:"a"; `+options+` sid:1;)`), sensor.IPProtoUDP, 0)
		for range packets {
			b.packet(0, "a")
		}
		if got := b.tape.sids(); got != want {
			t.Errorf("%s: got %q, want %q", options, got, want)
		}
	}
	f("threshold:type limit,track by_src,count 2,seconds 60;", 5, "1 1")
	f("threshold:type threshold,track by_src,count 2,seconds 60;", 5, "1 1")
	f("threshold:type both,track by_dst,count 2,seconds 60;", 5, "1")
	f("detection_filter:track by_src,count 3,seconds 60;", 5, "1 1")
	f("threshold:type backoff,track by_flow,count 1,multiplier 2;", 9, "1 1 1 1")
	f("xbits:isset,b,track ip_src;", 3, "")
	f("xbits:set,b,track ip_src,expire 5;", 1, "1")
	f("hostbits:set,b,both,60; ", 1, "1")
	f("hostbits:isset,b,src;", 3, "")
}

func TestAlertMax(t *testing.T) {
	var rules []string
	for i := range 30 {
		rules = append(rules, `alert udp any any -> any any (content:"a"; sid:`+string(rune('1'+i/10))+string(rune('0'+i%10))+`;)`)
	}
	b := newBench(load(t, rules...), sensor.IPProtoUDP, 0)
	b.packet(0, "a")
	if n := len(b.tape.found); n != alertMaxDefault {
		t.Errorf("%d alerts", n)
	}
}

func TestReasons(t *testing.T) {
	b := newBench(load(t, `alert udp any any -> any any (msg:"m"; content:"needle"; pcre:"/[0-9]+/R"; priority:1; sid:1;)`), sensor.IPProtoUDP, 0)
	b.packet(0, "hay needle 42 hay")
	rs := b.tape.found[0].Reasons
	if len(rs) != 2 || rs[0].Offset != 4 || rs[0].Length != 6 || rs[1].Offset != 11 || rs[1].Length != 2 || string(rs[0].Excerpt) != "hay needle 42 hay" {
		t.Errorf("got %+v", rs)
	}
}

func TestNothingIsAllocated(t *testing.T) {
	set := load(t, `alert tcp any any -> any any (content:"never seen"; sid:1;)`, `alert tcp any any -> any any (flags:S; sid:2;)`,
		`alert http any any -> any any (http.uri; content:"/evil"; sid:3;)`)
	b := newBench(set, sensor.IPProtoTCP, 0)
	data := []byte("nothing of interest in these bytes")
	seg := &sensor.Segment{IPVersion: 4, IPProto: sensor.IPProtoTCP, Payload: data, L4: make([]byte, 20)}
	seg.Src, seg.SrcPort, seg.Dst, seg.DstPort = b.flow.Endpoints(0)
	var e sensor.Event
	var off uint64
	f := func() {
		e = sensor.Event{Kind: sensor.KindStream, Flow: b.flow, Data: data, Offset: off}
		off += uint64(len(data))
		b.m.Handle(&e)
		e = sensor.Event{Kind: sensor.KindPacket, Flow: b.flow, Segment: seg}
		b.m.Handle(&e)
	}
	for range 2000 {
		f()
	}
	if n := testing.AllocsPerRun(1000, f); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

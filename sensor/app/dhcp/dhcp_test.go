package dhcp

import (
	"slices"
	"strings"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

// message is a message to or from the client 00:0b:82:01:fc:42. sname and file hold what they begin with.
func message(op byte, your, sname, file string, options ...string) string {
	pad := func(s string, n int) string { return s + strings.Repeat("\x00", n-len(s)) }
	return string(op) + "\x01\x06\x00\x00\x00\x3d\x1d\x00\x01\x80\x00" + pad("", 4) + your + "\x0a\x00\x00\x02" + "\x0a\x00\x00\x03" +
		pad("\x00\x0b\x82\x01\xfc\x42", 16) + pad(sname, 64) + pad(file, 128) + "\x63\x82\x53\x63" + strings.Join(options, "")
}

func option(code byte, value string) string { return string([]byte{code, byte(len(value))}) + value }

const (
	nobody = "\x00\x00\x00\x00"
	your   = "\x0a\x00\x00\x0a"
	end    = "\xff"
	ackOpt = "\x35\x01\x05"
)

// grant is an ACK with everything that a record tells.
var grant = message(opReply, your, "", "", ackOpt, option(optLeaseTime, "\x00\x00\x0e\x10"), option(optRenewalTime, "\x00\x00\x07\x08"),
	option(optRebindingTime, "\x00\x00\x0c\x4e"), option(optMask, "\xff\xff\xff\x00"), "\x00", option(optRouters, "\x0a\x00\x00\x01\x0a\x00\x00\xfe"),
	option(optDNS, "\x0a\x00\x00\x35"), option(54, "\x0a\x00\x00\x02"), option(optHostName, "may-ke-toan"), option(optFQDN, "\x04\xff\xff\x0bmay-ke-toan\x02so\x02vn\x00"),
	option(optClientID, "\x01\x00\x0b\x82\x01\xfc\x42"), option(optRequested, your), option(optParams, "\x01\x03\x06\x0f\x23\x2a\x42\x96\x77"),
	option(optVendorClass, "MSFT 5.0"), end, "\x00\x00")

func TestMessages(t *testing.T) {
	f := func(in, want, anomalies string) {
		t.Helper()
		l := UDP(Protocol(), portServer, C(in))
		if len(l.Txs) != 1 {
			t.Fatalf("%s", l)
		}
		got := ""
		if l.Txs[0].LogReady(sensor.ToServer) {
			got = l.EVE(0)
		}
		if list := strings.Join(l.Txs[0].Base().Anomalies[0], " "); got != want || list != anomalies {
			t.Errorf("got %s\nwant %s\nanomalies %s, want %s", got, want, list, anomalies)
		}
	}
	const head = `{"type":"reply","id":15645,"client_mac":"00:0b:82:01:fc:42","assigned_ip":"10.0.0.10","client_ip":"0.0.0.0","relay_ip":"10.0.0.3","next_server_ip":"10.0.0.2","dhcp_type":"ack"`
	f(grant, head+`,"client_id":"00:0b:82:01:fc:42","lease_time":3600,"rebinding_time":3150,"renewal_time":1800,"subnet_mask":"255.255.255.0","routers":["10.0.0.1","10.0.0.254"],"dns_servers":["10.0.0.53"],"hostname":"may-ke-toan","client_fqdn":"may-ke-toan.so.vn","requested_ip":"10.0.0.10","params":["subnet_mask","router","dns_server","domain","arp_timeout","ntp_server","tftp_server_name","tftp_server_ip"],"vendor_class_identifier":"MSFT 5.0"}`, "")
	ack := func(options ...string) string {
		return message(opReply, your, "", "", append([]string{ackOpt}, options...)...)
	}
	f(ack(end), head+`}`, "")
	f(ack(), head+`}`, Truncated)
	f(ack(option(optHostName, "a"), "\x0c"), head+`,"hostname":"a"}`, Truncated)
	f(ack(option(optHostName, "a"), "\x0c\x05abcd"), head+`,"hostname":"a"}`, Truncated)
	f(ack(option(optHostName, ""), option(optHostName, "\xffb\""), end), head+`,"hostname":"\\xffb\""}`, Malformed)
	f(ack(option(optHostName, "first"), option(optHostName, "second"), end), head+`,"hostname":"first"}`, "")
	f(ack(option(optLeaseTime, "\x01"), option(optClientID, "\x01"), option(optMask, "\xff"), option(optRouters, "\x01\x02\x03\x04\x05"), option(optRenewalTime, "\x00\x00\x00\x09"), end), head+`,"renewal_time":9}`, Malformed)
	f(ack(option(optFQDN, "\x00\xff\xffPC.example.vn"), end), head+`,"client_fqdn":"PC.example.vn"}`, "")
	f(ack(option(optFQDN, "\x04\xff\xff\x02pc"), end), head+`,"client_fqdn":"pc"}`, "")
	f(ack(option(optFQDN, "\x04\xff\xff\x40pc"), end), head+`}`, "")
	f(ack(option(optFQDN, "\x04\xff\xff\x02pc\x09"), end), head+`}`, "")
	f(ack(option(optFQDN, "\x04\xff\xff"), end), head+`}`, "")

	// Of the rest there is no record.
	for _, kind := range []string{"\x35\x01\x01", "\x35\x01\x02", "\x35\x01\x03", "\x35\x01\x06", "\x35\x01\x08", "\x35\x01\x63", ""} {
		f(message(opRequest, nobody, "", "", kind, end), "", "")
	}
	f(message(opReply, your, "", "", "\x35\x01\x05\x35\x01\x03", end), head+`}`, "")
}

func TestOverload(t *testing.T) {
	f := func(overload byte, sname, file, want, anomaly string) {
		t.Helper()
		l := UDP(Protocol(), portServer, S(message(opReply, your, sname, file, ackOpt, option(optOverload, string(overload)), end)))
		list := strings.Join(l.Txs[0].Base().Anomalies[sensor.ToClient], " ")
		if got := l.EVE(0); !strings.HasSuffix(got, `"dhcp_type":"ack"`+want+`}`) || list != anomaly {
			t.Errorf("%s %s", got, list)
		}
	}
	name, dns := option(optHostName, "hidden")+end, option(optDNS, "\x06\x06\x06\x06")+end
	f(0, dns, name, "", "")
	f(1, dns, name, `,"hostname":"hidden"`, "")
	f(2, dns, name, `,"dns_servers":["6.6.6.6"]`, "")
	f(3, dns, name, `,"dns_servers":["6.6.6.6"],"hostname":"hidden"`, "")
	f(3, option(optHostName, "second"), name, `,"hostname":"hidden"`, "")
	f(3, "\x06\xfe", "", "", Truncated)
}

// TestAsked: what a client called itself is told with the reply to it, and with no other.
func TestAsked(t *testing.T) {
	with := func(m string, id, hardware byte) string {
		return m[:7] + string([]byte{id}) + m[8:33] + string([]byte{hardware}) + m[34:]
	}
	ask := func(options string) string { return message(opRequest, nobody, "", "", "\x35\x01\x03", options, end) }
	ack := message(opReply, your, "", "", ackOpt, end)
	f := func(want string, steps ...Step) {
		t.Helper()
		l := UDP(Protocol(), portServer, steps...)
		got := l.EVE(len(l.Txs) - 1)
		if _, got, _ = strings.Cut(got, `"dhcp_type":"ack"`); got != want+"}" {
			t.Errorf("%s, want %s", got, want)
		}
	}
	name := ask(option(optHostName, "pc-1"))
	f(`,"request_hostname":"pc-1"`, C(name), S(ack))
	f(`,"request_hostname":"pc-2"`, C(name), C(ask(option(optHostName, "pc-2"))), S(ack))
	f(`,"request_hostname":"pc-1"`, C(name), C(with(ask(option(optHostName, "pc-2")), 9, 9)), C(ask("")), S(ack))
	f(`,"request_hostname":"pc.so.vn"`, C(ask(option(optFQDN, "\x00\x00\x00pc.so.vn"))), S(ack))
	f(`,"hostname":"given"`, C(name), S(message(opReply, your, "", "", ackOpt, option(optHostName, "given"), end)))
	f("", C(ask("")), S(ack))
	f("", C(ask(option(optHostName, strings.Repeat("a", askedName+1)))), S(ack))
	f("", C(with(name, 9, 0x42)), S(ack))
	f("", C(with(name, 0x1d, 9)), S(ack))
	f("", S(message(opReply, your, "", "", option(optHostName, "pc-1"), end)), S(ack))
	steps := []Step{C(name)}
	for i := range byte(askedMax) {
		steps = append(steps, C(with(name, i, 100+i)))
	}
	f(`,"request_hostname":"pc-1"`, append(slices.Clone(steps[:askedMax]), S(ack))...)
	f("", append(steps, S(ack))...) // the oldest has made room
	p := Protocol().New(&sensor.Flow{}, nil).(*parser)
	for _, s := range append(steps, steps...) {
		_, _ = p.Parse(s.Dir, s.Data, Quiet{Log: NewLog(sensor.IPProtoUDP, portServer)})
	}
	if len(p.names.list) != askedMax {
		t.Error(len(p.names.list), "names are kept")
	}
}

func TestNumbers(t *testing.T) {
	f := func(l *Log, b sensor.Buffer, dir sensor.Dir, want uint64, ok bool) {
		t.Helper()
		if n, is := l.Txs[0].Number(b, dir, 0); n != want || is != ok {
			t.Errorf("%d %v", n, is)
		}
	}
	l := UDP(Protocol(), portServer, S(grant))
	f(l, sensor.DHCPLeaseTime, sensor.ToClient, 3600, true)
	f(l, sensor.DHCPRebindingTime, sensor.ToClient, 3150, true)
	f(l, sensor.DHCPRenewalTime, sensor.ToClient, 1800, true)
	f(l, sensor.DHCPLeaseTime, sensor.ToServer, 0, false)
	l = UDP(Protocol(), portServer, S(message(opReply, your, "", "", ackOpt, end)))
	f(l, sensor.DHCPLeaseTime, sensor.ToClient, 0, false)
}

func TestProbe(t *testing.T) {
	f := func(src, dst uint16, b string, want sensor.Match) {
		t.Helper()
		if got := probe(sensor.ToServer, []byte(b), &sensor.Flow{SrcPort: src, DstPort: dst}); got != want {
			t.Errorf("%d > %d, %d bytes: %v", src, dst, len(b), got)
		}
	}
	f(68, 67, grant, sensor.Yes)
	f(67, 68, grant, sensor.Yes)
	f(67, 5000, grant[:atOptions], sensor.Yes)
	f(67, 68, grant[:atOptions-1], sensor.No)
	f(5000, 4011, grant, sensor.No)
	if l := UDP(Protocol(), portServer, C(grant), C("short"), C(grant)); len(l.Txs) != 2 || l.Txs[1].Base().ID != 1 || !slices.Equal(l.Anomalies, []string{"to_server " + Truncated}) {
		t.Errorf("%s", l)
	}
}

func TestAllocations(t *testing.T) {
	l := Quiet{Log: NewLog(sensor.IPProtoUDP, portServer)}
	p := Protocol().New(l.F, nil)
	in := []byte(grant)
	bad := []byte(message(opRequest, your, "", "", option(optMask, ""), option(optHostName, "pc")))
	var dst []byte
	if n := testing.AllocsPerRun(100, func() {
		_, _ = p.Parse(sensor.ToClient, in, l)
		_, _ = p.Parse(sensor.ToServer, bad, l)
		dst = p.(*parser).free[0].AppendEVE(dst[:0], sensor.ToClient)
	}); n != 0 {
		t.Error(n, "allocations")
	}
	large := append([]byte(grant), make([]byte, 60000)...)
	for range 20 {
		_, _ = p.Parse(sensor.ToClient, large, l)
	}
	if n := len(p.(*parser).free); n > freeMax {
		t.Error(n, "transactions are kept")
	}
	for _, tx := range p.(*parser).free {
		if cap(tx.raw) > freeBytes {
			t.Error(cap(tx.raw), "bytes are kept")
		}
	}
}

// FuzzParse: a message that is long enough is a transaction with a record that is JSON, each anomaly once; what stands behind
// the end of the options changes nothing.
func FuzzParse(f *testing.F) {
	f.Add([]byte(grant))
	f.Add([]byte(message(opReply, your, option(optDNS, "\x06\x06\x06\x06")+end, "\x0c\xff", ackOpt, option(optOverload, "\x03"), end)))
	f.Add([]byte(message(opRequest, nobody, "", "", "\x35\x01\x01", option(optFQDN, "\x04\x00\x00\x3fab"))))
	f.Fuzz(func(t *testing.T, in []byte) {
		l := UDP(Protocol(), portServer, C(string(in)))
		if len(in) == 0 {
			return
		}
		if want := len(in) >= atOptions; want != (len(l.Txs) == 1) || want == (len(l.Anomalies) == 1) {
			t.Fatalf("%s", l)
		}
		if len(l.Txs) == 0 {
			return
		}
		list := l.Txs[0].Base().Anomalies[0]
		if len(list) > 2 || len(list) == 2 && list[0] == list[1] {
			t.Fatalf("%q", list)
		}
		_, _ = l.EVE(0), l.String()
		if slices.Contains(list, Truncated) {
			return
		}
		if more := UDP(Protocol(), portServer, C(string(in)+"\x00\x0c\x01x")); more.String() != l.String() {
			t.Fatalf("%s\n%s", l, more)
		}
	})
}

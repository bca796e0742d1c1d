package serve_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"khien/console/hook"
	"khien/console/hook/hooktest"
	"khien/console/hook/render"
	"khien/console/hook/serve"
)

const (
	keyName = "khien-key."
	secret  = "c2VjcmV0LWZvci10ZXN0cy1vbmx5LTAxMjM0NTY3ODk="
)

func port(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// zones serves two zones of a desk: one for who has the key, one for 127.0.0.1.
func zones(t testing.TB, d *hooktest.Desk, resolver string) (z *serve.Zones, addr string, cs *hook.Consumers) {
	t.Helper()
	cs = &hook.Consumers{}
	z = serve.NewZones(d.Book, cs, []serve.Zone{
		{Name: "signed", Options: render.Options{Zone: "rpz.signed"}, Key: keyName, Secret: secret, Notify: resolver, Probe: resolver},
		{Name: "plain", Options: render.Options{Zone: "rpz.plain"}, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Notify: resolver, Probe: resolver},
	})
	z.Refresh(t.Context())
	ready := make(chan net.Addr, 1)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- z.Serve(ctx, "127.0.0.1:0", func(a net.Addr) { ready <- a }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	select {
	case a := <-ready:
		return z, a.String(), cs
	case err := <-done:
		t.Fatal(err)
	}
	return nil, "", nil
}

func transfer(t *testing.T, addr, zone string, serial uint32, ixfr, signed bool) ([]dns.RR, error) {
	t.Helper()
	m := new(dns.Msg)
	if ixfr {
		m.SetIxfr(zone, serial, "localhost.", "khien.localhost.")
	} else {
		m.SetAxfr(zone)
	}
	tr := &dns.Transfer{}
	if signed {
		tr.TsigSecret = map[string]string{keyName: secret}
		m.SetTsig(keyName, dns.HmacSHA256, 300, time.Now().Unix())
	}
	ch, err := tr.In(m, addr)
	if err != nil {
		return nil, err
	}
	var out []dns.RR
	for e := range ch {
		if e.Error != nil {
			return nil, e.Error
		}
		out = append(out, e.RR...)
	}
	return out, nil
}

func TestTransfers(t *testing.T) {
	d := hooktest.New(t, "")
	for i := range 400 {
		d.MustBlock(fmt.Sprintf("n%03d.%s.example", i, strings.Repeat("x", 60)), time.Hour)
	}
	z, addr, cs := zones(t, d, "")
	before, err := transfer(t, addr, "rpz.signed.", 0, false, true)
	if err != nil || len(before) != 2*400+4 { // SOA twice, NS, probe
		t.Fatalf("%d records, %v", len(before), err)
	}
	serial := before[0].(*dns.SOA).Serial
	for name, f := range map[string]func() ([]dns.RR, error){
		"without the key":     func() ([]dns.RR, error) { return transfer(t, addr, "rpz.signed.", 0, false, false) },
		"IXFR without it":     func() ([]dns.RR, error) { return transfer(t, addr, "rpz.signed.", serial, true, false) },
		"another zone's key":  func() ([]dns.RR, error) { return transfer(t, addr, "rpz.plain.", 0, false, true) },
		"a zone that is none": func() ([]dns.RR, error) { return transfer(t, addr, "rpz.none.", 0, false, true) },
	} {
		if rrs, err := f(); err == nil {
			t.Errorf("%s: %d records", name, len(rrs))
		}
	}
	if rrs, err := transfer(t, addr, "rpz.signed.", serial, true, true); err != nil || len(rrs) != 1 {
		t.Errorf("nothing new: %v %v", rrs, err)
	}
	x := d.MustBlock("new.example", time.Minute)
	z.Refresh(t.Context())
	rrs, err := transfer(t, addr, "rpz.signed.", serial, true, true)
	if err != nil || len(rrs) != 1+2+4+1 { // SOA; old SOA, probe; new SOA, probe, two names; SOA
		t.Fatalf("%d records, %v: %v", len(rrs), err, rrs)
	}
	if s := rrs[0].(*dns.SOA).Serial; s <= serial {
		t.Errorf("serial %d after %d", s, serial)
	}
	d.Clock.Pass(time.Minute)
	if err := d.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	z.Refresh(t.Context())
	after, err := transfer(t, addr, "rpz.signed.", 0, false, true)
	if err != nil || len(after) != len(before) {
		t.Errorf("%s has ended: %d records, %v", x.Value, len(after), err)
	}
	if s := cs.List()[0]; s.Name != "signed" || s.Given != 400 || s.Seen.IsZero() {
		t.Errorf("%+v", s)
	}
}

func TestDigTransfers(t *testing.T) {
	dig := hooktest.Tool(t, "dig", "bind9-dnsutils")
	d := hooktest.New(t, "")
	d.MustBlock("bad.example", time.Hour)
	_, addr, _ := zones(t, d, "")
	_, p, _ := net.SplitHostPort(addr)
	run := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), dig, append([]string{"@127.0.0.1", "-p", p, "rpz.signed", "AXFR"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	if out := run("-y", "hmac-sha256:"+keyName+":"+secret); !strings.Contains(out, "*.bad.example.rpz.signed.") || strings.Contains(out, "Couldn't verify") {
		t.Error(out)
	}
	for _, args := range [][]string{nil, {"-y", "hmac-sha256:" + keyName + ":" + "d3Jvbmc="}, {"-y", "hmac-sha256:other:" + secret}} {
		if out := run(args...); strings.Contains(out, "bad.example") {
			t.Errorf("%v: %s", args, out)
		}
	}
}

// upstream is the rest of the name system: every name has the address 192.0.2.80.
func upstream(t *testing.T) int {
	t.Helper()
	p, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &dns.Server{PacketConn: p, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(r)
		if r.Question[0].Qtype == dns.TypeA {
			m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: r.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}, A: net.IPv4(192, 0, 2, 80)}}
		}
		w.WriteMsg(m)
	})}
	started := make(chan struct{})
	s.NotifyStartedFunc = func() { close(started) }
	done := make(chan error, 1)
	go func() { done <- s.ActivateAndServe() }()
	<-started
	t.Cleanup(func() { s.Shutdown(); <-done })
	return p.LocalAddr().(*net.UDPAddr).Port
}

// resolver runs a program until the test ends.
func resolver(t *testing.T, bin string, args ...string) {
	t.Helper()
	logs, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, args...)
	cmd.Stdout, cmd.Stderr = logs, logs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait() // killed by us
		logs.Close()
		if b, err := os.ReadFile(logs.Name()); err == nil && t.Failed() {
			t.Logf("%s", b)
		}
	})
}

// resolves asks a resolver until it answers as wanted.
func resolves(t *testing.T, addr, name, want string) {
	t.Helper()
	got := ""
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		m := new(dns.Msg)
		m.SetQuestion(dns.Fqdn(name), dns.TypeA)
		r, _, err := (&dns.Client{Timeout: time.Second}).ExchangeContext(t.Context(), m, addr)
		switch {
		case err != nil:
			got = err.Error()
		case r.Rcode != dns.RcodeSuccess:
			got = dns.RcodeToString[r.Rcode]
		case len(r.Answer) > 0:
			got = r.Answer[len(r.Answer)-1].(*dns.A).A.String()
		default:
			got = "nothing"
		}
		if got == want {
			return
		}
	}
	t.Errorf("%s: %s, want %s", name, got, want)
}

// enforced is what both resolvers must do: a blocked name and its sub-names do not exist, others do, and after its end it
// has its address again. What they enforce is read back.
func enforced(t *testing.T, d *hooktest.Desk, z *serve.Zones, cs *hook.Consumers, consumer, at string) {
	t.Helper()
	resolves(t, at, "good.example", "192.0.2.80")
	resolves(t, at, "bad.example", "NXDOMAIN")
	resolves(t, at, "www.login.bad.example", "NXDOMAIN")
	start := time.Now()
	d.MustBlock("late.example", 2*time.Hour)
	z.Refresh(t.Context())
	resolves(t, at, "late.example", "NXDOMAIN")
	t.Logf("from approval to the resolver's answer: %v", time.Since(start))
	z.ReadBack(t.Context())
	for _, c := range cs.List() {
		if c.Name == consumer && (c.Enforced != 2 || c.Missing != 0 || c.Error != "") {
			t.Errorf("read back: %+v", c)
		}
	}
	d.Clock.Pass(time.Hour)
	if err := d.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	z.Refresh(t.Context())
	resolves(t, at, "bad.example", "192.0.2.80")
	resolves(t, at, "www.login.bad.example", "192.0.2.80")
	resolves(t, at, "late.example", "NXDOMAIN")
}

// TestUnbound: Unbound cannot sign its requests (as of 1.17; its rpz clause has no key), so its zone is open to its address.
func TestUnbound(t *testing.T) {
	bin := hooktest.Tool(t, "unbound", "unbound")
	d := hooktest.New(t, "")
	d.MustBlock("bad.example", time.Hour)
	p := port(t)
	at := fmt.Sprintf("127.0.0.1:%d", p)
	z, addr, cs := zones(t, d, at)
	_, zp, _ := net.SplitHostPort(addr)
	conf := filepath.Join(t.TempDir(), "unbound.conf")
	text := fmt.Sprintf(`server:
  interface: 127.0.0.1@%d
  port: %d
  username: ""
  chroot: ""
  directory: "%s"
  pidfile: ""
  use-syslog: no
  verbosity: 1
  do-ip6: no
  do-daemonize: no
  do-not-query-localhost: no
  module-config: "respip iterator"
  access-control: 127.0.0.0/8 allow
rpz:
  name: rpz.plain
  primary: 127.0.0.1@%s
  allow-notify: 127.0.0.1
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@%d
remote-control:
  control-enable: no
`, p, p, filepath.Dir(conf), zp, upstream(t))
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	resolver(t, bin, "-d", "-c", conf)
	enforced(t, d, z, cs, "plain", at)
}

// TestBIND: BIND transfers with TSIG.
func TestBIND(t *testing.T) {
	bin := hooktest.Tool(t, "named", "bind9")
	d := hooktest.New(t, "")
	d.MustBlock("bad.example", time.Hour)
	p := port(t)
	at := fmt.Sprintf("127.0.0.1:%d", p)
	z, addr, cs := zones(t, d, at)
	_, zp, _ := net.SplitHostPort(addr)
	dir := t.TempDir()
	conf := filepath.Join(dir, "named.conf")
	text := fmt.Sprintf(`key "%s" { algorithm hmac-sha256; secret "%s"; };
options {
  directory "%s"; pid-file none; session-keyfile none; listen-on port %d { 127.0.0.1; }; listen-on-v6 { none; };
  forwarders { 127.0.0.1 port %d; }; forward only; dnssec-validation no; recursion yes; allow-query { any; };
  response-policy { zone "rpz.signed"; } qname-wait-recurse no min-update-interval 0;
};
controls { };
zone "rpz.signed" { type secondary; primaries { 127.0.0.1 port %s key "%s"; }; file "rpz"; allow-notify { key "%s"; }; allow-query { none; }; };
`, keyName, secret, dir, p, upstream(t), zp, keyName, keyName)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	resolver(t, bin, "-g", "-c", conf)
	enforced(t, d, z, cs, "signed", at)
}

// FuzzZoneMessages: whatever comes, nobody without the key gets a name.
func FuzzZoneMessages(f *testing.F) {
	m := new(dns.Msg)
	m.SetAxfr("rpz.signed.")
	b, err := m.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	m.SetIxfr("rpz.signed.", 1, "a.", "b.")
	m.SetTsig(keyName, dns.HmacSHA256, 300, 1)
	if b, err = m.Pack(); err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	d := hooktest.New(f, "")
	d.MustBlock("bad.example", time.Hour)
	_, addr, _ := zones(f, d, "")
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 65535 {
			t.Skip()
		}
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(50 * time.Millisecond))
		if _, err := c.Write(append([]byte{byte(len(b) >> 8), byte(len(b))}, b...)); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 4096)
		n, _ := c.Read(got) // no answer is an answer too
		if strings.Contains(string(got[:n]), "\x03bad\x07example") && !strings.Contains(string(b), "\x03bad\x07example") && !strings.Contains(string(b), "plain") {
			t.Fatalf("%q gives %q", b, got[:n])
		}
	})
}

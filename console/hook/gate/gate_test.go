package gate_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"khien/console/hook"
	"khien/console/hook/gate"
	"khien/detector"
	"khien/detector/store"
	"khien/detector/store/teststore"
)

const secret = "c2VjcmV0LWZvci10ZXN0cy1vbmx5LTAxMjM0NTY3ODk="

// folder writes a data folder with hooks.yaml and secrets.
func folder(t *testing.T, yaml string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{gate.FileName: yaml, "token": "0123456789abcdef-token\n", "tsig": secret + "\n", "whsec": "whsec_" + secret,
		"oa": `{"app_id":"7","secret_key":"k","refresh_token":"r"}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t *testing.T, dir string, st store.Store) *gate.Gate {
	t.Helper()
	g, err := gate.Open(t.Context(), gate.Config{DataDir: dir, Store: st, Log: func(s string) { t.Log(s) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

func newStore(t *testing.T) store.Store {
	t.Helper()
	st, err := teststore.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

func finding(n int, kind, domain string) detector.Finding {
	f := detector.Finding{Time: time.Now(), Source: detector.FromFraud, Rule: detector.Rule{ID: "fraud." + kind}, Severity: detector.High, Score: 0.99,
		Domain: domain, SrcIP: netip.MustParseAddr("10.20.0.7"), DstIP: netip.MustParseAddr("203.0.113.9"), Direction: "to_server", App: "http",
		Fraud: &detector.Fraud{Kind: kind, Visibility: "seen", Score: 0.99}, Count: 1, Summary: detector.Text{VI: "10.20.0.7 vào " + domain, EN: "10.20.0.7 went to " + domain}}
	f.Identify(fmt.Sprint(n), domain)
	return f
}

// run runs a gate until the test ends and returns where it serves.
func run(t *testing.T, g *gate.Gate) (lists, zones string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	at := make(chan [2]string, 1)
	go func() {
		done <- g.Run(ctx, func(l, z net.Addr) {
			var s [2]string
			for i, a := range []net.Addr{l, z} {
				if a != nil {
					s[i] = a.String()
				}
			}
			at <- s
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	select {
	case s := <-at:
		return s[0], s[1]
	case err := <-done:
		done <- nil
		t.Fatal(err)
	}
	return "", ""
}

func TestConfigErrors(t *testing.T) {
	st := newStore(t)
	f := func(yaml, want string) {
		t.Helper()
		_, err := gate.Open(t.Context(), gate.Config{DataDir: folder(t, yaml), Store: st})
		if err == nil || !strings.Contains(err.Error(), gate.FileName+":"+want) {
			t.Errorf("%q: %v, want %s", yaml, err, want)
		}
	}
	f("consumers:\n  - {name: a, kind: fax}\n", `2:21: consumers[0].kind: no kind "fax": edl, crowdsec`)
	f("listen: 127.0.0.1:0\nconsumers:\n  - {name: a, kind: edl, format: edl-ip}\n", "3:6: consumers[0]: edl needs a secret")
	f("listen: 127.0.0.1:0\nconsumers:\n  - {name: a, kind: edl, secret_file: token, format: pdf}\n", `3:54: consumers[0].format: no format "pdf"`)
	f("listen: 127.0.0.1:0\nconsumers:\n  - {name: a, kind: edl, secret_file: nothing, format: edl-ip}\n", "3:39: consumers[0].secret_file: open ")
	f("dns: 127.0.0.1:0\nconsumers:\n  - {name: a, kind: rpz}\n", "3:6: consumers[0].key: a zone needs a TSIG key")
	f("dns: 127.0.0.1:0\nconsumers:\n  - {name: a, kind: rpz, allow: [127.0.0.1], zone: "+strings.Repeat("a.", 30)+"}\n", "3:52: consumers[0].zone: at most 50 characters")
	f("consumers:\n  - {name: a, kind: webhook, secret_file: whsec, url: 'http://soar.example/'}\n", "2:6: consumers[0]: push: https is expected")
	f("consumers: [{name: z, kind: zalo, to: ['1'], secret_file: oa, token_url: 'http://oauth.example/'}]\n", "1:74: consumers[0].token_url: https is expected")
	f("probes: {targets: []}\n", "1:19: probes.targets: from 1 to 16")
	f("probes: {targets: [{name: a, tcp: here}]}\n", "1:35: probes.targets[0].tcp: an address and port")
	f("probes: {targets: [{name: a, tcp: '1.2.3.4:5', dns: a.example}]}\n", "1:21: probes.targets[0]: either tcp")
	f("probes: {targets: [{name: a, dns: a.example, resolver: 10.0.0.53}]}\n", "1:56: probes.targets[0].resolver: an address and port")
	f("probes: {settle: 10m, targets: [{name: a, tcp: '1.2.3.4:5'}]}\n", "1:18: probes.settle: from 1 s to 5 min")
	f("appeal: {contact: {vi: x}}\n", "1:10: appeal: the page needs an address: listen")
	f("listen: 10.0.0.8:8687\nappeal: {contact: {vi: x}}\n", "2:10: appeal: people write down who they are")
	f("listen: 127.0.0.1:0\nappeal: {contact: {vi: x}, path: /edl/x}\n", "2:34: appeal.path: a path such as /appeal")
	f("listen: 127.0.0.1:0\nappeal: {path: /x}\n", "2:10: appeal.contact: who answers")
	f("listen: 127.0.0.1:0\nappeal: {contact: {vi: x}, proxies: [here]}\n", `2:38: appeal.proxies[0]: "here" is neither`)
	f("never:\n  - {names: ['a b'], owner: x, reason: {vi: x}}\n", `2:14: never[0].names[0]: "a b" is no name`)
}

// TestOffByDefault: without a configuration nothing runs; people can still ask.
func TestOffByDefault(t *testing.T) {
	g, err := gate.Open(t.Context(), gate.Config{DataDir: t.TempDir(), Store: newStore(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if g.On() {
		t.Error("on")
	}
	r, err := g.Do(t.Context(), gate.Request{Op: "why", Value: "www.gov.vn"})
	if err != nil || r.Report.Protected == nil {
		t.Errorf("%+v %v", r, err)
	}
}

// lateness measures how much longer than asked for a pause takes, until the returned function is called, which tells the
// worst: what a shared machine does to every measure of time.
func lateness() func() time.Duration {
	const pause = 10 * time.Millisecond
	stop, worst := make(chan struct{}), make(chan time.Duration, 1)
	go func() {
		var most time.Duration
		for {
			start := time.Now()
			select {
			case <-stop:
				worst <- most
				return
			case <-time.After(pause):
				most = max(most, time.Since(start)-pause)
			}
		}
	}()
	return func() time.Duration {
		close(stop)
		return <-worst
	}
}

// TestFromFindingToEnforcement measures what the whole way takes with 10,000 active decisions over the store that ships: a
// finding is handed over, the policies approve, the resolver is notified, transfers the change, and a firewall's list has it.
func TestFromFindingToEnforcement(t *testing.T) {
	active, rounds := 10_000, 100
	if testing.Short() {
		active, rounds = 200, 10
	}
	st := newStore(t)
	notified := make(chan struct{}, 64)
	p, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	secondary := &dns.Server{PacketConn: p, TsigSecret: map[string]string{"k.": secret}, MsgAcceptFunc: func(dns.Header) dns.MsgAcceptAction { return dns.MsgAccept },
		Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
			m := new(dns.Msg)
			m.SetReply(r)
			if r.IsTsig() != nil {
				m.SetTsig("k.", dns.HmacSHA256, 300, time.Now().Unix())
			}
			w.WriteMsg(m)
			if r.Opcode == dns.OpcodeNotify && w.TsigStatus() == nil {
				select {
				case notified <- struct{}{}:
				default:
				}
			}
		})}
	go secondary.ActivateAndServe()
	defer secondary.Shutdown()
	dir := folder(t, fmt.Sprintf(`
mode: auto
listen: 127.0.0.1:0
dns: 127.0.0.1:0
brakes: {automatic: 10000}
consumers:
  - {name: pa, kind: edl, format: edl-domain, secret_file: token}
  - {name: resolver, kind: rpz, zone: rpz.test, key: k, secret_file: tsig, address: "%s"}
`, p.LocalAddr()))
	g := open(t, dir, st)
	fill(t, g, st, dir, active)
	g = open(t, dir, st)
	if got := g.Book.Status(); got.Entries != active || len(got.Alarms) != 0 {
		t.Fatalf("%+v", got)
	}
	lists, zones := run(t, g)
	edl := func() string {
		resp, err := http.Get("http://" + lists + "/edl/pa/0123456789abcdef-token")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != 200 {
			t.Fatal(resp.Status, err)
		}
		return string(b)
	}
	serial := uint32(0)
	ixfr := func() (names []string) {
		m := new(dns.Msg)
		m.SetIxfr("rpz.test.", serial, "localhost.", "khien.localhost.")
		m.SetTsig("k.", dns.HmacSHA256, 300, time.Now().Unix())
		for deadline := time.Now().Add(20 * time.Second); serial == 0; time.Sleep(20 * time.Millisecond) { // until the first list is made
			q := new(dns.Msg)
			q.SetQuestion("rpz.test.", dns.TypeSOA)
			q.SetTsig("k.", dns.HmacSHA256, 300, time.Now().Unix())
			r, _, err := (&dns.Client{Net: "tcp", TsigSecret: map[string]string{"k.": secret}}).Exchange(q, zones)
			if err == nil && r.Rcode == dns.RcodeSuccess {
				break
			}
			if err != nil || r.Rcode != dns.RcodeServerFailure || time.Now().After(deadline) {
				t.Fatal(r, err)
			}
		}
		ch, err := (&dns.Transfer{TsigSecret: map[string]string{"k.": secret}}).In(m, zones)
		if err != nil {
			t.Fatal(err)
		}
		for e := range ch {
			if e.Error != nil {
				t.Fatal(e.Error)
			}
			for _, rr := range e.RR {
				if soa, ok := rr.(*dns.SOA); ok {
					serial = max(serial, soa.Serial)
				}
				names = append(names, rr.Header().Name)
			}
		}
		return names
	}
	if n := len(ixfr()); n < 2*active {
		t.Fatalf("the first transfer has %d records", n)
	}
	late := lateness()
	var took []time.Duration
	for i := range rounds {
		for len(notified) > 0 {
			<-notified
		}
		name := fmt.Sprintf("new%03d.example", i)
		fs := []detector.Finding{finding(i, "lookalike", name), finding(i, "phishing_page", name)}
		start := time.Now()
		if err := st.Write(t.Context(), fs); err != nil {
			t.Fatal(err)
		}
		g.Notify(fs)
		for resolver := false; !resolver; {
			select {
			case <-notified:
				resolver = slices.Contains(ixfr(), "*."+name+".rpz.test.")
			case <-time.After(20 * time.Second):
				t.Fatalf("%s never came to the resolver", name)
			}
		}
		if !strings.Contains(edl(), name+"\n") {
			t.Fatalf("%s is in the zone and not in the list", name)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	p99 := took[len(took)*99/100]
	t.Logf("%d active decisions, from finding to resolver and firewall list: p50 %v, p99 %v", active, took[len(took)/2], p99)
	switch slow := late(); {
	case p99 <= 2*time.Second:
	case slow > 200*time.Millisecond:
		t.Logf("not judged: the machine was so busy that a pause of 10 ms took up to %v longer", slow)
	default:
		t.Errorf("p99 %v, want at most 2 s", p99)
	}
}

// fill puts active decisions into a store and closes the book that was open on it.
func fill(t *testing.T, g *gate.Gate, st store.Store, dir string, n int) {
	t.Helper()
	now := time.Now().UTC()
	for i := range n {
		body := fmt.Sprintf(`{"id":"%020x","kind":"domain","value":"n%06d.example","action":"block","reason":{"vi":"x","en":"x"},"proposer":"an","state":"active",
"ttl":86400000000000,"created":%q,"activated":%[3]q,"expires":%[4]q,"confidence":0.9}`, i, i, now.Format(time.RFC3339), now.Add(24*time.Hour).Format(time.RFC3339))
		if _, err := st.PutDocument(t.Context(), store.Document{Kind: "decision", ID: fmt.Sprintf("%020x", i), Updated: now, Body: []byte(body)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestFindingsWhileNobodyLooked: what was stored before a start, or did not fit the queue, is looked at once.
func TestFindingsWhileNobodyLooked(t *testing.T) {
	st := newStore(t)
	fs := []detector.Finding{finding(1, "lookalike", "early.example"), finding(1, "phishing_page", "early.example")}
	if err := st.Write(t.Context(), fs); err != nil {
		t.Fatal(err)
	}
	dir := folder(t, "mode: auto\n")
	g := open(t, dir, st)
	run(t, g)
	g.Notify(fs)
	end := time.Now().Add(10 * time.Second)
	for g.Book.Status().Entries == 0 {
		if time.Now().After(end) {
			t.Fatal("never blocked")
		}
		time.Sleep(20 * time.Millisecond)
	}
	p := g.Book.Decisions(hook.Filter{})
	if len(p.Decisions) != 1 || strings.Contains(p.Decisions[0].Reason.VI, "10.20.0.7") || strings.Contains(p.Decisions[0].Reason.EN, "10.20.0.7") {
		t.Errorf("%+v: one decision that does not name the victim is wanted", p.Decisions)
	}
	if got := len(p.Decisions[0].Evidence); got != 2 {
		t.Errorf("%d pieces of evidence", got)
	}
}

// TestOwnConsumersAreProtected: the consumers cannot be blocked.
func TestOwnConsumersAreProtected(t *testing.T) {
	g := open(t, folder(t, `
listen: 127.0.0.1:0
dns: 127.0.0.1:0
consumers:
  - {name: fw, kind: webhook, secret_file: whsec, url: "https://fw.tinh.example/hook"}
  - {name: dns, kind: rpz, allow: [203.0.113.53], address: "203.0.113.53:53"}
`), newStore(t))
	for _, v := range []string{"fw.tinh.example", "tinh.example", "203.0.113.53", "203.0.113.0/24"} {
		if r, err := g.Book.Why(v); err != nil || r.Protected == nil {
			t.Errorf("%s: %+v %v", v, r, err)
		}
	}
}

func TestSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "khien") // short: a socket's path is bounded
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if _, err := gate.Ask(t.Context(), dir, gate.Request{Op: "status"}); !errors.Is(err, gate.ErrNotRunning) {
		t.Errorf("nobody runs: %v", err)
	}
	g := open(t, dir, newStore(t))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- g.ServeSocket(ctx) }()
	defer func() { cancel(); <-done }()
	var r gate.Response
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if r, err = gate.Ask(t.Context(), dir, gate.Request{Op: "propose", User: "an", Value: "bad.example", Reason: "giả mạo"}); !errors.Is(err, gate.ErrNotRunning) {
			break
		}
	}
	if err != nil || r.Decision.State != hook.DryRun {
		t.Fatalf("%+v %v", r, err)
	}
	if r, err = gate.Ask(t.Context(), dir, gate.Request{Op: "approve", User: "an", ID: r.Decision.ID}); err != nil || r.Decision.State != hook.Active {
		t.Fatalf("%+v %v", r, err)
	}
	if r, err = gate.Ask(t.Context(), dir, gate.Request{Op: "render", Format: "edl-domain"}); err != nil || r.Text != "bad.example\n" {
		t.Errorf("%+v %v", r, err)
	}
	if _, err = gate.Ask(t.Context(), dir, gate.Request{Op: "propose", User: "an", Value: "8.8.8.8", Reason: "x"}); !errors.Is(err, hook.ErrNever) {
		t.Errorf("%v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, gate.SocketName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

// TestAppealPage: the page stands beside the lists, and only where the configuration has it.
func TestAppealPage(t *testing.T) {
	f := func(yaml string, want int) {
		t.Helper()
		at, _ := run(t, open(t, folder(t, "listen: 127.0.0.1:0\n"+yaml+"consumers: [{name: pa, kind: edl, format: edl-ip, secret_file: token}]\n"), newStore(t)))
		for path, want := range map[string]int{"/ask/us": want, "/appeal": 404, "/edl/pa/0123456789abcdef-token": 200} {
			resp, err := http.Get("http://" + at + path)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
			}
		}
	}
	f("appeal: {path: /ask/us, contact: {vi: x}}\n", 200)
	f("", 404)
}

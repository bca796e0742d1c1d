package gate_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"khien/console/hook"
	"khien/console/hook/gate"
	"khien/detector"
)

// target takes connections at an address until it is closed, and counts them.
type target struct {
	net.Listener
	seen atomic.Int64
}

func newTarget(t *testing.T, at string) *target {
	t.Helper()
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	x := &target{Listener: l}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			x.seen.Add(1)
			c.Close()
		}
	}()
	return x
}

func block(t *testing.T, g *gate.Gate, value string) *hook.Decision {
	t.Helper()
	d, err := g.Book.Propose(t.Context(), hook.Proposal{Value: value, User: "an", Reason: detector.Text{VI: "x"}})
	if err == nil {
		d, err = g.Book.Approve(t.Context(), d.ID, "binh", false)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func within(t *testing.T, d time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(d); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", d, what)
		}
	}
}

func alarm(g *gate.Gate) string {
	for _, a := range g.Book.Status().Alarms {
		if a.Key == "probe" {
			return a.Text
		}
	}
	return ""
}

func active(t *testing.T, g *gate.Gate) (out []string) {
	t.Helper()
	for _, d := range g.Book.Decisions(hook.Filter{State: []hook.State{hook.Active}}).Decisions {
		out = append(out, d.Value)
	}
	slices.Sort(out)
	return out
}

// TestProbe: a target that becomes unreachable after a list raises an alarm, and where it is wanted what came since is
// revoked; one that was away before blames nobody.
func TestProbe(t *testing.T) {
	f := func(t *testing.T, rollback bool) {
		up, away := newTarget(t, "127.0.0.1:0"), newTarget(t, "127.0.0.1:0")
		away.Close()
		g := open(t, folder(t, fmt.Sprintf("probes: {settle: 1s, rollback: %v, targets: [{name: cổng, tcp: '%s'}, {name: bệnh viện, tcp: '%s'}]}\n", rollback, away.Addr(), up.Addr())), newStore(t))
		block(t, g, "old.example")
		run(t, g)
		within(t, 10*time.Second, "the first look", func() bool { return up.seen.Load() > 0 })
		time.Sleep(3 * time.Second) // the target that is away has been tried twice
		seen := up.seen.Load()
		block(t, g, "harmless.example")
		within(t, 10*time.Second, "a look after a list", func() bool { return up.seen.Load() > seen })
		time.Sleep(2 * time.Second)
		if a := alarm(g); a != "" {
			t.Fatalf("nothing is hurt: %s", a)
		}
		block(t, g, "hurts.example")
		up.Close()
		within(t, 15*time.Second, "an alarm", func() bool { return alarm(g) != "" })
		if a := alarm(g); !strings.Contains(a, "bệnh viện (no connection)") || strings.Contains(a, "cổng") {
			t.Errorf("%s", a)
		}
		want := []string{"harmless.example", "hurts.example", "old.example"}
		if rollback {
			want = []string{"harmless.example", "old.example"}
		}
		if got := active(t, g); !slices.Equal(got, want) {
			t.Errorf("active: %v, want %v", got, want)
		}
	}
	t.Run("alarm", func(t *testing.T) { t.Parallel(); f(t, false) })
	t.Run("rollback", func(t *testing.T) { t.Parallel(); f(t, true) })
}

// TestProbeNames: a name that the resolver no longer answers, or leads to the page of what is blocked, is unreachable.
func TestProbeNames(t *testing.T) {
	for _, how := range []string{"nxdomain", "page"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			var blocked atomic.Bool
			asked := atomic.Int64{}
			pc, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			s := &dns.Server{PacketConn: pc, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
				asked.Add(1)
				a := new(dns.Msg)
				a.SetReply(q)
				line := "cong.example. 60 A 198.51.100.7"
				if blocked.Load() {
					line = "cong.example. 60 CNAME canhbao.example."
				}
				rr, err := dns.NewRR(line)
				if err != nil {
					t.Error(err)
				}
				a.Answer = []dns.RR{rr}
				if blocked.Load() && how == "nxdomain" {
					a.SetRcode(q, dns.RcodeNameError)
				}
				if err := w.WriteMsg(a); err != nil {
					t.Error(err)
				}
			})}
			go s.ActivateAndServe()
			t.Cleanup(func() { s.Shutdown() })
			g := open(t, folder(t, fmt.Sprintf("dns: 127.0.0.1:0\nprobes: {settle: 1s, rollback: true, targets: [{name: cổng, dns: cong.example, resolver: '%s'}]}\n"+
				"consumers: [{name: u, kind: rpz, zone: rpz.u, allow: [127.0.0.1], page: canhbao.example}]\n", pc.LocalAddr())), newStore(t))
			run(t, g)
			within(t, 10*time.Second, "the first look", func() bool { return asked.Load() > 0 })
			time.Sleep(500 * time.Millisecond)
			block(t, g, "other.example")
			blocked.Store(true)
			within(t, 10*time.Second, "an alarm", func() bool { return alarm(g) != "" })
			if got := active(t, g); len(got) != 0 {
				t.Errorf("active: %v", got)
			}
		})
	}
}

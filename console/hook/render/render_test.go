package render_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"khien/console/hook"
	"khien/console/hook/hooktest"
	"khien/console/hook/render"
)

// carried reads the values back that a list carries, and fails on a line that the form does not have.
func carried(t *testing.T, format string, data []byte) []string {
	t.Helper()
	var out []string
	bad := func(line string) { t.Fatalf("%s: malformed line %q", format, line) }
	if format == "crowdsec" {
		var ds []render.CrowdSecDecision
		if err := json.Unmarshal(data, &ds); err != nil {
			t.Fatal(err)
		}
		for _, d := range ds {
			if left, err := time.ParseDuration(d.Duration); err != nil || left <= 0 || d.Type != "ban" || d.UUID == "" || d.ID <= 0 {
				t.Fatalf("crowdsec: %+v", d)
			}
			out = append(out, d.Value)
		}
		return out
	}
	if format == "rpz" {
		p := dns.NewZoneParser(bytes.NewReader(data), "", "")
		for rr, ok := p.Next(); ok; rr, ok = p.Next() {
			owner := strings.TrimSuffix(rr.Header().Name, ".rpz.khien.")
			c, isCNAME := rr.(*dns.CNAME)
			if !isCNAME {
				continue
			}
			if c.Target != "." && c.Target != "canhbao.example." {
				bad(rr.String())
			}
			if rest, ok := strings.CutSuffix(owner, ".rpz-ip"); ok {
				out = append(out, untrigger(t, rest))
				continue
			}
			out = append(out, strings.TrimPrefix(owner, "*."))
		}
		if err := p.Err(); err != nil {
			t.Fatal(err)
		}
		return out
	}
	element := map[string]*regexp.Regexp{
		"nftables": regexp.MustCompile(`^\t\t\t(\S+) timeout [1-9][0-9]*s,$`),
		"ipset":    regexp.MustCompile(`^add khien[46]-next (\S+) timeout [1-9][0-9]* -exist$`),
	}[format]
	for line := range strings.Lines(string(data)) {
		line, ok := strings.CutSuffix(line, "\n")
		if !ok || line == "" {
			bad(line)
		}
		switch {
		case element != nil:
			if m := element.FindStringSubmatch(line); m != nil {
				out = append(out, m[1])
			} else if strings.Contains(line, "timeout ") && !strings.HasPrefix(line, "create ") {
				bad(line)
			}
		case format == "suricata-domain" || format == "suricata-ja4":
			b, err := base64.StdEncoding.DecodeString(line)
			if err != nil {
				bad(line)
			}
			out = append(out, string(b))
		case format == "edl-url":
			out = append(out, "https://"+line)
		default:
			out = append(out, line)
		}
	}
	return out
}

// untrigger reads 24.0.100.51.198 and 128.7.zz.db8.2001.
func untrigger(t *testing.T, s string) string {
	t.Helper()
	parts := strings.Split(s, ".")
	bits := parts[0]
	parts = parts[1:]
	slices.Reverse(parts)
	text := strings.Join(parts, ".")
	if len(parts) != 4 || slices.Contains(parts, "zz") {
		text = strings.Join(parts, ":")
		if strings.Contains(text, "zz") {
			text = strings.Replace(text, "zz", "", 1)
			if strings.HasPrefix(text, ":") {
				text = ":" + text
			}
			if strings.HasSuffix(text, ":") {
				text += ":"
			}
		}
	}
	p, err := netip.ParsePrefix(text + "/" + bits)
	if err != nil {
		t.Fatalf("trigger %q: %v", s, err)
	}
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// pools from which decisions and never-block lists are drawn; they overlap often.
var (
	pool = func(r *rand.Rand) string {
		switch r.IntN(9) {
		case 0, 1:
			return fmt.Sprintf("203.0.%d.%d", 110+r.IntN(3), r.IntN(256))
		case 2:
			bits := 24 + r.IntN(8)
			p, _ := netip.AddrFrom4([4]byte{203, 0, byte(110 + r.IntN(3)), byte(r.IntN(256))}).Prefix(bits)
			return p.String()
		case 3:
			return fmt.Sprintf("2001:db8:%x::%x", r.IntN(3), r.IntN(70000))
		case 4:
			return fmt.Sprintf("2001:db8:%x::/%d", r.IntN(3), 48+r.IntN(80))
		case 5:
			return fmt.Sprintf("https://%c.%c.example/%d?x=1", 'a'+r.IntN(4), 'a'+r.IntN(4), r.IntN(9))
		case 6:
			return strings.Repeat(fmt.Sprintf("%x", r.IntN(16)), 64)
		}
		return fmt.Sprintf("%c.%c.example", 'a'+r.IntN(4), 'a'+r.IntN(4))
	}
	protect = func(r *rand.Rand) (names, prefixes []string) {
		for range r.IntN(4) {
			names = append(names, []string{"a.example", "b.a.example", "x.c.example", "d.example"}[r.IntN(4)])
			prefixes = append(prefixes, []string{"203.0.111.0/25", "203.0.110.7", "2001:db8:1::/64", "2001:db8:2::5"}[r.IntN(4)])
		}
		return names, prefixes
	}
)

// TestNoListShowsWhatItMustNot: over random decisions, ends and never-block lists, no form ever shows a protected value, a
// value whose end has come, or a line that its readers would not read; and all that is to be blocked is in some form.
func TestNoListShowsWhatItMustNot(t *testing.T) {
	rounds := 30
	if testing.Short() {
		rounds = 10
	}
	shown := map[string]int{}
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 9))
		d := hooktest.New(t, "four_eyes: []\nbrakes: {automatic: 1000}")
		ends := map[string]time.Time{}
		for range 40 {
			v := pool(r)
			x, err := d.Propose(t.Context(), hook.Proposal{Value: v, User: "an", TTL: time.Duration(1+r.IntN(100)) * time.Minute, Reason: d.Reason()})
			if err != nil {
				continue
			}
			if x, err = d.Approve(t.Context(), x.ID, "an", false); err == nil {
				ends[string(x.Kind)+" "+x.Value] = x.Expires
			}
			if r.IntN(8) == 0 {
				if _, err := d.Revoke(t.Context(), x.ID, "an", "x"); err != nil {
					t.Fatal(err)
				}
				delete(ends, string(x.Kind)+" "+x.Value)
			}
		}
		names, prefixes := protect(r)
		if len(names) > 0 {
			never, err := hook.NewNever([]hook.Protected{{Names: names, Prefixes: prefixes, Reason: d.Reason(), Owner: "x"}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			d.Never = never
			d.Restart()
		}
		d.Clock.Pass(time.Duration(r.IntN(120)) * time.Minute)
		now := d.Clock.Now()
		for _, f := range render.Formats() {
			v := d.View(f.Select(hook.Selection{Max: r.IntN(3) * 10}))
			var b, again bytes.Buffer
			if err := f.Write(&b, v, render.Options{Page: "canhbao.example"}); err != nil {
				t.Fatal(err)
			}
			if err := f.Write(&again, v, render.Options{Page: "canhbao.example"}); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
				t.Fatalf("%s is not the same twice: %v", f.Name, err)
			}
			for _, value := range carried(t, f.Name, b.Bytes()) {
				shown[f.Name]++
				kind, normal, err := hook.Guess(value)
				if err != nil {
					t.Fatalf("seed %d: %s shows %q: %v", seed, f.Name, value, err)
				}
				if p := d.Never.Check(kind, normal); p != nil {
					t.Fatalf("seed %d: %s shows %s, which is protected: %+v", seed, f.Name, value, p)
				}
				for _, s := range names { // an oracle that knows nothing of the index
					host := strings.TrimPrefix(strings.SplitN(strings.TrimPrefix(normal, "https://"), "/", 2)[0], "*.")
					if host == s || strings.HasSuffix(host, "."+s) || kind == hook.Domain && strings.HasSuffix(s, "."+host) {
						t.Fatalf("seed %d: %s shows %s beside protected %s", seed, f.Name, value, s)
					}
				}
				for _, s := range prefixes {
					if kind != hook.IP && kind != hook.CIDR {
						continue
					}
					if prefix(normal).Overlaps(prefix(s)) {
						t.Fatalf("seed %d: %s shows %s beside protected %s", seed, f.Name, value, s)
					}
				}
				end, ok := ends[string(kind)+" "+normal]
				if f.Name == "edl-url" {
					ok, end = true, now.Add(1)
				}
				if !ok || !now.Before(end) {
					t.Fatalf("seed %d: %s shows %s, which ended %v ago", seed, f.Name, value, now.Sub(end))
				}
			}
		}
	}
	for _, f := range render.Formats() {
		if shown[f.Name] == 0 && !strings.Contains(f.Name, "ja") {
			t.Errorf("%s never showed anything", f.Name)
		}
	}
	t.Logf("values shown: %v", shown)
}

func prefix(s string) netip.Prefix {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen())
	}
	return netip.MustParsePrefix(s)
}

func write(t *testing.T, d *hooktest.Desk, format string) []byte {
	t.Helper()
	f, ok := render.Find(format)
	if !ok {
		t.Fatal(format)
	}
	var b bytes.Buffer
	if err := f.Write(&b, d.View(f.Select(hook.Selection{})), render.Options{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func desk(t *testing.T) *hooktest.Desk {
	d := hooktest.New(t, "four_eyes: []")
	for _, v := range []string{"bad.example", "198.51.100.7", "203.0.113.0/24", "203.0.113.9", "2001:db8::7", "2001:db8:1::/48", "https://worse.example/a", strings.Repeat("ab", 32)} {
		d.MustBlock(v, time.Hour)
	}
	return d
}

func TestForms(t *testing.T) {
	d := desk(t)
	f := func(format, want string) {
		t.Helper()
		if got := string(write(t, d, format)); got != want {
			t.Errorf("%s:\n%s\nwant:\n%s", format, got, want)
		}
	}
	f("edl-ip", "198.51.100.7\n203.0.113.0/24\n2001:db8::7\n2001:db8:1::/48\n")
	f("edl-domain", "bad.example\n")
	f("edl-url", "worse.example/a\n")
	f("edl-sha256", strings.Repeat("ab", 32)+"\n")
	f("suricata-domain", "YmFkLmV4YW1wbGU=\n")
	zone := string(write(t, d, "rpz"))
	for _, want := range []string{"bad.example.rpz.khien.\t30\tIN\tCNAME\t.", "*.bad.example.rpz.khien.\t30\tIN\tCNAME\t.", "32.7.100.51.198.rpz-ip.rpz.khien.",
		"24.0.113.0.203.rpz-ip.rpz.khien.", "128.7.zz.db8.2001.rpz-ip.rpz.khien.", "48.zz.1.db8.2001.rpz-ip.rpz.khien."} {
		if !strings.Contains(zone, want) {
			t.Errorf("the zone lacks %q:\n%s", want, zone)
		}
	}
}

func TestNamedCheckzoneAccepts(t *testing.T) {
	bin := hooktest.Tool(t, "named-checkzone", "bind9-utils")
	path := filepath.Join(t.TempDir(), "zone")
	if err := os.WriteFile(path, write(t, desk(t), "rpz"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), bin, "rpz.khien", path).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestInNamespace: nft and ipset take the texts as they are, in a network namespace of the test's own.
func TestInNamespace(t *testing.T) {
	nft := hooktest.Tool(t, "nft", "nftables")
	d := desk(t)
	ns := hooktest.Namespace(t)
	for range 2 { // the second replaces the first
		if out, err := ns.Run(string(write(t, d, "nftables")), nft, "-f", "-"); err != nil {
			t.Fatalf("nft -f: %v\n%s", err, out)
		}
	}
	out, err := ns.Run("", nft, "list", "ruleset")
	if err != nil || !strings.Contains(out, "198.51.100.7 timeout 1h expires") {
		t.Errorf("%v\n%s", err, out)
	}
	ipset := hooktest.Tool(t, "ipset", "ipset")
	for range 2 {
		if out, err := ns.Run(string(write(t, d, "ipset")), ipset, "restore"); err != nil {
			if strings.Contains(out, "Kernel error received") || strings.Contains(out, "Cannot open session") {
				t.Skipf("this kernel has no ip_set: modprobe ip_set_hash_net\n%s", out)
			}
			t.Fatalf("ipset restore: %v\n%s", err, out)
		}
	}
	if out, err := ns.Run("", ipset, "test", "khien4", "203.0.113.200"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestMessages(t *testing.T) {
	d := desk(t)
	x := d.Decisions(hook.Filter{Text: "bad.example"}).Decisions[0]
	x.Reason.VI = "lý do | \\ = ] \" \n\r\t x"
	n := hook.Notice{Event: hook.Event{Number: 7, ID: "evt_x", Type: "decision.active", Time: d.Clock.Now(), User: "an"}, Decision: x}
	for name, b := range map[string][]byte{"syslog": render.Syslog(n, "may"), "cef": render.CEF(n, "may"), "leef": render.LEEF(n, "may")} {
		if bytes.ContainsAny(b, "\n\r") {
			t.Errorf("%s has a line end: %q", name, b)
		}
		if !regexp.MustCompile(`^<\d+>1 2026-11-23T07:00:00\.000000Z may khien - decision\.active (-|\[.*\]) `).Match(b) {
			t.Errorf("%s: %q", name, b)
		}
	}
	cef := string(render.CEF(n, "may"))
	if !strings.Contains(cef, `msg=lý do | \\ \= ] " \n\r`) {
		t.Errorf("%q", cef)
	}
	if leef := string(render.LEEF(n, "may")); strings.Count(leef, "\t") != 7 { // the header names it, six stand between the seven fields
		t.Errorf("%q has %d tabs", leef, strings.Count(leef, "\t"))
	}
	title, mail := render.Mail([]hook.Notice{n})
	if strings.Contains(mail, "bad.example") || !strings.Contains(mail, "bad[.]example") || !strings.Contains(title, "bad[.]example") {
		t.Errorf("%s\n%s", title, mail)
	}
	if chat := render.Chat(n); strings.Contains(chat, "bad") {
		t.Errorf("an indicator in a chat: %s", chat)
	}
	v := d.View(hook.Selection{})
	for e := range v.All() {
		b, ok, err := render.OpenC2(e, v.Left(e), false)
		var cmd struct {
			Action string
			Target map[string]any
			Args   struct{ Duration int64 }
		}
		if err != nil || !ok || json.Unmarshal(b, &cmd) != nil || cmd.Action != "deny" || len(cmd.Target) != 1 || cmd.Args.Duration != 3600_000 {
			t.Errorf("%s %v %v", b, ok, err)
		}
	}
}

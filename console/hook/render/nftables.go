package render

import (
	"io"
	"time"

	"khien/console/hook"
)

// Name returns the name of the table or set.
func (o Options) Name() string {
	if o.Table == "" {
		return "khien"
	}
	return o.Table
}

// writeNFT writes a table of its own that replaces the one before in one transaction (nft -f). Elements end by themselves.
func writeNFT(w io.Writer, v hook.View, o Options) error {
	prefixes, left := Addresses(v)
	return lines(w, func(line func(string, ...any)) {
		t := o.Name()
		line("add table inet %s", t)
		line("delete table inet %s", t)
		line("table inet %s {", t)
		for _, family := range []struct {
			set, typ string
			v4       bool
		}{{"block4", "ipv4_addr", true}, {"block6", "ipv6_addr", false}} {
			line("\tset %s {", family.set)
			line("\t\ttype %s", family.typ)
			line("\t\tflags interval,timeout")
			first := true
			for i, p := range prefixes {
				if p.Addr().Is4() != family.v4 {
					continue
				}
				if first {
					line("\t\telements = {")
				}
				first = false
				line("\t\t\t%s timeout %ds,", host(p), seconds(left[i]))
			}
			if !first {
				line("\t\t}")
			}
			line("\t}")
		}
		for _, hook := range []string{"input", "forward", "output"} {
			line("\tchain %s {", hook)
			line("\t\ttype filter hook %s priority -10; policy accept;", hook)
			for _, rule := range []string{"ip saddr @block4", "ip daddr @block4", "ip6 saddr @block6", "ip6 daddr @block6"} {
				line("\t\t%s counter drop", rule)
			}
			line("\t}")
		}
		line("}")
	})
}

// seconds is a remaining time in whole seconds, never longer than it is.
func seconds(d time.Duration) int64 { return max(int64(d/time.Second), 1) }

// ipsetMax is the longest timeout that ipset takes, in seconds.
const ipsetMax = 2147483

// writeIPSet fills sets aside and swaps them in, so that nothing is unblocked meanwhile (ipset restore).
func writeIPSet(w io.Writer, v hook.View, o Options) error {
	prefixes, left := Addresses(v)
	return lines(w, func(line func(string, ...any)) {
		for _, family := range []struct {
			suffix, name string
			v4           bool
		}{{"4", "inet", true}, {"6", "inet6", false}} {
			set := o.Name() + family.suffix
			for _, s := range []string{set, set + "-next"} {
				line("create %s hash:net family %s maxelem 1048576 timeout 0 -exist", s, family.name)
			}
			line("flush %s-next", set)
			for i, p := range prefixes {
				if p.Addr().Is4() == family.v4 {
					line("add %s-next %s timeout %d -exist", set, host(p), min(seconds(left[i]), ipsetMax))
				}
			}
			line("swap %s-next %s", set, set)
			line("destroy %s-next", set)
		}
	})
}

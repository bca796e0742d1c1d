// Package render writes what consumers are to enforce in the forms that they read: a file a form. Views come in, bytes go
// out; nothing is kept. A View holds no value that the never-block list protects and none that has ended, so that no form
// can show one.
package render

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"khien/console/hook"
)

// Options of a form. The zero Options give its usual shape.
type Options struct {
	Zone  string // of a response policy zone, default "rpz.khien."
	Page  string // to which sinkholed names lead, default none: they do not exist
	Table string // of nftables and name of ipsets, default "khien"
}

// Format is a form of list.
type Format struct {
	Name        string
	ContentType string
	Kinds       []hook.Kind // that it can carry
	Write       func(w io.Writer, v hook.View, o Options) error
}

const text = "text/plain; charset=utf-8"

// Formats lists all forms of lists.
func Formats() []Format {
	addresses := []hook.Kind{hook.IP, hook.CIDR}
	return []Format{
		{"edl-ip", text, addresses, writeAddresses},
		{"edl-domain", text, []hook.Kind{hook.Domain, hook.SNI}, writeNames},
		{"edl-url", text, []hook.Kind{hook.URL}, writeURLs},
		{"edl-sha256", text, []hook.Kind{hook.SHA256}, writePlain},
		{"rpz", "text/dns", []hook.Kind{hook.Domain, hook.SNI, hook.IP, hook.CIDR}, writeZone},
		{"nftables", text, addresses, writeNFT},
		{"ipset", text, addresses, writeIPSet},
		{"suricata-domain", text, []hook.Kind{hook.Domain, hook.SNI}, writeStrings},
		{"suricata-ip", text, []hook.Kind{hook.IP}, writePlain},
		{"suricata-sha256", text, []hook.Kind{hook.SHA256}, writePlain},
		{"suricata-ja3", text, []hook.Kind{hook.JA3}, writePlain},
		{"suricata-ja4", text, []hook.Kind{hook.JA4}, writeStrings},
		{"crowdsec", "application/json", addresses, writeCrowdSec},
	}
}

// Find returns a form by its name.
func Find(name string) (Format, bool) {
	all := Formats()
	i := slices.IndexFunc(all, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return all[i], true
}

// Select narrows a selection to what a form can carry.
func (f *Format) Select(s hook.Selection) hook.Selection {
	kinds := f.Kinds
	if len(s.Kinds) > 0 {
		kinds = slices.DeleteFunc(slices.Clone(f.Kinds), func(k hook.Kind) bool { return !slices.Contains(s.Kinds, k) })
	}
	if len(kinds) == 0 {
		kinds = []hook.Kind{"none"}
	}
	s.Kinds = kinds
	return s
}

// Addresses returns the entries that are addresses or prefixes, as prefixes in order. Those inside others are left out:
// sets of intervals refuse them, and when the wider one ends the list is written anew.
func Addresses(v hook.View) (prefixes []netip.Prefix, left []time.Duration) {
	type item struct {
		at   netip.Prefix
		left time.Duration
	}
	var all []item
	for e := range v.All() {
		var p netip.Prefix
		switch e.Kind {
		case hook.IP:
			a, err := netip.ParseAddr(e.Value)
			if err != nil {
				continue
			}
			p = netip.PrefixFrom(a, a.BitLen())
		case hook.CIDR:
			var err error
			if p, err = netip.ParsePrefix(e.Value); err != nil {
				continue
			}
		default:
			continue
		}
		all = append(all, item{p, v.Left(e)})
	}
	slices.SortFunc(all, func(a, b item) int {
		if c := a.at.Addr().Compare(b.at.Addr()); c != 0 {
			return c
		}
		if c := a.at.Bits() - b.at.Bits(); c != 0 {
			return c
		}
		return int((b.left - a.left) / time.Second)
	})
	for _, i := range all {
		if n := len(prefixes); n > 0 && prefixes[n-1].Contains(i.at.Addr()) {
			continue
		}
		prefixes, left = append(prefixes, i.at), append(left, i.left)
	}
	return prefixes, left
}

// host writes a prefix of one address without its length.
func host(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// lines writes a line for each string.
func lines(w io.Writer, each func(yield func(format string, args ...any))) error {
	out := bufio.NewWriter(w)
	var failed error
	each(func(format string, args ...any) {
		if _, err := fmt.Fprintf(out, format+"\n", args...); err != nil && failed == nil {
			failed = err
		}
	})
	if failed != nil {
		return fmt.Errorf("render: %w", failed)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	return nil
}

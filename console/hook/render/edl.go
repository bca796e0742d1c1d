package render

import (
	"io"
	"slices"
	"strings"

	"khien/console/hook"
)

// Plain text, a value a line and nothing else: PAN-OS, FortiGate, pfSense and OPNsense read it alike. Comments are left
// out, so that the same entries give the same bytes and the same ETag.

func writeAddresses(w io.Writer, v hook.View, _ Options) error {
	return lines(w, func(line func(string, ...any)) {
		prefixes, _ := Addresses(v)
		for _, p := range prefixes {
			line("%s", host(p))
		}
	})
}

// writeNames writes each name once.
func writeNames(w io.Writer, v hook.View, _ Options) error {
	return lines(w, func(line func(string, ...any)) {
		for _, n := range names(v) {
			line("%s", n)
		}
	})
}

// names returns the names of a view, each once, in order.
func names(v hook.View) []string {
	var out []string
	for e := range v.All() {
		if e.Kind == hook.Domain || e.Kind == hook.SNI {
			out = append(out, e.Value)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// writeURLs writes them without scheme, as URL lists have them.
func writeURLs(w io.Writer, v hook.View, _ Options) error {
	return lines(w, func(line func(string, ...any)) {
		var out []string
		for e := range v.All() {
			if _, rest, ok := strings.Cut(e.Value, "://"); ok && e.Kind == hook.URL {
				out = append(out, rest)
			}
		}
		slices.Sort(out)
		for _, u := range slices.Compact(out) {
			line("%s", u)
		}
	})
}

// writePlain writes values as they are.
func writePlain(w io.Writer, v hook.View, _ Options) error {
	return lines(w, func(line func(string, ...any)) {
		last := ""
		for e := range v.All() {
			if e.Value != last {
				line("%s", e.Value)
			}
			last = e.Value
		}
	})
}

package render

import (
	"encoding/base64"
	"io"
	"slices"

	"khien/console/hook"
)

// writeStrings writes a Suricata data set of type string: base64, a value a line.
func writeStrings(w io.Writer, v hook.View, _ Options) error {
	return lines(w, func(line func(string, ...any)) {
		var out []string
		for e := range v.All() {
			out = append(out, base64.StdEncoding.EncodeToString([]byte(e.Value)))
		}
		slices.Sort(out)
		for _, s := range slices.Compact(out) {
			line("%s", s)
		}
	})
}

package signature

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"khien/sensor"
)

// http2Settings are the settings by the names that the sensor gives them (RFC 9113, 6.5.2; RFC 8441, 3).
var http2Settings = []string{"SETTINGSHEADERTABLESIZE", "SETTINGSENABLEPUSH", "SETTINGSMAXCONCURRENTSTREAMS", "SETTINGSINITIALWINDOWSIZE",
	"SETTINGSMAXFRAMESIZE", "SETTINGSMAXHEADERLISTSIZE", "SETTINGSENABLECONNECTPROTOCOL"}

// http2Keywords are those that are more than a buffer.
func http2Keywords() []keyword {
	return []keyword{{"http2.settings", argNeed, (*builder).http2Settings}}
}

// http2Setting is a setting with a condition on its value.
type http2Setting struct {
	name string
	number
}

func (c *http2Setting) run(s *scan) bool {
	name, value, ok := bytes.Cut(s.buf, []byte("="))
	if !ok || string(name) != c.name {
		return false
	}
	n, err := strconv.ParseUint(string(value), 10, 32)
	return err == nil && c.match(n)
}

// http2Settings reads NAME=5, NAME>5, NAME5-9 and the like.
func (b *builder) http2Settings(arg string) error {
	arg = strings.TrimSpace(arg)
	end := strings.IndexFunc(arg, func(r rune) bool { return r != '_' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') })
	if end < 0 {
		return fmt.Errorf("expected name and value")
	}
	c := &http2Setting{name: strings.ToUpper(strings.ReplaceAll(arg[:end], "_", ""))}
	if !slices.Contains(http2Settings, c.name) {
		return fmt.Errorf("unknown setting %q", arg[:end])
	}
	n, err := parseNumber(arg[end:], 32, nil)
	if err != nil {
		return err
	}
	c.number = *n
	d := &bufferDef{name: "http2.settings", buf: sensor.HTTP2Settings, dirs: bothDirs, protos: protoHTTP2, stage: stLine, flags: multi | grows}
	_, err = b.addTo(d, c)
	return err
}

package render

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"khien/console/hook"
)

// OpenC2Type is the media type of commands.
const OpenC2Type = "application/openc2+json;version=1.0"

// OpenC2 writes the command (OpenC2 language 1.0, stateless packet filtering profile) that makes an actuator enforce an
// entry for the time that is left, or stop enforcing it when allow is set. What has no target in OpenC2 gives false.
func OpenC2(e *hook.Entry, left time.Duration, allow bool) ([]byte, bool, error) {
	target := map[string]any{}
	switch e.Kind {
	case hook.IP, hook.CIDR:
		p, err := netip.ParsePrefix(e.Value)
		if a, aErr := netip.ParseAddr(e.Value); aErr == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return nil, false, fmt.Errorf("render: openc2: %w", err)
		}
		if p.Addr().Is4() {
			target["ipv4_net"] = p.String()
		} else {
			target["ipv6_net"] = p.String()
		}
	case hook.Domain, hook.SNI:
		target["domain_name"] = e.Value
	case hook.URL:
		target["uri"] = e.Value
	case hook.SHA256:
		target["file"] = map[string]any{"hashes": map[string]string{"sha256": e.Value}}
	default:
		return nil, false, nil
	}
	args := map[string]any{"response_requested": "complete"}
	action, suffix := "deny", "d"
	if allow {
		action, suffix = "allow", "a"
	} else {
		args["duration"] = left.Milliseconds()
	}
	b, err := json.Marshal(map[string]any{"action": action, "target": target, "args": args, "actuator": map[string]any{"slpf": map[string]any{}},
		"command_id": fmt.Sprintf("%s-%d-%s", e.ID, e.Expires.Unix(), suffix)})
	if err != nil {
		return nil, false, fmt.Errorf("render: openc2: %w", err)
	}
	return b, true, nil
}

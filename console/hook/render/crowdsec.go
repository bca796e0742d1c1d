package render

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"khien/console/hook"
)

// CrowdSecDecision is a decision as CrowdSec's local API gives it.
type CrowdSecDecision struct {
	ID       int64  `json:"id"`
	UUID     string `json:"uuid"`
	Origin   string `json:"origin"`
	Type     string `json:"type"`
	Scope    string `json:"scope"`
	Value    string `json:"value"`
	Duration string `json:"duration"` // negative for one that has ended
	Scenario string `json:"scenario"`
}

// CrowdSecOrigin is the origin of all our decisions.
const CrowdSecOrigin = "khien"

// CrowdSec returns an entry in CrowdSec's form. A negative time says that it has ended.
func CrowdSec(e *hook.Entry, left time.Duration) CrowdSecDecision {
	sum := sha256.Sum256([]byte(e.ID))
	u := sum[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80 // RFC 9562, 5.8
	d := CrowdSecDecision{
		ID:     int64(binary.BigEndian.Uint64(sum[16:]) >> 12), // 52 bits: what JavaScript reads exactly
		UUID:   fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]),
		Origin: CrowdSecOrigin, Type: "ban", Scope: "Ip", Value: e.Value, Duration: left.Truncate(time.Second).String(), Scenario: "khien/decision",
	}
	switch e.Kind {
	case hook.CIDR:
		d.Scope = "Range"
	case hook.IP:
	default:
		d.Scope = string(e.Kind)
	}
	if e.Rule != "" {
		d.Scenario = "khien/" + e.Rule
	}
	return d
}

// CrowdSecList returns all entries of a view in CrowdSec's form.
func CrowdSecList(v hook.View) []CrowdSecDecision {
	out := make([]CrowdSecDecision, 0, v.Len())
	for e := range v.All() {
		out = append(out, CrowdSec(e, v.Left(e)))
	}
	return out
}

func writeCrowdSec(w io.Writer, v hook.View, _ Options) error {
	if err := json.NewEncoder(w).Encode(CrowdSecList(v)); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	return nil
}

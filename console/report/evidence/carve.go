package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"khien/detector/store"
	"khien/sensor"
	"khien/sensor/capture"
	"khien/sensor/decode"
	"khien/sensor/flow"
)

// Cut says which packets of a capture belong to a case: both directions of the flows with one of the community ids in the
// window, and the questions to and answers of resolvers about one of the names.
type Cut struct {
	Case   string
	Sensor string
	Flows  []string // community ids
	Names  []string // domain names
	// Within, when set, is the area that who asks for Names must be of: others' questions are none of the case's business.
	Within   *store.Area
	From, To time.Time
}

// Carved is what was cut.
type Carved struct {
	Packets     int
	Flows       int
	First, Last time.Time
	Filter      string // what was asked for, in words
}

// CutMax is how many packets are cut from one capture.
const CutMax = 5_000_000

// commentMax is how many bytes of the filter the section's comment holds; the manifest holds it whole.
const commentMax = 60_000

// Carve writes the packets of a capture that belong to a case as pcapng: bytes, times and lengths as they were captured, and
// a comment of the section with the case. Packets that cannot be decoded belong to no flow.
func Carve(w io.Writer, r *capture.Reader, c Cut) (Carved, error) {
	out := Carved{Filter: c.words()}
	flows, names := map[string]bool{}, [][]byte{}
	for _, f := range c.Flows {
		flows[f] = true
	}
	for _, n := range c.Names {
		if q := question(n); q != nil {
			names = append(names, q)
		}
	}
	dec, table := decode.New(decode.Config{NoChecksum: true}), flow.NewTable(flow.Config{})
	comment := "case " + c.Case + "; " + out.Filter
	ng, err := capture.NewWriter(w, capture.Section{Comment: strings.ToValidUTF8(comment[:min(len(comment), commentMax)], ""), Application: "Khiên " + c.Sensor})
	if err != nil {
		return out, fmt.Errorf("evidence: carve: %w", err)
	}
	links := map[sensor.LinkType]uint32{}
	seen := map[string]bool{}
	var p sensor.Packet
	for {
		err := r.Next(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return out, fmt.Errorf("evidence: carve: %w", err)
		}
		at := time.Unix(0, p.Time).UTC()
		if !c.From.IsZero() && at.Before(c.From) || !c.To.IsZero() && at.After(c.To) {
			continue
		}
		id := ""
		for _, s := range dec.Decode(&p) {
			if f, _, _ := table.Lookup(s); f != nil {
				if cid := flow.CommunityID(f); flows[cid] || asks(s, names) && (c.Within == nil || c.Within.Touches(s.Src, s.Dst, "")) {
					id = cid
				}
			}
		}
		if id == "" {
			continue
		}
		if out.Packets >= CutMax {
			return out, fmt.Errorf("evidence: carve: more than %d packets: narrow the window", CutMax)
		}
		seen[id] = true
		if out.Packets == 0 {
			out.First = at
		}
		out.Packets, out.Last = out.Packets+1, at
		i, known := links[p.Link]
		if !known {
			if i, err = ng.Interface(capture.Interface{Link: p.Link}); err != nil {
				return out, fmt.Errorf("evidence: carve: %w", err)
			}
			links[p.Link] = i
		}
		if err := ng.Packet(i, &p); err != nil {
			return out, fmt.Errorf("evidence: carve: %w", err)
		}
	}
	out.Flows = len(seen)
	return out, nil
}

func (c Cut) words() string {
	flows := slices.Sorted(slices.Values(c.Flows))
	names := slices.Sorted(slices.Values(c.Names))
	within := ""
	if c.Within != nil {
		within = fmt.Sprint(" asked within ", c.Within.Networks)
	}
	return fmt.Sprintf("community_id in (%s) or dns name in (%s)%s, from %s to %s", strings.Join(flows, " "), strings.Join(names, " "), within,
		c.From.UTC().Format(time.RFC3339Nano), c.To.UTC().Format(time.RFC3339Nano))
}

// question returns a name as it stands in messages of the DNS (RFC 1035, 3.1), nil for what is no name.
func question(name string) []byte {
	var b []byte
	for _, label := range strings.Split(strings.ToLower(strings.TrimSuffix(name, ".")), ".") {
		if label == "" || len(label) > 63 {
			return nil
		}
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0)
}

// asks reports whether a segment is a message of the DNS with one of the names.
func asks(s *sensor.Segment, names [][]byte) bool {
	if s.SrcPort != 53 && s.DstPort != 53 {
		return false
	}
	lower := bytes.ToLower(s.Payload)
	return slices.ContainsFunc(names, func(n []byte) bool { return bytes.Contains(lower, n) })
}

package evidence

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"khien/sensor"
	"khien/sensor/capture"
	"khien/sensor/decode"
	"khien/sensor/flow"
)

// Cut says which packets of a capture belong to a case: both directions of the flows with one of the community ids in the
// window, and the questions to and answers of resolvers about one of the names.
type Cut struct {
	Case     string
	Sensor   string
	Flows    []string // community ids
	Names    []string // domain names
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
	ng := pcapng{w: w}
	ng.section("Khiên "+c.Sensor, "case "+c.Case+"; "+out.Filter)
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
				if cid := flow.CommunityID(f); flows[cid] || asks(s, names) {
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
		ng.packet(&p)
	}
	out.Flows = len(seen)
	if ng.err != nil {
		return out, fmt.Errorf("evidence: carve: %w", ng.err)
	}
	return out, nil
}

func (c Cut) words() string {
	flows := slices.Sorted(slices.Values(c.Flows))
	names := slices.Sorted(slices.Values(c.Names))
	return fmt.Sprintf("community_id in (%s) or dns name in (%s), from %s to %s", strings.Join(flows, " "), strings.Join(names, " "),
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

// pcapng writes a section (draft-ietf-opsawg-pcapng, 4) in little-endian order with nanoseconds.
type pcapng struct {
	w     io.Writer
	links []sensor.LinkType
	err   error
}

const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 6
	optComment     = 1
	optUserAppl    = 4
	optTSResol     = 9
	optionMax      = 60_000 // bytes; the field for the length has 16 bits
)

func (n *pcapng) block(kind uint32, body []byte) {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	b := binary.LittleEndian.AppendUint32(nil, kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(body)+12))
	b = append(b, body...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(body)+12))
	if n.err == nil {
		_, n.err = n.w.Write(b)
	}
}

func option(b []byte, code uint16, value string) []byte {
	value = strings.ToValidUTF8(value[:min(len(value), optionMax)], "")
	b = binary.LittleEndian.AppendUint16(b, code)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func (n *pcapng) section(program, comment string) {
	b := binary.LittleEndian.AppendUint32(nil, 0x1a2b3c4d)
	b = append(b, 1, 0, 0, 0)                             // version 1.0
	b = append(b, 255, 255, 255, 255, 255, 255, 255, 255) // length of the section: not given
	b = option(option(b, optComment, comment), optUserAppl, program)
	n.block(blockSection, append(b, 0, 0, 0, 0))
}

func (n *pcapng) packet(p *sensor.Packet) {
	i := slices.Index(n.links, p.Link)
	if i < 0 {
		i = len(n.links)
		n.links = append(n.links, p.Link)
		b := binary.LittleEndian.AppendUint16(nil, uint16(p.Link))
		b = append(b, 0, 0, 0, 0, 0, 0) // no snap length
		b = option(b, optTSResol, "\x09")
		n.block(blockInterface, append(b, 0, 0, 0, 0))
	}
	t := uint64(max(p.Time, 0))
	b := binary.LittleEndian.AppendUint32(nil, uint32(i))
	b = binary.LittleEndian.AppendUint32(b, uint32(t>>32))
	b = binary.LittleEndian.AppendUint32(b, uint32(t))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(p.Data)))
	b = binary.LittleEndian.AppendUint32(b, uint32(cmp.Or(p.Length, len(p.Data))))
	n.block(blockPacket, append(b, p.Data...))
}

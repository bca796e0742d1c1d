package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"khien/detector"
	"khien/sensor"
	"khien/sensor/flow"
)

// Event is a line of telemetry: a transaction, a flow or a file that a sensor saw, whether or not anything is wrong with it.
// A reply of DHCP is about the client: its name is Host, its address Dst, wherever the packet went to.
type Event struct {
	ID          string // hash of sensor and body; WriteEvents sets it
	Time        time.Time
	Type        string // dhcp, dns, http, tls, quic, ssh, flow, file
	Src, Dst    netip.AddrPort
	Host        string // name that was asked for or connected to, lower case; "" when there is none
	Cert        string // fingerprint of the certificate that the server showed; "" when none was seen
	CommunityID string
	FlowID      uint64 // the lower 53 bits of Finding.FlowID, which is what EVE has; 0 for what belongs to no flow
	Sensor      string
	Body        json.RawMessage // the record, in the EVE format
}

// EventTypes are the types that stores keep.
var EventTypes = []string{"dhcp", "dns", "file", "flow", "http", "quic", "ssh", "tls"}

// BodyMax is how many bytes the body of an event may have.
const BodyMax = 256 << 10

// EventQuery selects events. The zero value selects all. They come in the order of their times, then of their ids.
type EventQuery struct {
	From, To    time.Time // From inclusive, To exclusive; zero means open
	Type        string
	IP          []string // addresses or prefixes; either end
	Host        []string // names or "*.name"
	Cert        []string // fingerprints
	CommunityID []string
	Limit       int    // rows of a page, 1 to PageMax; 0 means 100
	Cursor      string // Next of the previous page
	Descending  bool   // newest first
}

// EventPage is a part of an answer.
type EventPage struct {
	Events []Event
	Next   string // cursor of the following page, "" at the end
}

// ErrEvent is wrapped by errors about an event that no store takes.
var ErrEvent = errors.New("store: not a valid event")

// Prepare checks an event and sets its ID.
func (e *Event) Prepare() error {
	switch {
	case !knownType(e.Type):
		return fmt.Errorf("%w: type %q", ErrEvent, e.Type)
	case len(e.Body) > BodyMax:
		return fmt.Errorf("%w: a body of %d bytes, at most %d", ErrEvent, len(e.Body), BodyMax)
	case !json.Valid(e.Body):
		return fmt.Errorf("%w: the body is not JSON", ErrEvent)
	case len(e.Host) > TagMax || len(e.Cert) > TagMax || len(e.Sensor) > TagMax || len(e.CommunityID) > TagMax:
		return fmt.Errorf("%w: a name of more than %d bytes", ErrEvent, TagMax)
	}
	h := sha256.New()
	h.Write([]byte(e.Sensor))
	h.Write([]byte{0})
	h.Write(e.Body)
	e.ID = hex.EncodeToString(h.Sum(nil)[:16])
	return nil
}

// PrepareEvents returns prepared copies of the events that stores take, and an error, a *RejectedError, that holds the others.
func PrepareEvents(events []Event) ([]Event, error) {
	kept := make([]Event, 0, len(events))
	var rejected []Rejected
	for _, e := range events {
		err := e.Prepare()
		if err == nil {
			kept = append(kept, e)
			continue
		}
		r := Rejected{ID: e.ID, Reason: err.Error(), Document: e.Body}
		if !json.Valid(e.Body) {
			if r.Document, err = json.Marshal(string(e.Body)); err != nil {
				panic("BUG: " + err.Error())
			}
		}
		rejected = append(rejected, r)
	}
	return kept, Reject(rejected)
}

func knownType(s string) bool {
	for _, t := range EventTypes {
		if s == t {
			return true
		}
	}
	return false
}

// named is an EVE object that carries a name.
type named struct {
	Hostname string `json:"hostname"` // http
	SNI      string `json:"sni"`      // tls, quic
	RRName   string `json:"rrname"`   // dns up to version 2
	Queries  []struct {
		RRName string `json:"rrname"`
	} `json:"queries"` // dns from version 3
}

func (n *named) name() string {
	for _, s := range []string{n.Hostname, n.SNI, n.RRName} {
		if s != "" {
			return s
		}
	}
	if len(n.Queries) > 0 {
		return n.Queries[0].RRName
	}
	return ""
}

// eveRecord is what the columns of an event are taken from.
type eveRecord struct {
	Timestamp   string     `json:"timestamp"`
	Type        string     `json:"event_type"`
	FlowID      uint64     `json:"flow_id"`
	CommunityID string     `json:"community_id"`
	SrcIP       netip.Addr `json:"src_ip"`
	DstIP       netip.Addr `json:"dest_ip"`
	SrcPort     uint16     `json:"src_port"`
	DstPort     uint16     `json:"dest_port"`
	Proto       string     `json:"proto"`
	ICMPType    uint8      `json:"icmp_type"`
	ICMPCode    uint8      `json:"icmp_code"`
	HTTP        named      `json:"http"`
	TLS         struct {
		named
		Fingerprint string `json:"fingerprint"`
	} `json:"tls"`
	QUIC named `json:"quic"`
	DNS  named `json:"dns"`
	DHCP dhcp  `json:"dhcp"`
}

// eveTime is how EVE writes a time.
const eveTime = "2006-01-02T15:04:05.999999999-0700"

// EventFromEVE makes an event of an EVE line. ok is false for records of types that stores do not keep, alerts among them.
// Secrets in the line are masked. The event shares no memory with line.
func EventFromEVE(line []byte, sensorName string) (e Event, ok bool, err error) {
	var r eveRecord
	if err := json.Unmarshal(line, &r); err != nil {
		return Event{}, false, fmt.Errorf("%w: %w", ErrEvent, err)
	}
	e.Type = r.Type
	if e.Type == "fileinfo" {
		e.Type = "file"
	}
	if !knownType(e.Type) {
		return Event{}, false, nil
	}
	if e.Time, err = time.Parse(eveTime, r.Timestamp); err != nil {
		return Event{}, false, fmt.Errorf("%w: %w", ErrEvent, err)
	}
	e.Time = e.Time.UTC()
	if e.Body, err = MaskLine(line); err != nil {
		return Event{}, false, err
	}
	e.Src, e.Dst = netip.AddrPortFrom(r.SrcIP.Unmap(), r.SrcPort), netip.AddrPortFrom(r.DstIP.Unmap(), r.DstPort)
	e.FlowID, e.Sensor, e.CommunityID = r.FlowID, sensorName, r.CommunityID
	if e.CommunityID == "" {
		e.CommunityID = r.communityID()
	}
	e.Cert = detector.Fingerprint(r.TLS.Fingerprint)
	for _, n := range []*named{&r.HTTP, &r.TLS.named, &r.QUIC, &r.DNS} {
		if e.Host == "" {
			e.Host = hostName(n.name())
		}
	}
	if e.Type == "dhcp" {
		e.Host = hostName(r.DHCP.name())
		if a := r.DHCP.client(); a.IsValid() {
			e.Dst = netip.AddrPortFrom(a, e.Dst.Port())
		}
	}
	return e, true, nil
}

// MaskLine copies a line of EVE without the secrets in it.
func MaskLine(line []byte) (json.RawMessage, error) {
	masked := detector.MaskSecrets(line)
	if len(line) == 0 || &masked[0] == &line[0] {
		return bytes.Clone(line), nil
	}
	if json.Valid(masked) {
		return masked, nil
	}
	// What was masked reached into the form of the line: mask value by value instead.
	var v any
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEvent, err)
	}
	out, err := json.Marshal(maskValues(v))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEvent, err)
	}
	return out, nil
}

func maskValues(v any) any {
	switch v := v.(type) {
	case string:
		return string(detector.MaskSecrets([]byte(v)))
	case []any:
		for i := range v {
			v[i] = maskValues(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = maskValues(v[k])
		}
	}
	return v
}

var ipProtos = map[string]uint8{"TCP": sensor.IPProtoTCP, "UDP": sensor.IPProtoUDP, "ICMP": sensor.IPProtoICMP,
	"IPv6-ICMP": sensor.IPProtoICMPv6, "SCTP": sensor.IPProtoSCTP}

func (r *eveRecord) communityID() string {
	proto, ok := ipProtos[r.Proto]
	if !ok || !r.SrcIP.IsValid() || !r.DstIP.IsValid() {
		return ""
	}
	return flow.CommunityID(&sensor.Flow{Src: r.SrcIP.Unmap(), Dst: r.DstIP.Unmap(), SrcPort: r.SrcPort, DstPort: r.DstPort,
		Proto: proto, ICMPType: r.ICMPType, ICMPCode: r.ICMPCode})
}

// hostName is a name as it is searched for: lower case, without final dot and port; what is too long for a name is none.
func hostName(s string) string {
	b := bytes.ToLower(bytes.TrimSuffix([]byte(s), []byte(".")))
	if i := bytes.LastIndexByte(b, ':'); i >= 0 && bytes.IndexByte(b, ':') == i {
		b = b[:i]
	}
	if len(b) > 253 {
		return ""
	}
	return string(bytes.ToValidUTF8(b, []byte("?")))
}

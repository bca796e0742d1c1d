package eve

import (
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"khien/detector"
	"khien/sensor/evejson"
)

// record is the line of a finding that is told apart from its traffic: what the finding keeps of it.
type record struct {
	Timestamp   string          `json:"timestamp"`
	FlowID      uint64          `json:"flow_id,omitempty"`
	Packet      uint64          `json:"pcap_cnt,omitempty"`
	Interface   string          `json:"in_iface,omitempty"`
	Kind        string          `json:"event_type"`
	VLAN        []uint16        `json:"vlan,omitempty"`
	SrcIP       string          `json:"src_ip,omitempty"`
	SrcPort     uint16          `json:"src_port,omitempty"`
	DstIP       string          `json:"dest_ip,omitempty"`
	DstPort     uint16          `json:"dest_port,omitempty"`
	Proto       string          `json:"proto,omitempty"`
	IPVersion   int             `json:"ip_v,omitempty"`
	CommunityID string          `json:"community_id,omitempty"`
	Capture     string          `json:"pcap_filename,omitempty"`
	Alert       json.RawMessage `json:"alert"`
	App         string          `json:"app_proto,omitempty"`
	Direction   string          `json:"direction,omitempty"`
	HTTP        *recordHTTP     `json:"http,omitempty"`
	DNS         *recordDNS      `json:"dns,omitempty"`
	TLS         *recordTLS      `json:"tls,omitempty"`
	QUIC        *recordTLS      `json:"quic,omitempty"`
	Files       []recordFile    `json:"files,omitempty"`
	Host        string          `json:"host,omitempty"` // the sensor, as Suricata's sensor-name
	Khien       recordKhien     `json:"khien"`
}

type recordHTTP struct {
	Hostname  string `json:"hostname,omitempty"`
	URL       string `json:"url,omitempty"`
	UserAgent string `json:"http_user_agent,omitempty"`
}

type recordDNS struct {
	Version int           `json:"version"`
	Queries []recordQuery `json:"queries"`
}

type recordQuery struct {
	RRName string `json:"rrname"`
}

type recordTLS struct {
	SNI         string `json:"sni,omitempty"`
	JA4         string `json:"ja4,omitempty"`
	Subject     string `json:"subject,omitempty"`
	Issuer      string `json:"issuerdn,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"` // "ab:cd:…"
	NotBefore   string `json:"notbefore,omitempty"`
	NotAfter    string `json:"notafter,omitempty"`
}

// certificate fills what a server showed, in the forms of Suricata: a fingerprint of SHA-1 alone.
func (r *recordTLS) certificate(c *detector.Certificate) {
	r.Subject, r.Issuer = c.Subject, c.Issuer
	if len(c.Fingerprint) == 2*sha1.Size {
		var pairs []string
		for p := range slices.Chunk([]byte(strings.ToLower(c.Fingerprint)), 2) {
			pairs = append(pairs, string(p))
		}
		r.Fingerprint = strings.Join(pairs, ":")
	}
	if !c.NotBefore.IsZero() {
		r.NotBefore = c.NotBefore.UTC().Format(evejson.CertificateTime)
	}
	if !c.NotAfter.IsZero() {
		r.NotAfter = c.NotAfter.UTC().Format(evejson.CertificateTime)
	}
}

type recordFile struct {
	Name   string `json:"filename"`
	MIME   string `json:"mimetype,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	Size   uint64 `json:"size"`
}

// recordKhien is what EVE has no field for.
type recordKhien struct {
	ID       string            `json:"id"`
	Source   detector.Source   `json:"source"`
	Rule     string            `json:"rule"`
	Severity detector.Severity `json:"severity"` // 1 low to 4 critical
	Score    float64           `json:"score"`
	Summary  detector.Text     `json:"summary"`
	Sequence []uint64          `json:"sequence,omitempty"`
}

var transports = map[string]string{"tcp": "TCP", "udp": "UDP", "icmp": "ICMP", "ipv6-icmp": "IPv6-ICMP", "sctp": "SCTP"}

// AppendFinding appends the alert of a finding whose traffic is gone: what a store or a bus hands on. It has the form of
// the alerts that a Writer writes, without the counts of the flow and the transaction's other fields, and under khien the
// id and what EVE has no place for. Secrets in the URL and the file's name are masked.
func AppendFinding(dst []byte, f *detector.Finding) ([]byte, error) {
	known := *f
	if f.Rule.Action != "blocked" {
		known.Rule.Action = "allowed"
	}
	if strings.Trim(f.Rule.ID, "0123456789") != "" || f.Rule.ID == "" {
		known.Source = "" // an alert has a number
	}
	r := record{
		Timestamp: string(appendTime(nil, f.Time.UnixNano())), FlowID: f.FlowID & (1<<53 - 1), Packet: f.PacketNumber, Interface: f.Interface,
		Kind: "alert", VLAN: f.VLAN, SrcPort: f.SrcPort, DstPort: f.DstPort, Proto: transports[f.Transport],
		CommunityID: f.CommunityID, Capture: f.Capture, Alert: appendAlert(nil, &known), App: f.App, Direction: f.Direction, Host: f.Sensor,
		Khien: recordKhien{f.ID, f.Source, f.Rule.ID, f.Severity, f.Score, f.Summary, f.Sequence},
	}
	r.SrcIP, r.DstIP = address(f.SrcIP), address(f.DstIP)
	if f.SrcIP.Is4() {
		r.IPVersion = 4
	} else if f.SrcIP.IsValid() {
		r.IPVersion = 6
	}
	r.protocols(f)
	b, err := json.Marshal(&r)
	if err != nil {
		return dst, fmt.Errorf("eve: encode finding: %w", err)
	}
	return append(dst, b...), nil
}

func address(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return string(appendAddr(nil, a))
}

// protocols fills the objects of the application protocol and of the file.
func (r *record) protocols(f *detector.Finding) {
	tls := &recordTLS{SNI: f.Domain, JA4: f.JA4}
	tls.certificate(&f.Certificate)
	switch f.App {
	case "dns", "mdns", "doh", "dot", "doh2":
		if f.Domain != "" {
			r.DNS = &recordDNS{3, []recordQuery{{f.Domain}}}
		}
	case "tls":
		r.TLS = tls
	case "quic":
		r.QUIC = tls
	}
	if f.URL != "" || f.UserAgent != "" {
		url := strings.TrimPrefix(string(detector.MaskSecrets([]byte(f.URL))), "http://"+f.Domain)
		r.HTTP = &recordHTTP{f.Domain, url, f.UserAgent}
	}
	if f.FileName != "" || f.FileSize != 0 || f.SHA256 != "" {
		r.Files = []recordFile{{string(detector.MaskSecrets([]byte(f.FileName))), f.FileMIME, f.SHA256, f.FileSize}}
	}
}

package detector

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"time"
)

// ecsVersion is the version of the Elastic Common Schema that the documents follow.
const ecsVersion = "8.17.0"

// ecsDocument is a Finding in the Elastic Common Schema. What ECS has no field for stands under khien. Some values stand
// in two places: once where readers of ECS look for them and once where they keep their exact form.
type ecsDocument struct {
	Timestamp   time.Time     `json:"@timestamp"`
	ECS         ecsVersionOf  `json:"ecs"`
	Message     string        `json:"message,omitempty"`
	Event       ecsEvent      `json:"event"`
	Rule        ecsRule       `json:"rule"`
	Source      *ecsEndpoint  `json:"source,omitempty"`
	Destination *ecsEndpoint  `json:"destination,omitempty"`
	Network     *ecsNetwork   `json:"network,omitempty"`
	URL         *ecsURL       `json:"url,omitempty"`
	UserAgent   *ecsUserAgent `json:"user_agent,omitempty"`
	DNS         *ecsDNS       `json:"dns,omitempty"`
	TLS         *ecsTLS       `json:"tls,omitempty"`
	File        *ecsFile      `json:"file,omitempty"`
	Threat      *ecsThreat    `json:"threat,omitempty"`
	Observer    ecsObserver   `json:"observer"`
	Related     *ecsRelated   `json:"related,omitempty"`
	Capture     string        `json:"pcap_filename,omitempty"` // named as in EVE
	Khien       ecsKhien      `json:"khien"`
}

type ecsVersionOf struct {
	Version string `json:"version"`
}

type ecsEvent struct {
	ID        string     `json:"id"`
	Kind      string     `json:"kind"`
	Category  []string   `json:"category"`
	Type      []string   `json:"type"`
	Module    string     `json:"module"`
	Dataset   string     `json:"dataset"`
	Action    string     `json:"action,omitempty"`
	Severity  Severity   `json:"severity"`
	RiskScore float64    `json:"risk_score"` // 0 to 100
	Start     *time.Time `json:"start,omitempty"`
	End       *time.Time `json:"end,omitempty"`
	Sequence  []uint64   `json:"sequence,omitempty"`
}

type ecsRule struct {
	ID        string   `json:"id"`
	Name      string   `json:"name,omitempty"`
	Category  string   `json:"category,omitempty"`
	Ruleset   string   `json:"ruleset,omitempty"`
	Version   string   `json:"version,omitempty"`
	Reference []string `json:"reference,omitempty"`
}

type ecsEndpoint struct {
	IP      string  `json:"ip,omitempty"`
	Address string  `json:"address,omitempty"`
	Port    uint16  `json:"port,omitempty"`
	AS      *ecsAS  `json:"as,omitempty"`
	Geo     *ecsGeo `json:"geo,omitempty"`
}

type ecsAS struct {
	Number       uint32           `json:"number,omitempty"`
	Organization *ecsOrganization `json:"organization,omitempty"`
}

type ecsOrganization struct {
	Name string `json:"name"`
}

type ecsGeo struct {
	Country string `json:"country_iso_code"`
}

type ecsNetwork struct {
	Transport   string   `json:"transport,omitempty"`
	Protocol    string   `json:"protocol,omitempty"`
	CommunityID string   `json:"community_id,omitempty"`
	VLAN        *ecsVLAN `json:"vlan,omitempty"`
}

type ecsVLAN struct {
	ID string `json:"id"`
}

type ecsURL struct {
	Original string `json:"original,omitempty"`
	Domain   string `json:"domain,omitempty"`
}

type ecsUserAgent struct {
	Original string `json:"original"`
}

type ecsDNS struct {
	Question ecsQuestion `json:"question"`
}

type ecsQuestion struct {
	Name string `json:"name"`
}

type ecsTLS struct {
	Client ecsTLSClient  `json:"client"`
	Server *ecsTLSServer `json:"server,omitempty"`
}

type ecsTLSClient struct {
	ServerName string `json:"server_name,omitempty"`
	JA4        string `json:"ja4,omitempty"`
}

type ecsTLSServer struct {
	Hash      ecsCertHash `json:"hash"`
	Subject   string      `json:"subject,omitempty"`
	Issuer    string      `json:"issuer,omitempty"`
	NotBefore *time.Time  `json:"not_before,omitempty"`
	NotAfter  *time.Time  `json:"not_after,omitempty"`
}

// ecsCertHash has one of the two.
type ecsCertHash struct {
	SHA1   string `json:"sha1,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
}

type ecsFile struct {
	Name string   `json:"name,omitempty"`
	MIME string   `json:"mime_type,omitempty"`
	Size uint64   `json:"size,omitempty"`
	Hash *ecsHash `json:"hash,omitempty"`
}

type ecsHash struct {
	SHA256 string `json:"sha256"`
}

// ecsThreat holds parallel arrays: the nth id, name and tactic belong together.
type ecsThreat struct {
	Framework string   `json:"framework"`
	Technique ecsNamed `json:"technique"`
	Tactic    ecsNamed `json:"tactic"`
}

type ecsNamed struct {
	ID   []string `json:"id"`
	Name []string `json:"name"`
}

type ecsObserver struct {
	Name    string      `json:"name,omitempty"`
	Type    string      `json:"type"`
	Product string      `json:"product"`
	Ingress *ecsIngress `json:"ingress,omitempty"`
}

type ecsIngress struct {
	Interface struct {
		Name string `json:"name"`
	} `json:"interface"`
}

type ecsRelated struct {
	IP    []string `json:"ip,omitempty"`
	Hosts []string `json:"hosts,omitempty"`
	Hash  []string `json:"hash,omitempty"`
}

type ecsKhien struct {
	Source    Source          `json:"source"`
	Score     float64         `json:"score"` // 0 to 1
	Summary   Text            `json:"summary"`
	Reasons   []Reason        `json:"reasons,omitempty"`
	Rule      *ecsKhienRule   `json:"rule,omitempty"`
	Fraud     *Fraud          `json:"fraud,omitempty"`
	Steps     []Step          `json:"steps,omitempty"`
	NotSeen   []Text          `json:"not_seen,omitempty"`
	Chain     *ecsID          `json:"chain,omitempty"`
	Campaign  *ecsID          `json:"campaign,omitempty"`
	Flow      *ecsID          `json:"flow,omitempty"` // a string: JSON readers lose the low bits of 64-bit numbers
	Domain    string          `json:"domain,omitempty"`
	Direction string          `json:"direction,omitempty"`
	VLAN      []uint16        `json:"vlan,omitempty"`
	Count     int             `json:"count"`
	Related   *ecsOwn         `json:"related,omitempty"`
	Evidence  *ecsEvidence    `json:"evidence,omitempty"`
	Context   json.RawMessage `json:"context,omitempty"`
}

type ecsKhienRule struct {
	GID      int                 `json:"gid,omitempty"`
	Rev      int                 `json:"rev,omitempty"`
	Priority int                 `json:"priority,omitempty"`
	Text     string              `json:"text,omitempty"`
	Metadata map[string][]string `json:"metadata,omitempty"`
}

type ecsID struct {
	ID string `json:"id"`
}

// ecsOwn says how many entries at the head of related.* the detector named; those behind them are the finding's ends.
type ecsOwn struct {
	IPs   int `json:"ips,omitempty"`
	Hosts int `json:"hosts,omitempty"`
}

type ecsEvidence struct {
	Packet uint64 `json:"packet,omitempty"` // number in the capture, from 1
}

// MarshalJSON writes the finding as a document of the Elastic Common Schema. Values of secret fields in URLs and excerpts
// are masked; masking keeps the length, so that offsets stay right.
func (f Finding) MarshalJSON() ([]byte, error) {
	d := ecsDocument{
		Timestamp: ecsTime(f.Time),
		ECS:       ecsVersionOf{ecsVersion},
		Message:   f.Summary.VI,
		Event: ecsEvent{
			ID: f.ID, Kind: "alert", Category: ecsCategory(f.Source), Type: ecsType(f.Rule.Action),
			Module: "khien", Dataset: "khien." + string(f.Source), Action: f.Rule.Action, Severity: f.Severity,
			RiskScore: math.Round(finite(f.Score)*1e4) / 1e2, Start: ecsTimeOrNil(f.First), End: ecsTimeOrNil(f.Last),
			Sequence: f.Sequence,
		},
		Rule: ecsRule{ID: f.Rule.ID, Name: f.Rule.Name, Category: f.Rule.Category, Ruleset: f.Rule.Ruleset,
			Reference: f.Rule.Reference},
		Source:      ecsEnd(f.SrcIP, f.SrcPort, f.SrcPlace),
		Destination: ecsEnd(f.DstIP, f.DstPort, f.DstPlace),
		Observer:    ecsObserver{Name: f.Sensor, Type: "ids", Product: "Khiên"},
		Capture:     f.Capture,
		Khien: ecsKhien{
			Source: f.Source, Score: finite(f.Score), Summary: f.Summary, Reasons: ecsReasons(f.Reasons, finite(f.Score)), Fraud: ecsFraud(f.Fraud),
			Steps: ecsSteps(f.Steps), NotSeen: f.NotSeen, Domain: f.Domain, Direction: f.Direction, VLAN: f.VLAN, Count: f.Count,
			Chain: ecsIDOf(f.ChainID), Campaign: ecsIDOf(f.CampaignID),
		},
	}
	if d.Message == "" {
		d.Message = f.Rule.Name
	}
	if f.Rule.Rev != 0 {
		d.Rule.Version = strconv.Itoa(f.Rule.Rev)
	}
	r := ecsKhienRule{GID: f.Rule.GID, Rev: f.Rule.Rev, Priority: f.Rule.Priority, Text: f.Rule.Text, Metadata: f.Rule.Metadata}
	if r.GID != 0 || r.Rev != 0 || r.Priority != 0 || r.Text != "" || len(r.Metadata) > 0 {
		d.Khien.Rule = &r
	}
	if f.FlowID != 0 {
		d.Khien.Flow = &ecsID{strconv.FormatUint(f.FlowID, 10)}
	}
	if f.PacketNumber != 0 {
		d.Khien.Evidence = &ecsEvidence{f.PacketNumber}
	}
	if len(f.Context) > 0 && json.Valid(f.Context) {
		d.Khien.Context = f.Context
	}
	if f.Interface != "" {
		d.Observer.Ingress = new(ecsIngress)
		d.Observer.Ingress.Interface.Name = f.Interface
	}
	f.ecsProtocols(&d)
	f.ecsThreatAndRelated(&d)
	b, err := json.Marshal(&d)
	if err != nil {
		return nil, fmt.Errorf("detector: encode finding: %w", err)
	}
	return b, nil
}

// ecsProtocols fills what the traffic's layers say.
func (f *Finding) ecsProtocols(d *ecsDocument) {
	if f.Transport != "" || f.App != "" || f.CommunityID != "" || len(f.VLAN) > 0 {
		d.Network = &ecsNetwork{Transport: f.Transport, Protocol: f.App, CommunityID: f.CommunityID}
		if len(f.VLAN) > 0 {
			d.Network.VLAN = &ecsVLAN{strconv.Itoa(int(f.VLAN[0]))}
		}
	}
	tls := ecsTLSClient{JA4: f.JA4}
	switch f.App {
	case "dns", "mdns", "doh", "dot":
		if f.Domain != "" {
			d.DNS = &ecsDNS{ecsQuestion{f.Domain}}
		}
	case "tls", "quic":
		tls.ServerName = f.Domain
	}
	if cert := ecsCertificate(&f.Certificate); cert != nil || tls != (ecsTLSClient{}) {
		d.TLS = &ecsTLS{tls, cert}
	}
	if f.URL != "" {
		d.URL = &ecsURL{Original: string(MaskSecrets([]byte(f.URL))), Domain: f.Domain}
	}
	if f.UserAgent != "" {
		d.UserAgent = &ecsUserAgent{f.UserAgent}
	}
	if f.FileName != "" || f.FileMIME != "" || f.FileSize != 0 || f.SHA256 != "" {
		d.File = &ecsFile{Name: string(MaskSecrets([]byte(f.FileName))), MIME: f.FileMIME, Size: f.FileSize}
		if f.SHA256 != "" {
			d.File.Hash = &ecsHash{f.SHA256}
		}
	}
}

// ecsThreatAndRelated fills the technique arrays and related.*: the detector's own entries first, then the ends.
func (f *Finding) ecsThreatAndRelated(d *ecsDocument) {
	if len(f.Techniques) > 0 {
		t := &ecsThreat{Framework: "MITRE ATT&CK"}
		for _, q := range f.Techniques {
			t.Technique.ID = append(t.Technique.ID, q.ID)
			t.Technique.Name = append(t.Technique.Name, q.Name)
			t.Tactic.ID = append(t.Tactic.ID, q.TacticID)
			t.Tactic.Name = append(t.Tactic.Name, q.Tactic)
		}
		d.Threat = t
	}
	rel := ecsRelated{IP: slices.Clone(f.RelatedIPs), Hosts: slices.Clone(f.RelatedHosts)}
	for _, ip := range []netip.Addr{f.SrcIP, f.DstIP} {
		if ip.IsValid() && !slices.Contains(rel.IP, ip.String()) {
			rel.IP = append(rel.IP, ip.String())
		}
	}
	if f.Domain != "" && !slices.Contains(rel.Hosts, f.Domain) {
		rel.Hosts = append(rel.Hosts, f.Domain)
	}
	for _, h := range []string{f.SHA256, f.Certificate.Fingerprint} {
		if h != "" {
			rel.Hash = append(rel.Hash, h)
		}
	}
	if len(rel.IP)+len(rel.Hosts)+len(rel.Hash) > 0 {
		d.Related = &rel
	}
	if own := (ecsOwn{len(f.RelatedIPs), len(f.RelatedHosts)}); own != (ecsOwn{}) {
		d.Khien.Related = &own
	}
}

// UnmarshalJSON reads a document that MarshalJSON wrote.
func (f *Finding) UnmarshalJSON(b []byte) error {
	var d ecsDocument
	if err := json.Unmarshal(b, &d); err != nil {
		return fmt.Errorf("detector: decode finding: %w", err)
	}
	if d.Event.ID == "" && d.Khien.Source == "" {
		return errors.New("detector: decode finding: neither event.id nor khien.source: not a finding")
	}
	k := &d.Khien
	*f = Finding{
		ID: d.Event.ID, Time: d.Timestamp.UTC(), Source: k.Source, Severity: d.Event.Severity, Score: k.Score,
		Rule: Rule{ID: d.Rule.ID, Name: d.Rule.Name, Category: d.Rule.Category, Ruleset: d.Rule.Ruleset,
			Reference: d.Rule.Reference, Action: d.Event.Action},
		Reasons: k.Reasons, Summary: k.Summary, Fraud: k.Fraud, Steps: k.Steps, NotSeen: k.NotSeen,
		Domain: k.Domain, Direction: k.Direction, VLAN: k.VLAN, Count: k.Count,
		Sensor: d.Observer.Name, Sequence: d.Event.Sequence, Capture: d.Capture, Context: k.Context,
	}
	if r := k.Rule; r != nil {
		f.Rule.GID, f.Rule.Rev, f.Rule.Priority, f.Rule.Text, f.Rule.Metadata = r.GID, r.Rev, r.Priority, r.Text, r.Metadata
	}
	for i := range f.Steps {
		f.Steps[i].Time = f.Steps[i].Time.UTC()
	}
	return f.fromECS(&d)
}

// fromECS takes over the optional parts of a document.
func (f *Finding) fromECS(d *ecsDocument) error {
	var err error
	if f.SrcIP, f.SrcPort, f.SrcPlace, err = fromECSEnd("source", d.Source); err != nil {
		return err
	}
	if f.DstIP, f.DstPort, f.DstPlace, err = fromECSEnd("destination", d.Destination); err != nil {
		return err
	}
	k := &d.Khien
	if k.Flow != nil {
		if f.FlowID, err = strconv.ParseUint(k.Flow.ID, 10, 64); err != nil {
			return fmt.Errorf("detector: decode finding: khien.flow.id: %w", err)
		}
	}
	if k.Chain != nil {
		f.ChainID = k.Chain.ID
	}
	if k.Campaign != nil {
		f.CampaignID = k.Campaign.ID
	}
	if k.Evidence != nil {
		f.PacketNumber = k.Evidence.Packet
	}
	if d.Event.Start != nil {
		f.First = d.Event.Start.UTC()
	}
	if d.Event.End != nil {
		f.Last = d.Event.End.UTC()
	}
	if d.Network != nil {
		f.Transport, f.App, f.CommunityID = d.Network.Transport, d.Network.Protocol, d.Network.CommunityID
	}
	if d.URL != nil {
		f.URL = d.URL.Original
	}
	if d.UserAgent != nil {
		f.UserAgent = d.UserAgent.Original
	}
	if d.TLS != nil {
		f.JA4 = d.TLS.Client.JA4
		f.Certificate = d.TLS.Server.certificate()
	}
	if d.File != nil {
		f.FileName, f.FileMIME, f.FileSize = d.File.Name, d.File.MIME, d.File.Size
		if d.File.Hash != nil {
			f.SHA256 = d.File.Hash.SHA256
		}
	}
	if d.Observer.Ingress != nil {
		f.Interface = d.Observer.Ingress.Interface.Name
	}
	if t := d.Threat; t != nil {
		n := len(t.Technique.ID)
		if len(t.Technique.Name) != n || len(t.Tactic.ID) != n || len(t.Tactic.Name) != n {
			return errors.New("detector: decode finding: threat.technique and threat.tactic differ in length")
		}
		for i := range n {
			f.Techniques = append(f.Techniques, Technique{ID: t.Technique.ID[i], Name: t.Technique.Name[i],
				Tactic: t.Tactic.Name[i], TacticID: t.Tactic.ID[i]})
		}
	}
	if own := k.Related; own != nil {
		if d.Related == nil || own.IPs < 0 || own.IPs > len(d.Related.IP) || own.Hosts < 0 || own.Hosts > len(d.Related.Hosts) {
			return errors.New("detector: decode finding: khien.related counts more entries than related holds")
		}
		f.RelatedIPs = emptyIsNil(d.Related.IP[:own.IPs:own.IPs])
		f.RelatedHosts = emptyIsNil(d.Related.Hosts[:own.Hosts:own.Hosts])
	}
	return nil
}

func emptyIsNil(s []string) []string {
	if len(s) == 0 {
		return nil
	}
	return s
}

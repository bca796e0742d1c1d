package detector

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"time"
)

// Severity is how urgent a finding is. From High on it is worth an analyst's time by itself.
type Severity int

// Severities as event.severity has them.
const (
	Low Severity = iota + 1
	Medium
	High
	Critical
)

// Source is the kind of detector that made a finding.
type Source string

// Sources as khien.source has them.
const (
	FromSignature Source = "signature"
	FromYARA      Source = "yara"
	FromFraud     Source = "fraud"
	FromBehaviour Source = "behaviour"
	FromHealth    Source = "health"
)

// Text is a sentence in both languages of the console.
type Text struct {
	VI string `json:"vi"`
	EN string `json:"en"`
}

// Reason is one ground of a finding.
type Reason struct {
	Text
	Weight float64 `json:"weight"`           // against the other reasons; in a document they add up to the score
	Buffer string  `json:"buffer,omitempty"` // where the bytes were: "http.uri", "stream.to_server", "packet", "file"
	Offset int     `json:"offset,omitempty"` // of the match in that buffer, in bytes
	Length int     `json:"length,omitempty"` // of the match
	// Excerpt holds the bytes around the match (at most ExcerptMax), beginning at ExcerptOffset of the buffer. Secrets in
	// it are masked.
	Excerpt       []byte `json:"excerpt,omitempty"`
	ExcerptOffset int    `json:"excerpt_offset,omitempty"`
}

// ExcerptMax is how many bytes of a buffer a reason keeps.
const ExcerptMax = 256

// Rule names what matched. ID is the sid of a signature, the name of a YARA rule or the name of a fraud pattern.
type Rule struct {
	ID        string
	GID, Rev  int
	Priority  int // of the rule language: 1 is the most urgent; 0 when there is none
	Name      string
	Category  string
	Ruleset   string
	Text      string // the rule as written, without secrets of the deployment
	Reference []string
	Metadata  map[string][]string
	Action    string // "allowed" or "blocked", as EVE has it
}

// Technique is a MITRE ATT&CK technique.
type Technique struct {
	ID, Name, Tactic, TacticID string
}

// Fraud is what a fraud finding tells beside its reasons.
type Fraud struct {
	Kind       string  `json:"kind"`            // lookalike, credential_post, fake_apk, remote_control, …
	Brand      string  `json:"brand,omitempty"` // the imitated organisation
	Tool       string  `json:"tool,omitempty"`  // the program that was used, where nobody is imitated
	Stage      string  `json:"stage,omitempty"` // lure, lookup, visit, page, submission, apk, c2, remote_control, transfer
	Visibility string  `json:"visibility"`      // seen, inferred, reported
	Score      float64 `json:"score"`
}

// Step is one step of a reconstructed story.
type Step struct {
	Time       time.Time `json:"time"`
	Stage      string    `json:"stage"`
	Visibility string    `json:"visibility"` // seen, inferred, reported
	What       Text      `json:"what"`
	Evidence   string    `json:"evidence,omitempty"` // flow id, buffer or report that shows it
}

// Finding is a detection with its reasons. It is a plain value: it owns all its memory.
type Finding struct {
	ID       string // hash of what makes it the same finding; set by Identify
	Time     time.Time
	Source   Source
	Rule     Rule
	Severity Severity
	Score    float64 // 0 to 1
	Reasons  []Reason
	Summary  Text // one sentence: what happened

	// Victim side first where a side is a victim: source and destination are those of the traffic, as in ECS.
	SrcIP, DstIP     netip.Addr
	SrcPort, DstPort uint16
	// Where the ends belong, where the user has provided databases for it.
	SrcPlace, DstPlace Place
	Transport          string // tcp, udp, icmp, …
	App                string // application protocol
	CommunityID        string
	FlowID             uint64
	Direction          string // to_server, to_client
	VLAN               []uint16

	Domain    string // server name: HTTP Host, TLS SNI, DNS question
	URL       string
	UserAgent string
	JA4       string
	// Certificate is what the server showed.
	Certificate Certificate
	FileName    string
	FileMIME    string
	FileSize    uint64
	SHA256      string

	Techniques   []Technique
	Fraud        *Fraud
	Steps        []Step
	ChainID      string
	CampaignID   string
	RelatedIPs   []string
	RelatedHosts []string

	Sensor       string
	Sequence     []uint64 // numbers that the sensor's spool gave it, one each time that it was reported; for finding gaps
	Interface    string
	Capture      string // name of the capture file
	PacketNumber uint64 // packet that completed the match
	Count        int    // how often it was seen, at least 1
	First, Last  time.Time
	NotSeen      []Text // what was not visible: encryption, loss

	// Context is a JSON object that explains the match (dataset values, …), nil when there is none.
	Context []byte
	// Post, when set, has the last word: the engine asks it in packet order over all workers.
	Post Post `json:"-"`
}

// Post decides what needs memory beyond one flow: thresholds, host bits, deduplication. The engine calls Pass for the
// findings of all workers in packet order and never concurrently; a finding that does not pass is dropped.
type Post interface {
	Pass(f *Finding) bool
}

// Identify sets ID from what makes two findings the same: the rule, the flow, the capture position and, for what is not
// bound to one flow, the name and the victim.
func (f *Finding) Identify(parts ...string) {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%d\x00%d\x00%d\x00", f.Source, f.Rule.ID, f.Rule.GID, f.FlowID, f.Time.UnixNano())
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s\x00", len(p), p)
	}
	f.ID = hex.EncodeToString(h.Sum(nil)[:16])
}

package report

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// Profile is what a unit writes about itself once. Its Facts prefill every incident.
type Profile struct {
	Superior    string            `yaml:"superior,omitempty" json:"superior,omitempty"` // the body above, over the agency's name
	Agency      string            `yaml:"agency" json:"agency"`
	Symbol      string            `yaml:"symbol,omitempty" json:"symbol,omitempty"` // of the agency in numbers: "TTGS"
	Place       string            `yaml:"place,omitempty" json:"place,omitempty"`   // before the date
	SignerTitle string            `yaml:"signer_title,omitempty" json:"signer_title,omitempty"`
	SignerName  string            `yaml:"signer_name,omitempty" json:"signer_name,omitempty"`
	Archive     string            `yaml:"archive,omitempty" json:"archive,omitempty"` // behind "Lưu: "
	NameEN      string            `yaml:"name_en,omitempty" json:"name_en,omitempty"`
	Domain      string            `yaml:"domain,omitempty" json:"domain,omitempty"`   // of the agency, in machine formats
	Contact     string            `yaml:"contact,omitempty" json:"contact,omitempty"` // mail address in machine formats
	Traits      []string          `yaml:"traits,omitempty" json:"traits,omitempty"`   // bank, online_provider, processor
	Home        []string          `yaml:"home,omitempty" json:"home,omitempty"`       // prefixes of its networks; private ranges when empty
	Facts       map[string]string `yaml:"facts,omitempty" json:"facts,omitempty"`     // by key; of a choice its codes, separated by commas
	TLP         string            `yaml:"tlp,omitempty" json:"tlp,omitempty"`         // of what is exchanged: amber when empty
	Secrecy     string            `yaml:"secrecy,omitempty" json:"secrecy,omitempty"` // stamp on documents: "LƯU HÀNH NỘI BỘ"
	Urgency     string            `yaml:"urgency,omitempty" json:"urgency,omitempty"` // stamp on documents: "KHẨN"
	Recipients  []string          `yaml:"recipients,omitempty" json:"recipients,omitempty"`
	home        []netip.Prefix
}

// profileMax is how large a profile may be, in bytes.
const profileMax = 64 << 10

// tlps are the labels of TLP 2.0.
var tlps = []string{"clear", "green", "amber", "amber+strict", "red"}

// choices are the facts whose values are codes: in a profile they are separated by commas.
var choices = map[string]bool{"system.services": true, "system.measures": true, "incident.notified": true, "incident.detected_by": true,
	"system.addresses": true, "system.domains": true}

// ParseProfile reads a profile. The text may be empty.
func ParseProfile(name string, text []byte) (*Profile, error) {
	if len(text) > profileMax {
		return nil, fmt.Errorf("report: %s: %d bytes, at most %d", name, len(text), profileMax)
	}
	p := &Profile{}
	if len(strings.TrimSpace(string(text))) > 0 {
		if err := yaml.UnmarshalWithOptions(text, p, yaml.DisallowUnknownField()); err != nil {
			return nil, fmt.Errorf("report: %s: %w", name, err)
		}
	}
	if err := p.prepare(); err != nil {
		return nil, fmt.Errorf("report: %s: %w", name, err)
	}
	return p, nil
}

func (p *Profile) prepare() error {
	if len(p.Home) == 0 {
		p.Home = []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"}
	}
	p.home = nil
	for _, s := range p.Home {
		n, err := netip.ParsePrefix(s)
		if err != nil {
			return fmt.Errorf("home: %q is not a prefix like 10.0.0.0/8", s)
		}
		p.home = append(p.home, n.Masked())
	}
	if p.TLP == "" {
		p.TLP = "amber"
	}
	if !slices.Contains(tlps, p.TLP) {
		return fmt.Errorf("tlp: %q: %s", p.TLP, strings.Join(tlps, ", "))
	}
	for _, s := range []*string{&p.Superior, &p.Agency, &p.Symbol, &p.Place, &p.SignerTitle, &p.SignerName, &p.Archive, &p.NameEN,
		&p.Domain, &p.Contact, &p.Secrecy, &p.Urgency} {
		text, why := CleanText(*s)
		if why != "" {
			return fmt.Errorf("%.40q: %s", *s, why)
		}
		*s = text
	}
	in := Incident{}
	return in.fromProfile(p)
}

// fromProfile puts the profile's facts into an incident.
func (in *Incident) fromProfile(p *Profile) error {
	for key, v := range p.Facts {
		values := []string{v}
		if choices[key] {
			values = strings.Split(v, ",")
			for i := range values {
				values[i] = strings.TrimSpace(values[i])
			}
		}
		if err := in.Set(key, Fact{Values: values, From: Origin{Kind: FromProfile}}); err != nil {
			return err
		}
	}
	return nil
}

// FromProfile puts the profile's facts into an incident; the agency's name stands for the reporter's where there is none.
func (in *Incident) FromProfile(p *Profile) error {
	if err := in.fromProfile(p); err != nil {
		return err
	}
	if in.Text("reporter.name") == "" && p.Agency != "" {
		return in.Set("reporter.name", Fact{Values: []string{p.Agency}, From: Origin{Kind: FromProfile}})
	}
	return nil
}

// Inside reports whether an address belongs to the unit's networks.
func (p *Profile) Inside(a netip.Addr) bool {
	for _, n := range p.home {
		if n.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

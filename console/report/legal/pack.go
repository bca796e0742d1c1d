// Package legal holds the law as data: duties, deadlines, recipients, kinds of incidents, severities and citations of one
// legal regime, each with its basis, validity, how sure it is and when somebody looked. Packs come in as YAML – those that
// ship, or what an administrator edited – and go out as checked values. Nothing of the law stands in Go.
package legal

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"khien/console/report/clock"
)

//go:embed packs
var packs embed.FS

// PackMax is how large an edited pack may be, in bytes.
const PackMax = 512 << 10

// Default is the pack that is used when nobody names one.
const Default = "vn-2026"

// Standing is what every fact of the law carries.
type Standing struct {
	Status     string `yaml:"status,omitempty" json:"status,omitempty"` // in_force, lapsed, draft, unknown
	ValidFrom  string `yaml:"valid_from,omitempty" json:"valid_from,omitempty"`
	ValidTo    string `yaml:"valid_to,omitempty" json:"valid_to,omitempty"`
	Confidence string `yaml:"confidence" json:"confidence"` // S sure, K known, L likely, U unverified
	CheckedOn  string `yaml:"checked_on,omitempty" json:"checked_on,omitempty"`
	CheckedBy  string `yaml:"checked_by,omitempty" json:"checked_by,omitempty"`
}

// Verified reports whether a person may rely on the fact without looking again.
func (s Standing) Verified() bool { return s.Confidence == "S" || s.Confidence == "K" }

// ErrPack is wrapped by errors about the text of a pack.
var ErrPack = errors.New("legal: not a valid pack")

// UnverifiedVI is what stands beside a fact that is not verified.
const UnverifiedVI = "chưa kiểm chứng"

// Citation is a place in a legal text.
type Citation struct {
	ID       string `yaml:"id" json:"id"`
	VI       string `yaml:"vi" json:"vi"` // as it is printed: "điểm d khoản 2 Điều 31 Nghị định số …"
	EN       string `yaml:"en,omitempty" json:"en,omitempty"`
	Standing `yaml:",inline"`
}

// Recipient is an address that reports go to.
type Recipient struct {
	ID         string `yaml:"id" json:"id"`
	VI         string `yaml:"vi" json:"vi"`
	EN         string `yaml:"en" json:"en"`
	Email      string `yaml:"email,omitempty" json:"email,omitempty"`
	Address    string `yaml:"address,omitempty" json:"address,omitempty"`
	Phone      string `yaml:"phone,omitempty" json:"phone,omitempty"`
	VerifiedOn string `yaml:"verified_on,omitempty" json:"verified_on,omitempty"`
	Note       string `yaml:"note,omitempty" json:"note,omitempty"`
	Standing   `yaml:",inline"`
}

// Duty is something that has to be done, with its deadline.
type Duty struct {
	ID       string    `yaml:"id" json:"id"`
	VI       string    `yaml:"vi" json:"vi"`
	EN       string    `yaml:"en" json:"en"`
	When     When      `yaml:"when" json:"when"`
	Start    string    `yaml:"start" json:"start"` // detected, resolved or calendar
	Due      clock.Due `yaml:"due" json:"due"`
	From     string    `yaml:"from" json:"from"`
	To       []string  `yaml:"to" json:"to"` // recipients
	Form     string    `yaml:"form,omitempty" json:"form,omitempty"`
	Basis    []string  `yaml:"basis" json:"basis"` // citations
	Note     string    `yaml:"note,omitempty" json:"note,omitempty"`
	Standing `yaml:",inline"`
}

// When says which incidents a duty is for: those with one of the severities and all of the traits. Empty means all.
type When struct {
	Severity []string `yaml:"severity,omitempty" json:"severity,omitempty"`
	Traits   []string `yaml:"traits,omitempty" json:"traits,omitempty"` // personal_data, bank, beyond_capability, …
}

// Severity is one band of the law.
type Severity struct {
	ID       string   `yaml:"id" json:"id"`
	VI       string   `yaml:"vi" json:"vi"`
	EN       string   `yaml:"en" json:"en"`
	Rule     string   `yaml:"rule" json:"rule"` // what a person checks before confirming
	Levels   []int    `yaml:"levels,omitempty" json:"levels,omitempty"`
	Score    int      `yaml:"min_finding,omitempty" json:"min_finding,omitempty"` // severity of findings from which it is proposed
	Basis    []string `yaml:"basis" json:"basis"`
	Standing `yaml:",inline"`
}

// Kind is one of the official kinds of incidents, with the findings that mean it.
type Kind struct {
	ID    string   `yaml:"id" json:"id"`
	VI    string   `yaml:"vi" json:"vi"`
	EN    string   `yaml:"en" json:"en"`
	RSIT  string   `yaml:"rsit,omitempty" json:"rsit,omitempty"` // tag of the Reference Security Incident Taxonomy
	Fraud []string `yaml:"fraud,omitempty" json:"fraud,omitempty"`
	Rules []string `yaml:"rules,omitempty" json:"rules,omitempty"`         // beginnings of rule ids and categories, lower case
	Multi bool     `yaml:"combined,omitempty" json:"combined,omitempty"`   // proposed when several kinds occur
	Rest  bool     `yaml:"otherwise,omitempty" json:"otherwise,omitempty"` // proposed when none does
}

// Pack is one legal regime.
type Pack struct {
	ID         string         `yaml:"id" json:"id"`
	Title      string         `yaml:"title" json:"title"`
	Version    string         `yaml:"version" json:"version"`
	Note       string         `yaml:"note,omitempty" json:"note,omitempty"`
	Citations  []Citation     `yaml:"citations" json:"citations"`
	Recipients []Recipient    `yaml:"recipients" json:"recipients"`
	Severities []Severity     `yaml:"severities" json:"severities"`
	Kinds      []Kind         `yaml:"kinds" json:"kinds"`
	Duties     []Duty         `yaml:"duties" json:"duties"`
	Calendar   clock.Calendar `yaml:"calendar" json:"-"`
	Standing   `yaml:",inline"`
}

// Shipped returns the ids of the packs that ship, the default first.
func Shipped() []string {
	out := []string{Default}
	entries, _ := fs.ReadDir(packs, "packs") // an embedded folder can always be read
	for _, e := range entries {
		if e.IsDir() && e.Name() != Default {
			out = append(out, e.Name())
		}
	}
	return out
}

// Load returns a pack that ships.
func Load(id string) (*Pack, error) {
	if !slices.Contains(Shipped(), id) {
		return nil, fmt.Errorf("legal: there is no pack %q: %s", id, strings.Join(Shipped(), ", "))
	}
	text, err := Source(id)
	if err != nil {
		return nil, err
	}
	return Edited(id, text)
}

// Edited reads the text of a pack that ships, as somebody changed it; the id stays.
func Edited(id string, text []byte) (*Pack, error) {
	holidays, err := fs.ReadFile(packs, "packs/holidays.yaml")
	if err != nil {
		return nil, fmt.Errorf("legal: %w", err)
	}
	p, err := Parse(id+"/pack.yaml", text, holidays)
	if err == nil && p.ID != id {
		return nil, fmt.Errorf("%w: %s/pack.yaml: its id is %q", ErrPack, id, p.ID)
	}
	return p, err
}

// Source returns the text of a pack that ships, for editing.
func Source(id string) ([]byte, error) {
	text, err := fs.ReadFile(packs, path.Join("packs", id, "pack.yaml"))
	if err != nil {
		return nil, fmt.Errorf("legal: %w", err)
	}
	return text, nil
}

// Forms returns the folder of a pack's form files.
func Forms(id string) (fs.FS, error) {
	if !slices.Contains(Shipped(), id) {
		return nil, fmt.Errorf("legal: there is no pack %q: %s", id, strings.Join(Shipped(), ", "))
	}
	sub, err := fs.Sub(packs, path.Join("packs", id, "forms"))
	if err != nil {
		return nil, fmt.Errorf("legal: %w", err)
	}
	return sub, nil
}

// Parse reads a pack; holidays is a calendar that it is given beside its own, nil for none. An error names the file, line
// and column, or the entry that is wrong.
func Parse(name string, text, holidays []byte) (*Pack, error) {
	if len(text) > PackMax {
		return nil, fmt.Errorf("%w: %s: %d bytes, at most %d", ErrPack, name, len(text), PackMax)
	}
	p := &Pack{}
	if err := yaml.UnmarshalWithOptions(text, p, yaml.DisallowUnknownField()); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrPack, name, err)
	}
	if holidays != nil {
		var c clock.Calendar
		if err := yaml.UnmarshalWithOptions(holidays, &c, yaml.DisallowUnknownField()); err != nil {
			return nil, fmt.Errorf("%w: holidays.yaml: %w", ErrPack, err)
		}
		p.Calendar.Holidays = append(p.Calendar.Holidays, c.Holidays...)
		p.Calendar.Makeup = append(p.Calendar.Makeup, c.Makeup...)
	}
	if err := p.validate(); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrPack, name, err)
	}
	return p, nil
}

func (s Standing) validate() error {
	if !slices.Contains([]string{"S", "K", "L", "U"}, s.Confidence) {
		return fmt.Errorf("confidence %q: S, K, L or U", s.Confidence)
	}
	if !slices.Contains([]string{"", "in_force", "lapsed", "draft", "unknown"}, s.Status) {
		return fmt.Errorf("status %q: in_force, lapsed, draft or unknown", s.Status)
	}
	for _, d := range []string{s.ValidFrom, s.ValidTo, s.CheckedOn} {
		if _, err := time.Parse(time.DateOnly, d); d != "" && err != nil {
			return fmt.Errorf("%q is not a date like 2026-08-19", d)
		}
	}
	if s.CheckedOn == "" {
		return errors.New("checked_on is missing: when did somebody look?")
	}
	return nil
}

func (p *Pack) validate() error {
	if p.ID == "" || p.Title == "" || p.Version == "" {
		return errors.New("id, title and version are needed")
	}
	seen := map[string]bool{}
	entry := func(kind, id string, s *Standing, basis []string) error {
		if id == "" || seen[kind+" "+id] {
			return fmt.Errorf("%s %q: the id is missing or there twice", kind, id)
		}
		seen[kind+" "+id] = true
		if s != nil {
			if s.CheckedOn == "" {
				s.CheckedOn = p.CheckedOn
			}
			if err := s.validate(); err != nil {
				return fmt.Errorf("%s %q: %w", kind, id, err)
			}
		}
		for _, b := range basis {
			if !seen["citation "+b] {
				return fmt.Errorf("%s %q: there is no citation %q", kind, id, b)
			}
		}
		return nil
	}
	if err := entry("pack", p.ID, &p.Standing, nil); err != nil {
		return err
	}
	for i := range p.Citations {
		if err := entry("citation", p.Citations[i].ID, &p.Citations[i].Standing, nil); err != nil {
			return err
		}
	}
	for i := range p.Recipients {
		if err := entry("recipient", p.Recipients[i].ID, &p.Recipients[i].Standing, nil); err != nil {
			return err
		}
	}
	for i := range p.Severities {
		if err := entry("severity", p.Severities[i].ID, &p.Severities[i].Standing, p.Severities[i].Basis); err != nil {
			return err
		}
	}
	if len(p.Severities) == 0 {
		return errors.New("there are no severities")
	}
	rest := 0
	for i := range p.Kinds {
		if err := entry("kind", p.Kinds[i].ID, nil, nil); err != nil {
			return err
		}
		if p.Kinds[i].Rest {
			rest++
		}
	}
	if rest != 1 {
		return errors.New("exactly one kind has to be for what is otherwise")
	}
	for i := range p.Duties {
		d := &p.Duties[i]
		if err := entry("duty", d.ID, &d.Standing, d.Basis); err != nil {
			return err
		}
		if err := d.Due.Validate(); err != nil {
			return fmt.Errorf("duty %q: %w", d.ID, err)
		}
		if !slices.Contains([]string{"detected", "resolved", "calendar"}, d.Start) {
			return fmt.Errorf("duty %q: start %q: detected, resolved or calendar", d.ID, d.Start)
		}
		for _, to := range d.To {
			if !seen["recipient "+to] {
				return fmt.Errorf("duty %q: there is no recipient %q", d.ID, to)
			}
		}
		for _, s := range d.When.Severity {
			if !seen["severity "+s] {
				return fmt.Errorf("duty %q: there is no severity %q", d.ID, s)
			}
		}
	}
	return p.Calendar.Prepare()
}

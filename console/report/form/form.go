// Package form holds the forms of reports. Form files (YAML) of a pack come in; a Form is filled from an incident: every field
// gets its value and where that came from, and what is missing is listed. A filled form goes to document and out as JSON.
package form

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"khien/console/report"
	"khien/console/report/legal"
)

// Types of fields.
const (
	Text        = "text"
	LongText    = "longtext"
	Date        = "date"
	Time        = "time"
	DateTime    = "datetime"
	Checkbox    = "checkbox" // any number of options
	Radio       = "radio"    // one option
	IPList      = "iplist"
	DomainList  = "domainlist"
	Attachments = "attachments"
	Table       = "table"
)

var types = []string{Text, LongText, Date, Time, DateTime, Checkbox, Radio, IPList, DomainList, Attachments, Table}

// Layouts of documents.
const (
	Report   = "report"
	Letter   = "letter" // công văn
	Minutes  = "record" // biên bản
	sections = "sections.yaml"
)

// Option is a box to tick. With Text, something is written behind it.
type Option struct {
	Code string `yaml:"code" json:"code"`
	VI   string `yaml:"vi" json:"vi"`
	Text bool   `yaml:"text,omitempty" json:"text,omitempty"`
}

// Column is a column of a table; the widths add up to 100.
type Column struct {
	VI    string `yaml:"vi" json:"vi"`
	Width int    `yaml:"width" json:"width"`
	Right bool   `yaml:"right,omitempty" json:"right,omitempty"`
}

// Field is one line of a form.
type Field struct {
	Key         string   `yaml:"key" json:"key"`
	Label       string   `yaml:"label" json:"label"`
	EN          string   `yaml:"en" json:"en"`
	Type        string   `yaml:"type,omitempty" json:"type"`
	Required    bool     `yaml:"required,omitempty" json:"required"`
	Hint        string   `yaml:"hint,omitempty" json:"hint,omitempty"`
	Map         string   `yaml:"map" json:"map"` // key of report.Keys
	Options     []Option `yaml:"options,omitempty" json:"options,omitempty"`
	OptionsFrom string   `yaml:"options_from,omitempty" json:"-"` // kinds or severities of the pack
	Columns     []Column `yaml:"columns,omitempty" json:"columns,omitempty"`
	Salutation  bool     `yaml:"salutation,omitempty" json:"salutation,omitempty"` // printed as "Kính gửi"
	English     bool     `yaml:"english,omitempty" json:"-"`                       // takes the fact's second value, where there is one
}

// Section is a part of a form under a title.
type Section struct {
	Use    string  `yaml:"use,omitempty" json:"-"` // a section of the pack's sections.yaml
	Title  string  `yaml:"title" json:"title"`
	Text   string  `yaml:"text,omitempty" json:"text,omitempty"` // printed behind the fields
	Fields []Field `yaml:"fields" json:"fields"`
}

// Form is one form of a pack.
type Form struct {
	ID             string    `yaml:"id" json:"id"`
	Version        string    `yaml:"version" json:"version"`
	Title          string    `yaml:"title" json:"title"`
	EN             string    `yaml:"en" json:"en"`
	Language       string    `yaml:"language,omitempty" json:"language,omitempty"` // "" is Vietnamese
	Layout         string    `yaml:"layout" json:"layout"`
	Symbol         string    `yaml:"symbol" json:"symbol"` // BC, TB, CV, BB: the kind of document in its number
	Landscape      bool      `yaml:"landscape,omitempty" json:"landscape,omitempty"`
	Numbered       bool      `yaml:"numbered,omitempty" json:"numbered,omitempty"`     // sections are
	Suggested      bool      `yaml:"suggested,omitempty" json:"suggested,omitempty"`   // no official form is known
	Restricted     bool      `yaml:"restricted,omitempty" json:"restricted,omitempty"` // holds personal data
	MailSubject    string    `yaml:"mail_subject,omitempty" json:"mail_subject,omitempty"`
	Parties        []string  `yaml:"parties,omitempty" json:"parties,omitempty"` // who signs a record
	Basis          []string  `yaml:"basis" json:"basis"`
	Note           string    `yaml:"note,omitempty" json:"note,omitempty"`
	Recipients     []string  `yaml:"recipients,omitempty" json:"recipients,omitempty"`
	Sections       []Section `yaml:"sections" json:"sections"`
	legal.Standing `yaml:",inline"`
}

// ErrUnknown is wrapped by errors about a form that no pack holds.
var ErrUnknown = errors.New("form: there is no such form")

// Load returns all forms of a pack, in the order of their ids.
func Load(p *legal.Pack) ([]*Form, error) {
	files, err := legal.Forms(p.ID)
	if err != nil {
		return nil, err
	}
	shared := map[string]Section{}
	if err := read(files, sections, &shared); err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("form: %w", err)
	}
	var out []*Form
	for _, name := range names {
		if name == sections {
			continue
		}
		f := &Form{}
		if err := read(files, name, f); err != nil {
			return nil, err
		}
		if err := f.prepare(p, shared); err != nil {
			return nil, fmt.Errorf("form: %s/%s: %w", p.ID, name, err)
		}
		out = append(out, f)
	}
	return out, nil
}

// Find returns a form of a pack. version "" takes any; another than the pack's is an error that names both.
func Find(p *legal.Pack, id, version string) (*Form, error) {
	all, err := Load(p)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, f := range all {
		if f.ID == id {
			if version != "" && version != f.Version {
				return nil, fmt.Errorf("%w: %s version %q; pack %s has version %s", ErrUnknown, id, version, p.ID, f.Version)
			}
			return f, nil
		}
		ids = append(ids, f.ID)
	}
	return nil, fmt.Errorf("%w: %q in pack %s: %s", ErrUnknown, id, p.ID, strings.Join(ids, ", "))
}

func read(files fs.FS, name string, to any) error {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return fmt.Errorf("form: %w", err)
	}
	if err := yaml.UnmarshalWithOptions(text, to, yaml.DisallowUnknownField()); err != nil {
		return fmt.Errorf("form: %s: %w", name, err)
	}
	return nil
}

// prepare puts in the shared sections and the pack's options, and checks everything.
func (f *Form) prepare(p *legal.Pack, shared map[string]Section) error {
	if f.ID == "" || f.Version == "" || f.Title == "" || f.Symbol == "" {
		return errors.New("id, version, title and symbol are needed")
	}
	if !slices.Contains([]string{Report, Letter, Minutes}, f.Layout) {
		return fmt.Errorf("layout %q: report, letter or record", f.Layout)
	}
	f.CheckedOn = p.CheckedOn
	for _, b := range f.Basis {
		if p.Citation(b) == nil {
			return fmt.Errorf("there is no citation %q", b)
		}
	}
	for _, r := range f.Recipients {
		if p.Recipient(r) == nil {
			return fmt.Errorf("there is no recipient %q", r)
		}
	}
	seen := map[string]bool{}
	for i := range f.Sections {
		s := &f.Sections[i]
		if s.Use != "" {
			from, ok := shared[s.Use]
			if !ok {
				return fmt.Errorf("there is no shared section %q", s.Use)
			}
			s.Title, s.Text, s.Fields = from.Title, from.Text, slices.Clone(from.Fields)
		}
		for j := range s.Fields {
			d := &s.Fields[j]
			if err := d.prepare(p); err != nil {
				return fmt.Errorf("field %q: %w", d.Key, err)
			}
			if seen[d.Key] {
				return fmt.Errorf("field %q is there twice", d.Key)
			}
			seen[d.Key] = true
		}
	}
	return nil
}

func (d *Field) prepare(p *legal.Pack) error {
	if d.Type == "" {
		d.Type = Text
	}
	if d.Key == "" || !slices.Contains(types, d.Type) {
		return fmt.Errorf("type %q: %s", d.Type, strings.Join(types, ", "))
	}
	if _, ok := report.Keys[d.Map]; !ok {
		return fmt.Errorf("incidents have no %q", d.Map)
	}
	switch d.OptionsFrom {
	case "":
	case "kinds":
		for _, k := range p.Kinds {
			d.Options = append(d.Options, Option{Code: k.ID, VI: k.VI})
		}
	case "severities":
		for _, s := range p.Severities {
			d.Options = append(d.Options, Option{Code: s.ID, VI: s.VI})
		}
	default:
		return fmt.Errorf("options_from %q: kinds or severities", d.OptionsFrom)
	}
	if (d.Type == Checkbox || d.Type == Radio) != (len(d.Options) > 0) {
		return errors.New("checkbox and radio, and only they, have options")
	}
	width := 0
	for _, c := range d.Columns {
		width += c.Width
	}
	if d.Type == Table && width != 100 || d.Type != Table && width != 0 {
		return fmt.Errorf("the widths of the columns add up to %d: 100 for a table", width)
	}
	return nil
}

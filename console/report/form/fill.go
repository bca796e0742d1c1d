package form

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"khien/console/report"
	"khien/console/report/legal"
)

// Value is a field with what stands in it.
type Value struct {
	Field
	Values []string          `json:"values,omitempty"` // text as it is printed; of a choice nothing
	Ticked map[string]string `json:"ticked,omitempty"` // by code: what is written behind the box
	Rows   [][]string        `json:"rows,omitempty"`
	From   report.Origin     `json:"from,omitzero"`
}

// Part is a section with what stands in it.
type Part struct {
	Title string  `json:"title"`
	Text  string  `json:"text,omitempty"`
	Data  []Value `json:"fields"`
}

// Missing is a required field without a value.
type Missing struct {
	Key   string `json:"key"`
	Map   string `json:"map"`
	Label string `json:"label"`
	EN    string `json:"en"`
}

// Filled is a form filled from an incident.
type Filled struct {
	Form    *Form     `json:"-"`
	ID      string    `json:"form"`
	Version string    `json:"form_version"`
	Pack    string    `json:"pack"`
	Case    string    `json:"case"`
	Title   string    `json:"title"`
	Basis   []string  `json:"basis"`             // as printed: what is verified or was confirmed
	Unsure  []string  `json:"unverified"`        // what is not printed because nobody has verified it
	Number  string    `json:"number,omitempty"`  // of the document
	Parts   []Part    `json:"sections"`          //
	Missing []Missing `json:"missing,omitempty"` // required and empty
}

// Fill fills a form. It does not change the incident. An error names the field whose value does not fit its type.
func Fill(f *Form, p *legal.Pack, in *report.Incident) (*Filled, error) {
	out := &Filled{Form: f, ID: f.ID, Version: f.Version, Pack: p.ID, Case: in.Case, Title: f.Title, Basis: []string{}, Unsure: []string{}}
	for _, b := range f.Basis {
		if text := p.Cite(in, b); text != "" {
			out.Basis = append(out.Basis, text)
		} else {
			out.Unsure = append(out.Unsure, p.Citation(b).VI)
		}
	}
	for _, s := range f.Sections {
		part := Part{Title: s.Title, Text: s.Text, Data: []Value{}}
		for _, d := range s.Fields {
			v, err := fill(d, in.Facts[d.Map])
			if err != nil {
				return nil, fmt.Errorf("%w: %s: field %s (%s): %w", ErrValue, f.ID, d.Key, d.Map, err)
			}
			if d.Required && len(v.Values) == 0 && len(v.Ticked) == 0 && len(v.Rows) == 0 {
				out.Missing = append(out.Missing, Missing{d.Key, d.Map, d.Label, d.EN})
			}
			part.Data = append(part.Data, v)
		}
		out.Parts = append(out.Parts, part)
	}
	return out, nil
}

// ErrValue is wrapped by errors about a value that does not fit its field.
var ErrValue = errors.New("form: the value does not fit")

// Layouts of times in facts and on paper.
const (
	factTime = time.RFC3339
	inDate   = "02/01/2006"
)

func fill(d Field, f report.Fact) (Value, error) {
	v := Value{Field: d, From: f.From}
	if f.Empty() {
		return v, nil
	}
	switch d.Type {
	case Checkbox, Radio:
		v.Ticked = map[string]string{}
		for _, s := range f.Values {
			code, text, _ := strings.Cut(s, ":")
			if option(d, code) == nil && f.From.Kind != report.FromPerson {
				continue // the unit's profile speaks of the boxes of another regime
			}
			if option(d, code) == nil {
				return v, fmt.Errorf("%q is not one of its options: %s", code, codes(d))
			}
			v.Ticked[code] = strings.TrimSpace(text)
		}
		if d.Type == Radio && len(v.Ticked) > 1 {
			return v, fmt.Errorf("%d options are chosen, only one can be", len(v.Ticked))
		}
	case Date, Time, DateTime:
		t, err := time.Parse(factTime, f.Values[0])
		if err != nil {
			return v, fmt.Errorf("%q is not a time like 2026-11-27T09:30:00+07:00", f.Values[0])
		}
		v.Values = []string{printed(d.Type, t)}
	case IPList:
		for _, s := range f.Values {
			if _, err := netip.ParseAddr(s); err != nil {
				if _, err := netip.ParsePrefix(s); err != nil {
					return v, fmt.Errorf("%q is not an address or prefix", s)
				}
			}
		}
		v.Values = f.Values
	case Table:
		for i, r := range f.Rows {
			if len(r) != len(d.Columns) {
				return v, fmt.Errorf("row %d has %d columns, the form has %d", i+1, len(r), len(d.Columns))
			}
		}
		v.Rows = f.Rows
	case Attachments:
		for _, r := range f.Rows {
			v.Values = append(v.Values, strings.Join(r, " – "))
		}
		v.Values = append(v.Values, f.Values...)
	default:
		v.Values = f.Values
		if d.English && len(f.Values) > 1 {
			v.Values = f.Values[1:2]
		} else if d.Type == Text || d.Type == LongText {
			v.Values = f.Values[:1]
		}
	}
	return v, nil
}

// printed returns a time as officials write it.
func printed(kind string, t time.Time) string {
	t = t.In(report.Zone)
	clock := fmt.Sprintf("%02d giờ %02d phút", t.Hour(), t.Minute())
	switch kind {
	case Date:
		return t.Format(inDate)
	case Time:
		return clock
	}
	return clock + ", ngày " + t.Format(inDate)
}

func option(d Field, code string) *Option {
	for i := range d.Options {
		if d.Options[i].Code == code {
			return &d.Options[i]
		}
	}
	return nil
}

func codes(d Field) string {
	var out []string
	for _, o := range d.Options {
		out = append(out, o.Code)
	}
	return strings.Join(out, ", ")
}

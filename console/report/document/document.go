// Package document puts filled forms on paper. A form.Filled and the unit's profile become a Doc, a plain description of a
// page; Render gives PDF bytes and DOCX gives an editable document, both in the layout of official papers (Theme). The same
// Doc gives the same bytes. Nothing is signed here: agencies sign with their own token in their own tool.
package document

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"khien/console/report"
	"khien/console/report/form"
	"khien/console/report/legal"
)

// Doc is a document before it is drawn.
type Doc struct {
	Title     string // BÁO CÁO …; of a letter the subject
	Language  string // "" is Vietnamese, "en" English
	Layout    string // form.Report, form.Letter, form.Minutes
	Landscape bool
	Superior  string
	Agency    string
	Number    string // "Số: …/BC-…"
	Place     string
	Date      time.Time
	Stamps    []string // framed words: KHẨN, LƯU HÀNH NỘI BỘ, DỰ THẢO
	To        []string // Kính gửi
	Basis     []string
	Blocks    []Block
	Parties   []string // of a record: who signs, from left to right
	Signer    string   // position
	Name      string   // of the signer
	Copies    []string // Nơi nhận
	Notes     []string // below the signature
	Foot      string   // form, version and case
}

// Kinds of blocks.
const (
	Heading = iota
	Line    // "Label: value"
	Text    // label, and below it paragraphs
	Boxes
	Table
)

// Block is a part of a document.
type Block struct {
	Kind    int
	Label   string
	Values  []string
	Options []Box
	Columns []form.Column
	Rows    [][]string
}

// Box is a box to tick.
type Box struct {
	Label  string
	Ticked bool
	Blank  bool   // something is to be written behind it
	Text   string // what is
}

// Options is what a document needs beside form and profile.
type Options struct {
	Number int       // of the document in its year; 0 leaves it open
	Date   time.Time // zero leaves the day open
	Draft  bool
}

const (
	requiredVI = "(*) Thông tin bắt buộc."
	noteVI     = "Mẫu đề xuất – chưa có mẫu chính thức."
)

// New describes a filled form.
func New(f *form.Filled, pr *report.Profile, p *legal.Pack, o Options) *Doc {
	d := &Doc{Title: f.Title, Language: f.Form.Language, Layout: f.Form.Layout, Landscape: f.Form.Landscape,
		Superior: pr.Superior, Agency: pr.Agency, Place: pr.Place, Date: o.Date, Basis: f.Basis,
		Parties: f.Form.Parties, Signer: pr.SignerTitle, Name: pr.SignerName,
		Foot: fmt.Sprintf("Mẫu %s %s · %s · vụ việc %s", f.ID, f.Version, f.Pack, f.Case)}
	english := d.Language == "en"
	if english {
		d.Agency, d.Superior = cmp.Or(pr.NameEN, pr.Agency), ""
		d.Foot = fmt.Sprintf("Form %s %s · case %s", f.ID, f.Version, f.Case)
	}
	number := "……"
	if o.Number > 0 {
		number = fmt.Sprintf("%02d", o.Number)
	}
	d.Number = fmt.Sprintf("%s/%s", number, f.Form.Symbol)
	if f.Form.Layout == form.Letter {
		d.Number = number + "/"
	}
	if pr.Symbol != "" {
		d.Number = strings.TrimSuffix(d.Number, "/") + map[bool]string{true: "/", false: "-"}[f.Form.Layout == form.Letter] + pr.Symbol
	}
	for _, s := range []string{pr.Urgency, pr.Secrecy} {
		if s != "" && !english {
			d.Stamps = append(d.Stamps, s)
		}
	}
	if o.Draft {
		d.Stamps = append(d.Stamps, map[bool]string{true: "DRAFT", false: "DỰ THẢO"}[english])
	}
	d.address(f, pr, p)
	n := 0
	for _, part := range f.Parts {
		d.part(part, f.Form, &n)
	}
	if f.Form.Note != "" {
		d.Notes = append(d.Notes, f.Form.Note)
	}
	if f.Form.Suggested && !english {
		d.Notes = append(d.Notes, noteVI)
	}
	if d.Layout != form.Letter && !strings.Contains(f.Form.Note, "(*)") {
		d.Notes = append(d.Notes, requiredVI)
	}
	return d
}

// address fills who the document goes to.
func (d *Doc) address(f *form.Filled, pr *report.Profile, p *legal.Pack) {
	for _, part := range f.Parts {
		for _, v := range part.Data {
			if v.Salutation {
				d.To = append(d.To, v.Values...)
			}
		}
	}
	for _, id := range f.Form.Recipients {
		d.To = append(d.To, p.Recipient(id).VI)
	}
	if len(pr.Recipients) > 0 && len(f.Form.Recipients) > 0 {
		d.To = pr.Recipients
	}
	if d.Layout == form.Minutes || d.Language == "en" {
		return
	}
	d.Copies = append(d.Copies, "Như trên;")
	d.Copies = append(d.Copies, "Lưu: "+cmp.Or(pr.Archive, "VT")+".")
}

// part adds a section.
func (d *Doc) part(p form.Part, f *form.Form, n *int) {
	if p.Title != "" {
		title := p.Title
		if f.Numbered {
			*n++
			title = fmt.Sprintf("%d. %s", *n, title)
		}
		d.Blocks = append(d.Blocks, Block{Kind: Heading, Label: title})
	}
	for _, v := range p.Data {
		if v.Salutation {
			continue
		}
		label := v.Label
		if v.Required && label != "" && d.Layout != form.Letter {
			label += " (*)"
		}
		b := Block{Kind: Line, Label: label, Values: v.Values}
		switch v.Type {
		case form.LongText, form.Attachments:
			b.Kind = Text
		case form.IPList, form.DomainList:
			b.Values = []string{strings.Join(v.Values, ", ")}
		case form.Checkbox, form.Radio:
			b.Kind = Boxes
			for _, o := range v.Options {
				text, ticked := v.Ticked[o.Code]
				b.Options = append(b.Options, Box{Label: o.VI, Ticked: ticked, Blank: o.Text, Text: text})
			}
		case form.Table:
			b.Kind, b.Columns, b.Rows = Table, v.Columns, v.Rows
		}
		d.Blocks = append(d.Blocks, b)
	}
	if p.Text != "" {
		d.Blocks = append(d.Blocks, Block{Kind: Text, Values: []string{p.Text}})
	}
}

// dated returns the place and the day of a document; days below 10 and the first two months have two digits.
func (d *Doc) dated() string {
	t := d.Date.In(report.Zone)
	if d.Language == "en" {
		if d.Date.IsZero() {
			return ""
		}
		return t.Format("2 January 2006")
	}
	place := cmp.Or(d.Place, "…………")
	if d.Date.IsZero() {
		return place + ", ngày … tháng … năm ……"
	}
	month := fmt.Sprint(int(t.Month()))
	if t.Month() < 3 {
		month = "0" + month
	}
	return fmt.Sprintf("%s, ngày %02d tháng %s năm %d", place, t.Day(), month, t.Year())
}

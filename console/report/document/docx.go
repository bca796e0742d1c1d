package document

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"khien/console/report/form"
)

// typeface is referred to by name: Word has it, LibreOffice takes the metric-compatible Liberation Serif.
const typeface = "Times New Roman"

// word writes WordprocessingML (ECMA-376, part 1, 17).
type word struct {
	bytes.Buffer
	Theme
	doc   *Doc
	inner int // width between the margins, in twentieths of a point
}

// DOCX returns a document as an editable file. The same document gives the same bytes.
func DOCX(d *Doc, t Theme, made time.Time) ([]byte, error) {
	w := &word{Theme: t, doc: d}
	width := t.Width
	if d.Landscape {
		width = t.Height
	}
	w.inner = twips(width - t.Left - t.Right)
	w.head()
	for _, b := range d.Blocks {
		w.block(b)
	}
	w.closing()
	parts := []struct{ name, text string }{
		{"[Content_Types].xml", contentTypes},
		{"_rels/.rels", rels},
		{"docProps/core.xml", fmt.Sprintf(core, escape(d.Title), escape(d.Agency), made.UTC().Format(time.RFC3339))},
		{"word/_rels/document.xml.rels", documentRels},
		{"word/document.xml", xml.Header + `<w:document xmlns:w="` + wordNS + `" xmlns:r="` + relNS + `"><w:body>` + w.String() + w.section() + `</w:body></w:document>`},
		{"word/styles.xml", fmt.Sprintf(styles, half(t.Body))},
		{"word/header1.xml", fmt.Sprintf(pageHeader, half(t.Folio))},
		{"word/footer1.xml", fmt.Sprintf(pageFooter, escape(d.Foot))},
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, p := range parts {
		f, err := z.CreateHeader(&zip.FileHeader{Name: p.name, Method: zip.Deflate, Modified: made.UTC()})
		if err == nil {
			_, err = f.Write([]byte(p.text))
		}
		if err != nil {
			return nil, fmt.Errorf("document: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	return out.Bytes(), nil
}

func twips(mm float64) int { return int(mm/mmPerPoint*20 + 0.5) }

func half(points float64) int { return int(points*2 + 0.5) }

func escape(s string) string {
	var b bytes.Buffer
	if err := xml.EscapeText(&b, []byte(text(s))); err != nil {
		return "" // a bytes.Buffer takes everything
	}
	return b.String()
}

// para is how a paragraph looks.
type para struct {
	align      string // left, center, right, both
	indent     int    // of the first line, twips
	left       int
	before     int // twips
	after      int
	keep       bool
	rule       bool // a line below
	tight      bool // no distance to the following
	ruleIndent int  // twips from both sides, so that the line is shorter
}

// run is a piece of text with one look; size 0 is the body's.
type run struct {
	text   string
	style  string // B, I, BI
	size   float64
	symbol bool
	dots   bool // a line of dots up to the right margin
}

func (w *word) p(o para, runs ...run) {
	w.WriteString(`<w:p><w:pPr>`)
	if o.keep {
		w.WriteString(`<w:keepNext/>`)
	}
	w.WriteString(`<w:keepLines/>`)
	if o.rule {
		w.WriteString(`<w:pBdr><w:bottom w:val="single" w:sz="6" w:space="1" w:color="000000"/></w:pBdr>`)
	}
	for _, r := range runs {
		if r.dots {
			fmt.Fprintf(w, `<w:tabs><w:tab w:val="right" w:leader="dot" w:pos="%d"/></w:tabs>`, w.inner)
		}
	}
	after := o.after
	if after == 0 && !o.tight {
		after = int(w.Gap * 10)
	}
	fmt.Fprintf(w, `<w:spacing w:before="%d" w:after="%d"/>`, o.before, after)
	fmt.Fprintf(w, `<w:ind w:left="%d" w:right="%d" w:firstLine="%d"/>`, o.left+o.ruleIndent, o.ruleIndent, o.indent)
	fmt.Fprintf(w, `<w:jc w:val="%s"/></w:pPr>`, cmp.Or(o.align, "left"))
	for _, r := range runs {
		w.run(r)
	}
	w.WriteString(`</w:p>`)
}

func (w *word) run(r run) {
	w.WriteString(`<w:r><w:rPr>`)
	if r.symbol {
		w.WriteString(`<w:rFonts w:ascii="Segoe UI Symbol" w:hAnsi="Segoe UI Symbol" w:eastAsia="Segoe UI Symbol" w:cs="Segoe UI Symbol"/>`)
	}
	if strings.Contains(r.style, "B") {
		w.WriteString(`<w:b/>`)
	}
	if strings.Contains(r.style, "I") {
		w.WriteString(`<w:i/>`)
	}
	if r.size > 0 {
		fmt.Fprintf(w, `<w:sz w:val="%d"/><w:szCs w:val="%d"/>`, half(r.size), half(r.size))
	}
	w.WriteString(`</w:rPr>`)
	for i, line := range strings.Split(r.text, "\n") {
		if i > 0 {
			w.WriteString(`<w:br/>`)
		}
		fmt.Fprintf(w, `<w:t xml:space="preserve">%s</w:t>`, escape(line))
	}
	if r.dots {
		w.WriteString(`<w:tab/>`)
	}
	w.WriteString(`</w:r>`)
}

// side puts two columns beside each other in a table without borders.
func (w *word) side(leftPart float64, left, right func()) {
	a := int(float64(w.inner) * leftPart)
	fmt.Fprintf(w, `<w:tbl><w:tblPr><w:tblW w:w="%d" w:type="dxa"/><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid><w:gridCol w:w="%d"/><w:gridCol w:w="%d"/></w:tblGrid><w:tr><w:trPr><w:cantSplit/></w:trPr>`,
		w.inner, a, w.inner-a)
	for i, f := range []func(){left, right} {
		fmt.Fprintf(w, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/></w:tcPr>`, []int{a, w.inner - a}[i])
		f()
		w.WriteString(`</w:tc>`)
	}
	w.WriteString(`</w:tr></w:tbl>`)
}

func (w *word) head() {
	d := w.doc
	mid := para{align: "center", tight: true, keep: true}
	if d.Language == "en" {
		w.p(para{tight: true}, run{text: d.Agency, style: "B", size: w.Theme.Title})
		w.p(para{tight: true}, run{text: d.dated()})
		w.p(para{}, run{text: "Our reference: " + d.Number})
	} else {
		w.side(0.43, func() {
			if d.Superior != "" {
				w.p(mid, run{text: strings.ToUpper(d.Superior), size: w.Agency})
			}
			w.p(mid, run{text: strings.ToUpper(cmp.Or(d.Agency, "………………………")), style: "B", size: w.Agency})
			w.p(para{align: "center", tight: true, rule: true, ruleIndent: w.inner / 7}, run{size: 1})
		}, func() {
			w.p(mid, run{text: "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", style: "B", size: w.National})
			w.p(mid, run{text: "Độc lập - Tự do - Hạnh phúc", style: "B", size: w.Motto})
			w.p(para{align: "center", tight: true, rule: true, ruleIndent: w.inner / 9}, run{size: 1})
		})
		w.side(0.43, func() {
			w.p(para{align: "center", tight: true, keep: true, before: 80}, run{text: "Số: " + d.Number, size: w.Number})
			if d.Layout == form.Letter {
				w.p(mid, run{text: d.Title, size: 12})
			}
			for _, s := range d.Stamps {
				w.p(para{align: "center", tight: true, before: 60}, run{text: "[ " + s + " ]", style: "B"})
			}
		}, func() {
			w.p(para{align: "center", tight: true, before: 80}, run{text: d.dated(), style: "I", size: w.Date})
		})
	}
	if d.Language == "en" {
		for _, s := range d.Stamps {
			w.p(para{}, run{text: "[ " + s + " ]", style: "B"})
		}
	}
	switch {
	case d.Layout == form.Letter && d.Language == "en":
		w.salutation("To: ")
		w.p(para{after: 120}, run{text: "Subject: " + d.Title, style: "B"})
	case d.Layout == form.Letter:
		w.salutation("Kính gửi: ")
	default:
		w.p(para{align: "center", before: 240, tight: true, keep: true}, run{text: d.Title, style: "B", size: w.Theme.Title})
		w.p(para{rule: true, ruleIndent: w.inner * 2 / 5, after: 120}, run{size: 1})
		if d.Layout == form.Report {
			w.salutation("Kính gửi: ")
		}
	}
	if len(d.Basis) > 0 {
		w.p(para{align: "both", indent: twips(w.Indent)}, run{text: map[bool]string{true: "Based on ", false: "Căn cứ "}[d.Language == "en"] + strings.Join(d.Basis, "; ") + ";", style: "I"})
	}
}

func (w *word) salutation(words string) {
	switch to := w.doc.To; len(to) {
	case 0:
	case 1:
		w.p(para{align: "center", before: 120, after: 160}, run{text: words + to[0], size: w.Salute})
	default:
		w.p(para{left: twips(20), before: 120, tight: true, keep: true}, run{text: words, size: w.Salute})
		for i, t := range to {
			o := para{left: twips(32), tight: true, keep: true}
			end := ";"
			if i == len(to)-1 {
				end, o.tight, o.after = ".", false, 160
			}
			w.p(o, run{text: "- " + t + end, size: w.Salute})
		}
	}
}

func (w *word) block(b Block) {
	label := "- " + b.Label + ":"
	switch b.Kind {
	case Heading:
		w.p(para{before: int(w.Gap * 20), keep: true}, run{text: b.Label, style: "B"})
	case Line:
		if len(b.Values) == 0 || b.Values[0] == "" {
			w.p(para{}, run{text: label + " ", dots: true})
			return
		}
		w.p(para{}, run{text: label + " " + strings.Join(b.Values, "; ")})
	case Text:
		if b.Label != "" && len(b.Values) == 0 {
			w.p(para{}, run{text: label + " ", dots: true})
			w.p(para{}, run{dots: true})
			w.p(para{}, run{dots: true})
			return
		}
		if b.Label != "" {
			w.p(para{tight: true, keep: true}, run{text: label})
		}
		for _, v := range b.Values {
			for _, s := range strings.Split(v, "\n") {
				align := "left"
				if justified(s) {
					align = "both"
				}
				w.p(para{align: align, indent: twips(w.Indent)}, run{text: s})
			}
		}
	case Boxes:
		w.p(para{tight: true, keep: true}, run{text: label})
		if short(b.Options) {
			var runs []run
			for _, o := range b.Options {
				runs = append(runs, run{text: sign(o), symbol: true}, run{text: " " + o.Label + "      "})
			}
			w.p(para{left: twips(w.Indent)}, runs...)
			return
		}
		for i, o := range b.Options {
			text := " " + o.Label
			if o.Blank {
				text += ": " + o.Text
			}
			w.p(para{left: twips(w.Indent), tight: i < len(b.Options)-1, keep: i == 0}, run{text: sign(o), symbol: true},
				run{text: text, dots: o.Blank && o.Text == ""})
		}
	case Table:
		if b.Label != "" {
			w.p(para{keep: true}, run{text: label})
		}
		w.table(b)
	}
}

func sign(o Box) string {
	if o.Ticked {
		return "☒"
	}
	return "☐"
}

// short reports whether the options have room on one line.
func short(options []Box) bool {
	n := 0
	for _, o := range options {
		n += len(o.Label) + 10
		if o.Blank {
			return false
		}
	}
	return n < 90
}

func (w *word) table(b Block) {
	fmt.Fprintf(w, `<w:tbl><w:tblPr><w:tblW w:w="%d" w:type="dxa"/><w:tblBorders>`, w.inner)
	for _, side := range []string{"top", "left", "bottom", "right", "insideH", "insideV"} {
		fmt.Fprintf(w, `<w:%s w:val="single" w:sz="4" w:space="0" w:color="000000"/>`, side)
	}
	w.WriteString(`</w:tblBorders><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>`)
	for _, c := range b.Columns {
		fmt.Fprintf(w, `<w:gridCol w:w="%d"/>`, w.inner*c.Width/100)
	}
	w.WriteString(`</w:tblGrid>`)
	row := func(values []string, head bool) {
		w.WriteString(`<w:tr><w:trPr><w:cantSplit/>`)
		if head {
			w.WriteString(`<w:tblHeader/>`)
		}
		w.WriteString(`</w:trPr>`)
		for i, c := range b.Columns {
			fmt.Fprintf(w, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/></w:tcPr>`, w.inner*c.Width/100)
			o, style := para{tight: true}, ""
			switch {
			case head:
				o.align, style, o.keep = "center", "B", true
			case c.Right:
				o.align = "right"
			}
			w.p(o, run{text: values[i], style: style, size: w.Table})
			w.WriteString(`</w:tc>`)
		}
		w.WriteString(`</w:tr>`)
	}
	titles := make([]string, len(b.Columns))
	for i, c := range b.Columns {
		titles[i] = c.VI
	}
	row(titles, true)
	for _, r := range b.Rows {
		row(r, false)
	}
	if len(b.Rows) == 0 {
		row(make([]string, len(b.Columns)), false)
	}
	w.WriteString(`</w:tbl>`)
	w.p(para{}, run{size: 4}) // two tables would grow together
}

func (w *word) closing() {
	d := w.doc
	mid := para{align: "center", tight: true, keep: true}
	switch {
	case len(d.Parties) > 0:
		n := len(d.Parties)
		fmt.Fprintf(w, `<w:tbl><w:tblPr><w:tblW w:w="%d" w:type="dxa"/><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>`, w.inner)
		for range n {
			fmt.Fprintf(w, `<w:gridCol w:w="%d"/>`, w.inner/n)
		}
		w.WriteString(`</w:tblGrid><w:tr><w:trPr><w:cantSplit/></w:trPr>`)
		for _, s := range d.Parties {
			fmt.Fprintf(w, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/></w:tcPr>`, w.inner/n)
			w.p(mid, run{text: s, style: "B", size: w.CopiesHead})
			w.p(para{align: "center", after: 1200}, run{text: "(Ký, ghi rõ họ tên)", style: "I", size: w.Theme.Copies})
			w.WriteString(`</w:tc>`)
		}
		w.WriteString(`</w:tr></w:tbl>`)
	case d.Language == "en":
		w.p(para{before: 240, after: 900, keep: true}, run{text: "Yours sincerely,"})
		w.p(para{}, run{text: d.Name, style: "B"})
	default:
		w.side(0.5, func() {
			if len(d.Copies) > 0 {
				w.p(para{tight: true}, run{text: "Nơi nhận:", style: "BI", size: w.CopiesHead})
			}
			for _, c := range d.Copies {
				w.p(para{tight: true}, run{text: "- " + c, size: w.Theme.Copies})
			}
			w.p(para{tight: true}, run{size: 1})
		}, func() {
			w.p(mid, run{text: strings.ToUpper(cmp.Or(d.Signer, "NGƯỜI ĐẠI DIỆN THEO PHÁP LUẬT")), style: "B"})
			hint := "(Ký tên, đóng dấu)"
			if d.Layout == form.Minutes {
				hint = "(Ký, ghi rõ họ tên)"
			}
			w.p(para{align: "center", after: 1300, keep: true}, run{text: hint, style: "I", size: w.Theme.Copies})
			w.p(mid, run{text: d.Name, style: "B"})
		})
	}
	w.p(para{tight: true}, run{size: 4})
	for _, n := range d.Notes {
		w.p(para{tight: true}, run{text: n, style: "I", size: w.Small})
	}
}

// section sets paper, margins and where the page number stands: in the middle above, not on the first page.
func (w *word) section() string {
	width, height, orient := twips(w.Width), twips(w.Height), ""
	if w.doc.Landscape {
		width, height, orient = height, width, ` w:orient="landscape"`
	}
	return fmt.Sprintf(`<w:sectPr><w:headerReference w:type="default" r:id="rId2"/><w:footerReference w:type="default" r:id="rId3"/><w:footerReference w:type="first" r:id="rId3"/><w:pgSz w:w="%d" w:h="%d"%s/><w:pgMar w:top="%d" w:right="%d" w:bottom="%d" w:left="%d" w:header="567" w:footer="567" w:gutter="0"/><w:titlePg/></w:sectPr>`,
		width, height, orient, twips(w.Top), twips(w.Right), twips(w.Bottom), twips(w.Left))
}

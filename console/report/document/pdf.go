package document

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-fonts/liberation/liberationserifbold"
	"github.com/go-fonts/liberation/liberationserifbolditalic"
	"github.com/go-fonts/liberation/liberationserifitalic"
	"github.com/go-fonts/liberation/liberationserifregular"
	"golang.org/x/text/unicode/norm"

	"khien/console/report/form"
)

// family is the name of the embedded typeface: Liberation Serif, as wide as Times New Roman.
const family = "serif"

// PagesMax is how many pages a document may have.
const PagesMax = 500

// page draws strips from top to bottom.
type page struct {
	*fpdf.Fpdf
	Theme
	doc           *Doc
	y             float64
	width, height float64 // of the page
	strips        []strip
}

// strip is a piece that is never split: what does not fit goes to the next page with everything that it keeps with it.
type strip struct {
	height float64
	keep   bool // on one page with the following strip
	draw   func(y float64)
	again  *strip // drawn first when the page breaks before this strip: the head of a table
}

// Render returns a document as PDF. made is its date of creation, and all else is the document's: the same document gives
// the same bytes.
func Render(d *Doc, t Theme, made time.Time) ([]byte, error) {
	orientation := "P"
	if d.Landscape {
		orientation = "L"
	}
	p := &page{Fpdf: fpdf.New(orientation, "mm", "A4", ""), Theme: t, doc: d, width: t.Width, height: t.Height}
	if d.Landscape {
		p.width, p.height = t.Height, t.Width
	}
	p.SetCatalogSort(true)
	p.SetCreationDate(made.UTC())
	p.SetModificationDate(made.UTC())
	p.SetTitle(text(d.Title), true)
	p.SetAuthor(text(d.Agency), true)
	p.SetCreator("Khiên", true)
	p.SetLang(map[bool]string{true: "en", false: "vi"}[d.Language == "en"])
	p.AddUTF8FontFromBytes(family, "", liberationserifregular.TTF)
	p.AddUTF8FontFromBytes(family, "B", liberationserifbold.TTF)
	p.AddUTF8FontFromBytes(family, "I", liberationserifitalic.TTF)
	p.AddUTF8FontFromBytes(family, "BI", liberationserifbolditalic.TTF)
	p.SetAutoPageBreak(false, 0)
	p.SetMargins(0, 0, 0)
	p.SetCellMargin(0)
	p.SetLineWidth(0.25)
	p.newPage()
	p.head()
	for _, b := range d.Blocks {
		p.block(b)
	}
	p.closing()
	if err := p.flow(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	return out.Bytes(), nil
}

// text returns what is drawn: composed letters, which is what the font has.
func text(s string) string { return norm.NFC.String(strings.ReplaceAll(s, "\t", "    ")) }

// plane replaces what lies beyond the Basic Multilingual Plane: the font has none of it, and the library breaks off at it.
func plane(s string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xffff {
			return '□'
		}
		return r
	}, s)
}

// Text draws a text, and GetStringWidth measures it, as it is drawn.
func (p *page) Text(x, y float64, s string) { p.Fpdf.Text(x, y, plane(s)) }

func (p *page) GetStringWidth(s string) float64 { return p.Fpdf.GetStringWidth(plane(s)) }

func (p *page) newPage() {
	p.AddPage()
	p.y = p.Top
	if n := p.PageNo(); n > 1 {
		p.SetFont(family, "", p.Folio)
		s := fmt.Sprint(n)
		p.Text((p.width-p.GetStringWidth(s))/2, p.Top-6, s)
	}
	p.SetFont(family, "I", 8)
	p.Text(p.Left, p.height-p.Bottom+8, text(p.doc.Foot))
}

// flow places the strips.
func (p *page) flow() error {
	bottom := p.height - p.Bottom
	for i := 0; i < len(p.strips); {
		j, h := i, 0.0
		for {
			h += p.strips[j].height
			j++
			if !p.strips[j-1].keep || j == len(p.strips) {
				break
			}
		}
		if p.y+h > bottom && h > bottom-p.Top {
			j, h = i+1, p.strips[i].height // more than a page: keep what can be kept
		}
		if p.y+h > bottom && p.y > p.Top {
			if p.PageNo() >= PagesMax {
				return fmt.Errorf("document: more than %d pages", PagesMax)
			}
			p.newPage()
			if a := p.strips[i].again; a != nil {
				a.draw(p.y)
				p.y += a.height
			}
		}
		for ; i < j; i++ {
			p.strips[i].draw(p.y)
			p.y += p.strips[i].height
		}
	}
	return nil
}

func (p *page) add(s strip) { p.strips = append(p.strips, s) }

func (p *page) space(points float64) {
	p.add(strip{height: points * mmPerPoint, draw: func(float64) {}})
}

// inner is the width between the margins.
func (p *page) inner() float64 { return p.width - p.Left - p.Right }

// wrap cuts a text into lines; a word that is wider than a line (an address, a hash) is cut where it has to be.
func (p *page) wrap(s string, width, first float64) []string {
	var out []string
	for _, para := range strings.Split(text(s), "\n") {
		line, room := "", width-first
		for _, word := range strings.Fields(para) {
			joined := word
			if line != "" {
				joined = line + " " + word
			}
			if p.GetStringWidth(joined) <= room {
				line = joined
				continue
			}
			if line != "" {
				out = append(out, line)
				room = width
			}
			line = word
			for p.GetStringWidth(line) > room {
				n := p.fits(line, room)
				out = append(out, line[:n])
				line, room = line[n:], width
			}
		}
		out = append(out, line)
		first = 0
	}
	return out
}

// fits returns how many bytes of a word fit, at least one letter.
func (p *page) fits(word string, room float64) int {
	n := 0
	for i, r := range word {
		end := i + len(string(r))
		if p.GetStringWidth(word[:end]) > room && n > 0 {
			break
		}
		n = end
	}
	return n
}

// lines adds a text as strips of one line each; the first two and the last two stay together.
func (p *page) lines(s, style string, size, left, right, first float64, justify bool) {
	p.SetFont(family, style, size)
	width := p.inner() - left - right
	lines := p.wrap(s, width, first)
	h := p.line(size)
	for i, l := range lines {
		x := p.Left + left
		if i == 0 {
			x += first
		}
		full := justify && i < len(lines)-1
		p.add(strip{height: h, keep: len(lines) > 1 && (i == 0 || i == len(lines)-2), draw: func(y float64) {
			p.SetFont(family, style, size)
			p.row(l, x, y+h*0.78, p.Left+left+width-x, full)
		}})
	}
}

// row draws one line, stretched to the width when it is full.
func (p *page) row(l string, x, y, width float64, full bool) {
	words := strings.Fields(l)
	rest := width - p.GetStringWidth(strings.Join(words, " "))
	if !full || len(words) < 4 || rest > width/5 {
		p.Text(x, y, l)
		return
	}
	gap := p.GetStringWidth(" ") + rest/float64(len(words)-1)
	for _, w := range words {
		p.Text(x, y, w)
		x += p.GetStringWidth(w) + gap
	}
}

// dots draws a line of dots to be written on.
func (p *page) dots(x, y, to float64) {
	p.SetFont(family, "", p.Body)
	w := p.GetStringWidth(".")
	if n := int((to - x) / w); n > 0 {
		p.Text(x, y, strings.Repeat(".", n))
	}
}

func (p *page) block(b Block) {
	switch b.Kind {
	case Heading:
		p.space(p.Gap)
		p.lines(b.Label, "B", p.Body, 0, 0, 0, false)
		p.keepLast()
		return
	case Line:
		p.labelled(b)
	case Text:
		p.paragraphs(b)
	case Boxes:
		p.boxes(b)
	case Table:
		p.table(b)
	}
	p.space(p.Gap / 2)
}

// keepLast keeps the last strip with what follows.
func (p *page) keepLast() {
	if n := len(p.strips); n > 0 {
		p.strips[n-1].keep = true
	}
}

func (p *page) labelled(b Block) {
	if len(b.Values) > 0 && b.Values[0] != "" {
		p.lines("- "+b.Label+": "+strings.Join(b.Values, "; "), "", p.Body, 0, 0, 0, false)
		return
	}
	p.blank("- " + b.Label + ": ")
}

// blank adds a label with dots behind its last line.
func (p *page) blank(label string) {
	p.lines(label, "", p.Body, 0, 0, 0, false)
	last := &p.strips[len(p.strips)-1]
	draw, h := last.draw, last.height
	p.SetFont(family, "", p.Body)
	lines := p.wrap(label, p.inner(), 0)
	from := p.GetStringWidth(lines[len(lines)-1] + " ")
	last.draw = func(y float64) {
		draw(y)
		p.dots(p.Left+from, y+h*0.78, p.width-p.Right)
	}
}

func (p *page) paragraphs(b Block) {
	if b.Label != "" && len(b.Values) == 0 {
		p.blank("- " + b.Label + ": ")
		for range 2 {
			h := p.line(p.Body)
			p.add(strip{height: h, draw: func(y float64) { p.dots(p.Left, y+h*0.78, p.width-p.Right) }})
		}
		return
	}
	if b.Label != "" {
		p.lines("- "+b.Label+":", "", p.Body, 0, 0, 0, false)
		p.keepLast()
	}
	for _, v := range b.Values {
		for _, para := range strings.Split(v, "\n") {
			p.lines(para, "", p.Body, 0, 0, p.Indent, justified(para))
		}
	}
}

// justified reports whether a paragraph may be stretched: long addresses and hashes would tear holes into it.
func justified(s string) bool {
	for _, w := range strings.Fields(s) {
		if len(w) > 40 {
			return false
		}
	}
	return true
}

// head draws the first page's head: who writes, number, place and day, title and whom it is for.
func (p *page) head() {
	d := p.doc
	if d.Language == "en" {
		p.lines(d.Agency, "B", p.Theme.Title, 0, 0, 0, false)
		if s := d.dated(); s != "" {
			p.lines(s, "", p.Body, 0, 0, 0, false)
		}
		p.lines("Our reference: "+d.Number, "", p.Body, 0, 0, 0, false)
	} else {
		p.letterhead()
	}
	for _, s := range d.Stamps {
		p.stamp(s)
	}
	p.space(10)
	switch {
	case d.Layout == form.Letter && d.Language != "en":
		p.salutation("Kính gửi: ")
	case d.Layout == form.Letter:
		p.salutation("To: ")
		p.lines("Subject: "+d.Title, "B", p.Body, 0, 0, 0, false)
		p.space(6)
	default:
		p.centred(d.Title, "B", p.Theme.Title, p.Left, p.inner())
		p.rule(p.Left+p.inner()/2, p.inner()/5)
		p.space(6)
		if d.Layout == form.Report {
			p.salutation("Kính gửi: ")
		}
	}
	if len(d.Basis) > 0 {
		label := "Căn cứ "
		if d.Language == "en" {
			label = "Based on "
		}
		p.lines(label+strings.Join(d.Basis, "; ")+";", "I", p.Body, 0, 0, p.Indent, true)
		p.space(p.Gap)
	}
}

// salutation names whom the document is for: one behind the words, several each on a line.
func (p *page) salutation(words string) {
	switch to := p.doc.To; len(to) {
	case 0:
	case 1:
		p.centred(words+to[0], "", p.Salute, p.Left+10, p.inner()-20)
	default:
		p.lines(words, "", p.Salute, 20, 0, 0, false)
		p.keepLast()
		for i, t := range to {
			end := ";"
			if i == len(to)-1 {
				end = "."
			}
			p.lines("- "+t+end, "", p.Salute, 32, 0, 0, false)
			p.keepLast()
		}
	}
	p.space(8)
}

// centred adds lines in the middle of a column.
func (p *page) centred(s, style string, size, x, width float64) {
	p.SetFont(family, style, size)
	h := p.line(size)
	for _, l := range p.balanced(s, width) {
		p.add(strip{height: h, keep: true, draw: func(y float64) {
			p.SetFont(family, style, size)
			p.Text(x+(width-p.GetStringWidth(l))/2, y+h*0.78, l)
		}})
	}
}

// balanced cuts a text into no more lines than needed, all about as long: no word stands alone below a title.
func (p *page) balanced(s string, width float64) []string {
	lines := p.wrap(s, width, 0)
	for w := width * 0.97; len(lines) > 1 && w > width/2; w *= 0.97 {
		narrower := p.wrap(s, w, 0)
		if len(narrower) > len(lines) {
			break
		}
		lines = narrower
	}
	return lines
}

// rule adds a horizontal line of a width around a middle.
func (p *page) rule(middle, width float64) {
	p.add(strip{height: 1.5, keep: true, draw: func(y float64) { p.Fpdf.Line(middle-width/2, y+0.8, middle+width/2, y+0.8) }})
}

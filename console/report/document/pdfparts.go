package document

import (
	"cmp"
	"strings"

	"khien/console/report/form"
)

// cell is a line of the letterhead.
type cell struct {
	s, style string
	size     float64
	rule     float64 // width of the line below, in parts of the text's width; 0 for none
}

// letterhead draws both columns of the first page's head side by side.
func (p *page) letterhead() {
	d := p.doc
	left := []cell{}
	if d.Superior != "" {
		left = append(left, cell{strings.ToUpper(d.Superior), "", p.Agency, 0})
	}
	left = append(left, cell{strings.ToUpper(cmp.Or(d.Agency, "………………………")), "B", p.Agency, 0.4})
	p.side(left, []cell{{"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "B", p.National, 0}, {"Độc lập - Tự do - Hạnh phúc", "B", p.Motto, 1}})
	number := []cell{{"Số: " + d.Number, "", p.Number, 0}}
	if d.Layout == form.Letter {
		number = append(number, cell{d.Title, "", 12, 0})
	}
	p.side(number, []cell{{d.dated(), "I", p.Date, 0}})
}

// side adds two columns, the left one a little narrower.
func (p *page) side(left, right []cell) {
	split := p.inner() * 0.43
	a, ha := p.column(left, p.Left, split-4)
	b, hb := p.column(right, p.Left+split, p.inner()-split)
	p.add(strip{height: max(ha, hb) + 1, keep: true, draw: func(y float64) { a(y); b(y) }})
}

// column prepares centred lines one below the other.
func (p *page) column(cells []cell, x, width float64) (draw func(float64), height float64) {
	type piece struct {
		s, style         string
		size, y, x, rule float64
	}
	var pieces []piece
	for _, c := range cells {
		p.SetFont(family, c.style, c.size)
		h := p.line(c.size)
		lines := p.balanced(c.s, width)
		for i, l := range lines {
			w := p.GetStringWidth(l)
			q := piece{text(l), c.style, c.size, height + h*0.78, x + (width-w)/2, 0}
			if i == len(lines)-1 {
				q.rule = w * c.rule
			}
			pieces = append(pieces, q)
			height += h
		}
		if c.rule > 0 {
			height += 2.2
		}
	}
	return func(y float64) {
		for _, q := range pieces {
			p.SetFont(family, q.style, q.size)
			p.Text(q.x, y+q.y, q.s)
			if q.rule > 0 {
				p.Fpdf.Line(x+(width-q.rule)/2, y+q.y+1.6, x+(width+q.rule)/2, y+q.y+1.6)
			}
		}
	}, height
}

// stamp adds a framed word: urgency, secrecy, draft.
func (p *page) stamp(s string) {
	h := p.line(p.Body) + 2
	p.add(strip{height: h + 2, keep: true, draw: func(y float64) {
		p.SetFont(family, "B", p.Body)
		w := p.GetStringWidth(text(s)) + 8
		middle := p.Left + p.inner()*0.21 - 2
		p.Rect(middle-w/2, y+1.5, w, h, "D")
		p.Text(middle-w/2+4, y+1.5+h*0.68, text(s))
	}})
}

// boxes draws choices. Short ones share a line; a box never leaves its label.
func (p *page) boxes(b Block) {
	const gap = 1.8
	p.lines("- "+b.Label+":", "", p.Body, 0, 0, 0, false)
	p.keepLast()
	h := p.line(p.Body)
	p.SetFont(family, "", p.Body)
	width := p.Box + gap
	total := 0.0
	for _, o := range b.Options {
		total += width + p.GetStringWidth(text(o.Label)) + 8
		if o.Blank {
			total += p.inner()
		}
	}
	if total <= p.inner()-p.Indent {
		p.add(strip{height: h, draw: func(y float64) {
			x := p.Left + p.Indent
			for _, o := range b.Options {
				p.box(x, y, h, o.Ticked)
				p.SetFont(family, "", p.Body)
				p.Text(x+width, y+h*0.78, text(o.Label))
				x += width + p.GetStringWidth(text(o.Label)) + 8
			}
		}})
		return
	}
	for i, o := range b.Options {
		label := o.Label
		if o.Blank {
			label += ": " + o.Text
		}
		p.SetFont(family, "", p.Body)
		lines := p.wrap(label, p.inner()-p.Indent-width, 0)
		p.add(strip{height: h * float64(len(lines)), keep: (i == 0 || i == len(b.Options)-2) && len(b.Options) > 1, draw: func(y float64) {
			p.box(p.Left+p.Indent, y, h, o.Ticked)
			p.SetFont(family, "", p.Body)
			for k, l := range lines {
				p.Text(p.Left+p.Indent+width, y+h*(0.78+float64(k)), l)
			}
			if o.Blank && o.Text == "" {
				last := lines[len(lines)-1]
				p.dots(p.Left+p.Indent+width+p.GetStringWidth(last+" "), y+h*(float64(len(lines))-0.22), p.width-p.Right)
			}
		}})
	}
}

func (p *page) box(x, y, h float64, ticked bool) {
	top := y + (h-p.Box)/2 + 0.2
	p.Rect(x, top, p.Box, p.Box, "D")
	if ticked {
		p.SetLineWidth(0.45)
		p.Fpdf.Line(x+0.6, top+0.6, x+p.Box-0.6, top+p.Box-0.6)
		p.Fpdf.Line(x+0.6, top+p.Box-0.6, x+p.Box-0.6, top+0.6)
		p.SetLineWidth(0.25)
	}
}

const pad = 1.2 // mm between a cell's border and its text

// table draws rows with borders. The head comes again on every page; a row is split only when it is taller than a page.
func (p *page) table(b Block) {
	if b.Label != "" {
		p.lines("- "+b.Label+":", "", p.Body, 0, 0, 0, false)
		p.keepLast()
	}
	p.space(p.Gap / 2)
	p.keepLast()
	rows := b.Rows
	if len(rows) == 0 {
		for range 2 {
			rows = append(rows, make([]string, len(b.Columns)))
		}
	}
	titles := make([]string, len(b.Columns))
	for i, c := range b.Columns {
		titles[i] = c.VI
	}
	head := p.cells(titles, b.Columns, "B", true)[0]
	head.keep = true
	p.add(head)
	for i, r := range rows {
		for _, s := range p.cells(r, b.Columns, "", false) {
			s.again = &head
			s.keep = i == len(rows)-2 // no row is alone on a page
			p.add(s)
		}
	}
}

// cells lays out a row; it is more than one strip when it does not fit on a page.
func (p *page) cells(values []string, columns []form.Column, style string, middle bool) []strip {
	p.SetFont(family, style, p.Table)
	h := p.line(p.Table)
	wrapped := make([][]string, len(columns))
	most := 1
	for i, c := range columns {
		wrapped[i] = p.wrap(values[i], p.inner()*float64(c.Width)/100-2*pad, 0)
		most = max(most, len(wrapped[i]))
	}
	perPage := int((p.height-p.Top-p.Bottom)/h) - 6
	var out []strip
	for from := 0; from < most; from += perPage {
		n := min(most-from, perPage)
		height := float64(n)*h + 2*pad
		out = append(out, strip{height: height, draw: func(y float64) {
			x := p.Left
			for i, c := range columns {
				w := p.inner() * float64(c.Width) / 100
				p.Rect(x, y, w, height, "D")
				p.SetFont(family, style, p.Table)
				lines := wrapped[i][min(from, len(wrapped[i])):min(from+n, len(wrapped[i]))]
				at := y + pad
				if middle {
					at = y + (height-float64(len(lines))*h)/2
				}
				for k, l := range lines {
					lx := x + pad
					switch lw := p.GetStringWidth(l); {
					case middle:
						lx = x + (w-lw)/2
					case c.Right:
						lx = x + w - pad - lw
					}
					p.Text(lx, at+h*(0.78+float64(k)), l)
				}
				x += w
			}
		}})
	}
	return out
}

// closing draws the end: who signs and who gets a copy.
func (p *page) closing() {
	d := p.doc
	for i := len(p.strips) - 1; i > 0 && i > len(p.strips)-5; i-- {
		p.strips[i].keep = true // no signature is alone on a page
	}
	p.space(8)
	p.keepLast()
	switch {
	case len(d.Parties) > 0:
		p.parties()
	case d.Language == "en":
		p.add(strip{height: 32, draw: func(y float64) {
			p.SetFont(family, "", p.Body)
			p.Text(p.Left, y+5, "Yours sincerely,")
			p.SetFont(family, "B", p.Body)
			p.Text(p.Left, y+30, text(d.Name))
		}})
	default:
		p.signature()
	}
	if len(d.Notes) == 0 {
		return
	}
	p.keepLast()
	from := len(p.strips)
	p.space(6)
	for _, n := range d.Notes {
		p.lines(n, "I", p.Small, 0, 0, 0, false)
	}
	for i := from; i < len(p.strips)-1; i++ {
		p.strips[i].keep = true
	}
}

func (p *page) parties() {
	d := p.doc
	w := p.inner() / float64(len(d.Parties))
	p.add(strip{height: 42, draw: func(y float64) {
		for i, s := range d.Parties {
			middle := p.Left + w*(float64(i)+0.5)
			p.SetFont(family, "B", p.CopiesHead)
			p.Text(middle-p.GetStringWidth(text(s))/2, y+5, text(s))
			p.SetFont(family, "I", p.Theme.Copies)
			hint := "(Ký, ghi rõ họ tên)"
			p.Text(middle-p.GetStringWidth(hint)/2, y+10, hint)
		}
	}})
}

func (p *page) signature() {
	d := p.doc
	half := p.inner() / 2
	signer := strings.ToUpper(cmp.Or(d.Signer, "NGƯỜI ĐẠI DIỆN THEO PHÁP LUẬT"))
	right := []cell{}
	for _, s := range strings.Split(signer, "\n") {
		right = append(right, cell{s, "B", p.Body, 0})
	}
	hint := "(Ký tên, đóng dấu)"
	if d.Layout == form.Minutes {
		hint = "(Ký, ghi rõ họ tên)"
	}
	right = append(right, cell{hint, "I", p.Theme.Copies, 0})
	sign, hs := p.column(right, p.Left+half, half)
	name, hn := p.column([]cell{{cmp.Or(d.Name, " "), "B", p.Body, 0}}, p.Left+half, half)
	const space = 24 // for signature and seal
	p.add(strip{height: max(hs+space+hn, p.line(p.CopiesHead)+float64(len(d.Copies))*p.line(p.Theme.Copies)+2), draw: func(y float64) {
		if len(d.Copies) > 0 {
			h := p.line(p.CopiesHead)
			p.SetFont(family, "BI", p.CopiesHead)
			p.Text(p.Left, y+h*0.78, "Nơi nhận:")
			p.SetFont(family, "", p.Theme.Copies)
			for i, c := range d.Copies {
				p.Text(p.Left, y+h+p.line(p.Theme.Copies)*(float64(i)+0.78), text("- "+c))
			}
		}
		sign(y)
		name(y + hs + space)
	}})
}

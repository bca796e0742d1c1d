package document

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"image/png"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-fonts/liberation/liberationserifbold"
	"github.com/go-fonts/liberation/liberationserifbolditalic"
	"github.com/go-fonts/liberation/liberationserifitalic"
	"github.com/go-fonts/liberation/liberationserifregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"

	"khien/console/report"
	"khien/console/report/form"
	"khien/console/report/legal"
)

var made = time.Date(2026, 11, 29, 8, 5, 0, 0, time.UTC)

// sample returns an incident with something under every key, so that every form is full.
func sample(t *testing.T, f *form.Form) *report.Incident {
	t.Helper()
	in := &report.Incident{Case: "SC-2026-0001", Confirmed: map[string]report.Confirmation{}}
	long := "Từ 08:12:07 ngày 27/11/2026, hệ thống giám sát ghi nhận nhiều thiết bị trong mạng tra cứu tên miền hxxp://vneid-capnhat-gov[.]com/dang-nhap giả mạo ứng dụng VNeID, mở trang đăng nhập giả và gửi mật khẩu, mã OTP; sau đó tải về tệp cài đặt giả mạo và liên lạc với máy chủ điều khiển."
	for _, s := range f.Sections {
		for _, d := range s.Fields {
			fact := report.Fact{Values: []string{"Trung tâm Giám sát an ninh mạng tỉnh"}}
			switch d.Type {
			case form.LongText:
				fact.Values = []string{long, "From 08:12 on 27 November 2026 devices looked up a name that imitates VNeID, opened a false login page and sent passwords and one-time codes."}
			case form.Date, form.Time, form.DateTime:
				fact.Values = []string{"2026-11-27T08:12:07+07:00"}
			case form.Checkbox, form.Radio:
				fact.Values = []string{d.Options[0].Code}
				if d.Options[0].Text {
					fact.Values[0] += ":Công an tỉnh"
				}
			case form.IPList:
				fact.Values = []string{"198.51.100.7", "2001:db8::/32"}
			case form.Attachments:
				fact = report.Fact{Rows: [][]string{{"vu-viec.pcapng", "18 234 byte", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}}}
			case form.Table:
				fact = report.Fact{}
				for range 6 {
					row := make([]string, len(d.Columns))
					for i := range row {
						row[i] = "Giá trị"
					}
					row[len(row)/2] = "hxxp://vneid-capnhat-gov[.]com/xl/gui_otp.php"
					fact.Rows = append(fact.Rows, row)
				}
			}
			if err := in.Set(d.Map, fact); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, b := range f.Basis {
		in.Confirmed["citation:"+b] = report.Confirmation{By: "an"}
	}
	return in
}

var profile = report.Profile{Superior: "Công an tỉnh X", Agency: "Trung tâm Giám sát an ninh mạng", Symbol: "TTGS", Place: "Hà Nội",
	SignerTitle: "KT. GIÁM ĐỐC\nPHÓ GIÁM ĐỐC", SignerName: "Nguyễn Văn Ước", NameEN: "Provincial Cybersecurity Monitoring Centre"}

// each visits every form of every pack, full and empty.
func each(t *testing.T, visit func(name string, f *form.Filled, d *Doc)) {
	t.Helper()
	for _, id := range legal.Shipped() {
		p, err := legal.Load(id)
		if err != nil {
			t.Fatal(err)
		}
		forms, err := form.Load(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range forms {
			for name, in := range map[string]*report.Incident{"full": sample(t, f), "empty": {Case: "SC-2026-0001"}} {
				filled, err := form.Fill(f, p, in)
				if err != nil {
					t.Fatal(err)
				}
				visit(id+"-"+f.ID+"-"+name, filled, New(filled, &profile, p, Options{Number: 7, Date: made, Draft: name == "empty"}))
			}
		}
	}
}

// write makes both files of a document.
func write(t *testing.T, d *Doc) (pdf, docx []byte) {
	t.Helper()
	pdf, err := Render(d, Official(), made)
	if err == nil {
		docx, err = DOCX(d, Official(), made)
	}
	if err != nil {
		t.Fatal(d.Title, err)
	}
	return pdf, docx
}

// TestLook writes every document for a person to look at, when LOOK names a folder. Programs of others check them there.
func TestLook(t *testing.T) {
	dir := os.Getenv("LOOK")
	if dir == "" {
		t.Skip("set LOOK to a folder to have every document written there")
	}
	each(t, func(name string, f *form.Filled, d *Doc) {
		pdf, docx := write(t, d)
		for ext, b := range map[string][]byte{".pdf": pdf, ".docx": docx} {
			if err := os.WriteFile(filepath.Join(dir, name+ext), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestGlyphs: all four faces have every Vietnamese letter; a renderer would put another face in for one that is missing.
func TestGlyphs(t *testing.T) {
	letters := "ĐđĂăÂâÊêÔôƠơƯưÁÀẢÃẠẮẰẲẴẶẤẦẨẪẬÉÈẺẼẸẾỀỂỄỆÍÌỈĨỊÓÒỎÕỌỐỒỔỖỘỚỜỞỠỢÚÙỦŨỤỨỪỬỮỰÝỲỶỸỴ"
	letters += strings.ToLower(letters) + "–…“”₫·□"
	for name, ttf := range map[string][]byte{"regular": liberationserifregular.TTF, "bold": liberationserifbold.TTF,
		"italic": liberationserifitalic.TTF, "bold italic": liberationserifbolditalic.TTF} {
		f, err := sfnt.Parse(ttf)
		if err != nil {
			t.Fatal(err)
		}
		var b sfnt.Buffer
		for _, r := range letters {
			if g, err := f.GlyphIndex(&b, r); err != nil || g == 0 {
				t.Errorf("%s has no %c: %v", name, r, err)
			}
		}
	}
}

// TestText: every label, option and value of every form can be read back from the PDF, composed.
func TestText(t *testing.T) {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext is missing: apt-get install poppler-utils")
	}
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
	each(t, func(name string, f *form.Filled, d *Doc) {
		if strings.HasSuffix(name, "-empty") {
			return // the same labels
		}
		pdf, err := Render(d, Official(), made)
		if err != nil {
			t.Fatal(name, err)
		}
		cmd := exec.Command("pdftotext", "-layout", "-", "-")
		cmd.Stdin = bytes.NewReader(pdf)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(name, err)
		}
		if !norm.NFC.IsNormal(out) {
			t.Errorf("%s: the text is not NFC", name)
		}
		all := squeeze(string(out))
		for _, p := range f.Parts {
			for _, v := range p.Data {
				want := []string{v.Label}
				for _, o := range v.Options {
					want = append(want, o.VI)
				}
				for _, c := range v.Columns {
					want = append(want, strings.Fields(c.VI)...)
				}
				for _, s := range want {
					// Columns and broken lines interleave in a page's text: then every word has to be there.
					found := strings.Contains(all, squeeze(s))
					if !found {
						found = true
						for _, w := range strings.Fields(s) {
							found = found && strings.Contains(all, w)
						}
					}
					if !found && !v.Salutation {
						t.Errorf("%s: no %q in the text", name, s)
					}
				}
			}
		}
	})
}

// TestImage: the first page looks as the one that a person has looked at. UPDATE=1 writes the picture anew.
func TestImage(t *testing.T) {
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		t.Skip("pdftoppm is missing: apt-get install poppler-utils")
	}
	each(t, func(name string, f *form.Filled, d *Doc) {
		if name != "vn-2026-initial-full" {
			return
		}
		pdf, _ := write(t, d)
		cmd := exec.Command("pdftoppm", "-r", "40", "-gray", "-png", "-f", "1", "-l", "1", "-")
		cmd.Stdin = bytes.NewReader(pdf)
		got, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		const file = "testdata/initial.png"
		if os.Getenv("UPDATE") == "1" {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := difference(t, got, want); diff > 0.01 {
			t.Errorf("%.4f of the grey differs, at most 0.01", diff)
		}
	})
}

// difference returns the mean difference of two pictures, 0 to 1.
func difference(t *testing.T, a, b []byte) float64 {
	t.Helper()
	x, err := png.Decode(bytes.NewReader(a))
	if err != nil {
		t.Fatal(err)
	}
	y, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if x.Bounds() != y.Bounds() {
		t.Fatalf("sizes %v and %v", x.Bounds(), y.Bounds())
	}
	sum, n := 0.0, 0
	for j := range x.Bounds().Dy() {
		for i := range x.Bounds().Dx() {
			p, _, _, _ := x.At(i, j).RGBA()
			q, _, _, _ := y.At(i, j).RGBA()
			sum += math.Abs(float64(p) - float64(q))
			n++
		}
	}
	return sum / float64(n) / 0xffff
}

// TestDeterminism: the same document gives the same bytes.
func TestDeterminism(t *testing.T) {
	each(t, func(name string, f *form.Filled, d *Doc) {
		if f.ID != "initial" && f.ID != "mau-05" {
			return
		}
		a, b := write(t, d)
		c, e := write(t, d)
		if !bytes.Equal(a, c) || !bytes.Equal(b, e) {
			t.Errorf("%s: two runs differ", name)
		}
	})
}

// TestHuge: a field as long as one may be, a word without a space and a row taller than a page are drawn whole, and XML
// characters stay text.
func TestHuge(t *testing.T) {
	p, err := legal.Load(legal.Default)
	if err != nil {
		t.Fatal(err)
	}
	f, err := form.Find(p, "initial", "")
	if err != nil {
		t.Fatal(err)
	}
	in := sample(t, f)
	for key, fact := range map[string]report.Fact{
		"incident.summary":    {Values: []string{strings.Repeat("dài ", report.FactBytes/5)}},
		"system.name":         {Values: []string{strings.Repeat("x", report.FactBytes)}},
		"system.purpose":      {Values: []string{"</w:t></w:r><w:p> & \"=cmd|' /C calc'!A0\" 🏛 \U000f9da4 \U0010ffff"}},
		"incident.indicators": {Rows: [][]string{{"a", strings.Repeat("y", report.FactBytes), "b"}}},
	} {
		if err := in.Set(key, fact); err != nil {
			t.Fatal(err)
		}
	}
	filled, err := form.Fill(f, p, in)
	if err != nil {
		t.Fatal(err)
	}
	pdf, docx := write(t, New(filled, &profile, p, Options{Date: made}))
	if n := bytes.Count(pdf, []byte("/Type /Page\n")); n < 10 {
		t.Errorf("%d pages", n)
	}
	z, err := zip.NewReader(bytes.NewReader(docx), int64(len(docx)))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range z.File {
		r, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(r)
		for err == nil {
			_, err = d.Token()
		}
		if err != io.EOF {
			t.Errorf("%s: %v", part.Name, err)
		}
	}
}

func TestDated(t *testing.T) {
	f := func(day, want string) {
		t.Helper()
		at, err := time.Parse(time.RFC3339, day)
		if err != nil {
			t.Fatal(err)
		}
		if got := (&Doc{Place: "Hà Nội", Date: at}).dated(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	f("2026-01-05T10:00:00+07:00", "Hà Nội, ngày 05 tháng 01 năm 2026")
	f("2026-03-05T10:00:00+07:00", "Hà Nội, ngày 05 tháng 3 năm 2026")
	f("2026-11-28T20:00:00Z", "Hà Nội, ngày 29 tháng 11 năm 2026") // already the 29th there
}

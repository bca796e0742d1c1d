package document

// Theme holds the measures of official papers (annex I of Nghị định 30/2020/NĐ-CP, which is to be checked before each
// release: "chưa kiểm chứng"). Lengths are millimetres, sizes points.
type Theme struct {
	Width, Height            float64 // A4 upright
	Top, Bottom, Left, Right float64
	National, Motto          float64 // Quốc hiệu, tiêu ngữ
	Agency, Number, Date     float64
	Title, Body, Salute      float64
	CopiesHead, Copies       float64
	Table, Small, Folio      float64
	Indent                   float64
	Gap                      float64 // between paragraphs, in points
	Leading                  float64 // line height in parts of the size
	Box                      float64 // side of a box to tick
}

// Official is the layout of the state's papers.
func Official() Theme {
	return Theme{Width: 210, Height: 297, Top: 20, Bottom: 20, Left: 30, Right: 15, National: 12, Motto: 13, Agency: 12, Number: 13,
		Date: 13, Title: 14, Body: 13, Salute: 13, CopiesHead: 12, Copies: 11, Table: 11, Small: 10.5, Folio: 13, Indent: 10, Gap: 4,
		Leading: 1.2, Box: 3.3}
}

const mmPerPoint = 25.4 / 72

func (t Theme) line(size float64) float64 { return size * mmPerPoint * t.Leading }

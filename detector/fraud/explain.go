package fraud

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"

	"khien/detector"
)

// Contribution is what one sign of a name adds to the log odds of its score.
type Contribution struct {
	detector.Text
	Weight float64
}

// silentText names the features that Reasons does not tell: they say how much the others weigh, not that something is wrong.
var silentText = [featCount][2]string{
	featBias:         {"mức nền: phần lớn tên miền là lành tính", "the base: most names are harmless"},
	featLongToken:    {"tên tổ chức dài, khó trùng ngẫu nhiên", "the organisation's name is long"},
	featShortLong:    {"tên viết tắt từ năm chữ trở lên", "the abbreviation has five letters or more"},
	featShortLoose:   {"chữ viết tắt nằm giữa các âm tiết khác", "the abbreviation is among other syllables"},
	featGlobalInside: {"tên thương hiệu quốc tế nằm lẫn trong tên", "an international brand is inside the name"},
	featTypeMoney:    {"tổ chức thuộc lĩnh vực tài chính", "the organisation is one of money"},
	featTypeState:    {"tổ chức là cơ quan nhà nước", "the organisation is an authority"},
	featTypeNetwork:  {"tổ chức thuộc viễn thông, bưu chính, điện nước", "the organisation is of telecom, post or utilities"},
	featTypeShop:     {"tổ chức thuộc bán lẻ, du lịch, tập đoàn", "the organisation is of retail, travel or industry"},
	featTypeSocial:   {"mạng xã hội, báo chí", "a network or newspaper"},
	featTypeGame:     {"trò chơi", "a game"},
	featTypeCrypto:   {"sàn giao dịch, tiền số", "an exchange or coin"},
	featShortVIP:     {"chữ viết tắt kèm số hoặc đuôi quảng cáo", "the abbreviation with a number or promotional ending"},
	featShortDigits:  {"chữ viết tắt chỉ kèm số", "the abbreviation with nothing but a number"},
	featBrandPlace:   {"tên tổ chức kèm địa danh, ngành hàng (giống đại lý)", "the organisation's name with a place or trade, as dealers have it"},
	featLures1:       {"một loại từ mồi nhử", "one kind of lure words"},
	featLureVN:       {"từ mồi nhử dưới đuôi .vn", "lure words under .vn"},
	featCountryEdge:  {"bắt đầu hoặc kết thúc bằng \"vn\"", "begins or ends with \"vn\""},
	featTLDCom:       {"đuôi .com", "ending .com"},
	featTLDNetOrg:    {"đuôi .net, .org", "ending .net or .org"},
	featTLDVN:        {"đuôi .vn", "ending .vn"},
	featTLDCountry:   {"đuôi của một quốc gia", "ending of a country"},
	featTLDCheap:     {"đuôi tên miền rẻ", "a cheap ending"},
	featTLDOther:     {"đuôi tên miền khác", "another ending"},
	featDigits1:      {"một chữ số", "one digit"},
	featDigits2:      {"hai chữ số", "two digits"},
	featDigits3:      {"ba, bốn chữ số", "three or four digits"},
	featDigits5:      {"từ năm chữ số", "five digits or more"},
	featDigitsAll:    {"toàn chữ số", "digits only"},
	featDigitsFirst:  {"bắt đầu bằng chữ số", "begins with a digit"},
	featHyphen1:      {"một dấu gạch nối", "one hyphen"},
	featHyphen2:      {"hai dấu gạch nối", "two hyphens"},
	featHyphen3:      {"từ ba dấu gạch nối", "three hyphens or more"},
	featLen4:         {"dài tới 4 ký tự", "up to 4 letters"},
	featLen7:         {"dài 5–7 ký tự", "5 to 7 letters"},
	featLen11:        {"dài 8–11 ký tự", "8 to 11 letters"},
	featLen16:        {"dài 12–16 ký tự", "12 to 16 letters"},
	featLen22:        {"dài 17–22 ký tự", "17 to 22 letters"},
	featLen30:        {"dài 23–30 ký tự", "23 to 30 letters"},
	featLen63:        {"dài hơn 30 ký tự", "more than 30 letters"},
	featKnownAll:     {"gồm toàn từ đã biết", "made of known words"},
	featKnownMost:    {"phần lớn là từ đã biết", "mostly known words"},
	featKnownSome:    {"một phần là từ đã biết", "partly known words"},
	featKnownNone:    {"không có từ đã biết", "no known words"},
	featVietAll:      {"gồm toàn âm tiết tiếng Việt", "made of Vietnamese syllables"},
	featVietMost:     {"phần lớn là âm tiết tiếng Việt", "mostly Vietnamese syllables"},
	featVietSome:     {"một phần là âm tiết tiếng Việt", "partly Vietnamese syllables"},
	featNoVowel:      {"không có nguyên âm", "no vowel"},
}

func (f feature) text() [2]string {
	switch {
	case f >= featLure0:
		return lureText[f-featLure0]
	case featText[f][0] != "":
		return featText[f]
	}
	return silentText[f]
}

// Contributions returns what a score is made of, the greatest first. Their sum is the log odds of Score. A name that is not
// judged (official, unrelated, an address) has none. It allocates.
func (v *Verdict) Contributions() []Contribution {
	if v.suffix == 0 || v.Official || v.names == nil || v.names.model == nil {
		return nil
	}
	m := v.names.model
	put := func(out []Contribution, t [2]string, w float64) []Contribution {
		return append(out, Contribution{detector.Text{VI: t[0], EN: t[1]}, w})
	}
	out := put(nil, featBias.text(), float64(m.weight[featBias]))
	for _, f := range v.feats[:v.nf] {
		out = put(out, f.text(), float64(m.weight[f]))
	}
	out = put(out, [2]string{"cách viết so với các tên lừa đảo đã biết", "its spelling, compared with known fraudulent names"}, v.grams)
	out = put(out, [2]string{"ngưỡng của loại bằng chứng này", "the threshold of this class of evidence"}, -m.offset(v.class()))
	slices.SortStableFunc(out, func(a, b Contribution) int { return cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)) })
	return out
}

// Explain writes the judgement of a name for people to read, in Vietnamese or English.
func (v *Verdict) Explain(w io.Writer, name []byte, english bool) error {
	say := func(vi, en string) string {
		if english {
			return en
		}
		return vi
	}
	head := map[Level][2]string{Fraud: {"lừa đảo", "fraud"}, Suspicious: {"đáng ngờ", "suspicious"}, Clean: {"không có dấu hiệu", "clean"}}[v.Level]
	out := fmt.Appendf(nil, "%s: %s", printable(name), say(head[0], head[1]))
	list := v.Contributions()
	switch {
	case v.Official:
		out = fmt.Appendf(out, say("\n  tên miền chính thức của %s\n", "\n  a domain of %s\n"), v.Brand)
	case list == nil:
		out = append(out, say("\n  không chấm điểm: địa chỉ, đuôi tên miền, vùng chỉ cấp cho cơ quan hoặc tên đã ghi là không liên quan\n",
			"\n  not scored: an address, an ending, a zone given out to authorities only, or a name noted as unrelated\n")...)
	default:
		if v.Brand != "" && v.Level != Clean {
			out = fmt.Appendf(out, say(", nhắc tới %s", ", means %s"), v.Brand)
		}
		out = append(out, '\n')
		sum := 0.0
		for _, c := range list {
			sum += c.Weight
			out = fmt.Appendf(out, "  %+8.3f  %s\n", c.Weight, say(c.VI, c.EN))
		}
		out = fmt.Appendf(out, say("  %+8.3f  cộng lại, tức điểm %.6f (từ 0,5 là lừa đảo)\n", "  %+8.3f  in sum, which is a score of %.6f (fraud from 0.5)\n"), sum, v.Score)
	}
	if _, err := w.Write(out); err != nil {
		return fmt.Errorf("fraud: write: %w", err)
	}
	return nil
}

// printable returns a name as it may be written to a terminal.
func printable(name []byte) string {
	for _, c := range name {
		if c < 0x20 || c == 0x7f || c >= 0x80 {
			q := fmt.Sprintf("%+q", name)
			return q[1 : len(q)-1]
		}
	}
	return string(name)
}

package fraud

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// lookalikes lists, behind each letter or digit, the letters of other alphabets that look like it (from the confusables
// data of Unicode Technical Standard 39). What compatibility decomposition already folds (ｖ, 𝐯, ⓥ, accents) is absent.
const lookalikes = "2ƨϩᒿꙅꛯꝛ 3ȝɜʒзӡⳍꝫ 4ꮞ 6бⳓꮾ 8ȣ৪੪ 9৭੧୨൭ⳋꝯ aɑαаᗅꓮꭺ bƅβвьᏼᑲᖯᗷꓐꞵꮟ cϲсᴄⲥꓚꮯ dđɗԁᑯᗞᗪꓒꓓꭰꮷ eεеҽⴹꓰꬲꭼəɛ " +
	"fϝքᖴẝꓝꞙꬵ gƍɡԍցᏻᶃꓖꮐ hħηнһհᕼⲏꓧꮋꮒ iıɩɪιіӏιꙇꭵ jʝϳјᒍꓙꭻ kκкᛕⲕꓗꮶ lłǀ۱ᒪᛁⲓⳑⵏꓡꓲꮮ mμϻмᗰᛖⲙꓟꮇ nոռⲛꓠпŋ oøοσоօ۵०০੦૦ଠ୦௦౦೦ഠ൦๐໐ဝ၀ჿዐᴏᴑⲟⵔ〇ꓳꬽ " +
	"pρϱрᑭⲣꓑꮲ qԛգզⵕ rʀгᖇᴦⲅꓣꭇꭈꭱꮁꮢ sƽѕտꓢꜱꮥꮪ tτтⲧꓔꭲŧ uʋυսሀᑌᴜꓴꞟꭎꭒ vνѵ۷ᐯᴠⴸꓦꛟꮩ wɯѡԝաᴡꓪꮃꮤ xχхᕁᕽᚷⲭⵝꓫꭓ yɣʏγϒуүყᶌỿℽⲩꓬꭚꭹꮍƴ zζᴢꓜꮓ"

// folder turns letters of any alphabet into the ASCII letters that they look like.
type folder struct {
	table map[rune]byte
}

func newFolder() *folder {
	f := &folder{table: make(map[rune]byte, 400)}
	for group := range strings.FieldsSeq(lookalikes) {
		for _, r := range group[1:] {
			f.table[r] = group[0]
		}
	}
	return f
}

// script is what folding met.
type script uint8

const (
	scriptAccent script = 1 << iota // Latin letters with accents: Vietnamese and others
	scriptAlien                     // letters of another alphabet that look like Latin ones
	scriptLatin                     // plain ASCII letters
	scriptOther                     // letters that look like none
)

// fold appends the skeleton of text to dst, at most limit bytes of it: lower case, accents removed, lookalikes replaced.
// What looks like no ASCII letter is left out. Used for names and for the text of pages.
func (f *folder) fold(dst []byte, text []byte, limit int) ([]byte, script) {
	var seen script
	var buf [64]byte
	start := len(dst)
	for i := 0; i < len(text) && len(dst)-start < limit; {
		c := text[i]
		if c < utf8.RuneSelf {
			if c >= 'A' && c <= 'Z' {
				c |= 0x20
			}
			if c >= 'a' && c <= 'z' {
				seen |= scriptLatin
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		if b, ok := f.table[r]; ok {
			dst, seen = append(dst, b), seen|alphabet(r)
			i += n
			continue
		}
		for _, d := range string(norm.NFKD.Append(buf[:0], text[i:i+n]...)) {
			switch {
			case d < utf8.RuneSelf:
				if d >= 'A' && d <= 'Z' {
					d |= 0x20
				}
				dst, seen = append(dst, byte(d)), seen|scriptAccent
			case d >= 0x300 && d <= 0x36f: // the accent itself
			case d == 'Đ':
				dst, seen = append(dst, 'd'), seen|scriptAccent
			default:
				if b, ok := f.table[d]; ok {
					dst, seen = append(dst, b), seen|scriptAlien
				} else if d >= 0x370 {
					seen |= scriptOther
				}
			}
		}
		i += n
	}
	return dst, seen
}

func alphabet(r rune) script {
	if r < 0x250 {
		return scriptAccent
	}
	return scriptAlien
}

// decodeIDNA returns the Unicode form of a host with xn-- labels (RFC 5891, 4.4), or host itself where it is malformed.
func decodeIDNA(host []byte) []byte {
	if len(host) > maxName {
		return host
	}
	u, err := idna.Punycode.ToUnicode(string(host))
	if err != nil {
		return host
	}
	return []byte(u)
}

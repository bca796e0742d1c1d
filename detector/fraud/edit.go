package fraud

import "strings"

// leetLetters are the letters that digits stand for. 1 may be i or l: the second table tries the other one.
const (
	leetI = "oizeasgtbg"
	leetL = "olzeasgtbq"
)

// leet writes into dst the text with digits replaced by letters and, with pairs, vv and rn by w and m.
func leet(dst, text []byte, table string, pairs bool) []byte {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if pairs && i+1 < len(text) {
			switch {
			case c == 'v' && text[i+1] == 'v':
				dst = append(dst, 'w')
				i++
				continue
			case c == 'r' && text[i+1] == 'n':
				dst = append(dst, 'm')
				i++
				continue
			}
		}
		if c >= '0' && c <= '9' {
			c = table[c-'0']
		}
		dst = append(dst, c)
	}
	return dst
}

// nearest returns the strong token that differs from s by one letter (one more, one less, another, or two swapped), or -1.
// Each token is filed under itself and under itself less one letter; s is looked up in the same ways.
func (x *lexicon) nearest(s []byte) int32 {
	if len(s) < nearMin-1 || len(s) > maxTokenLen+1 {
		return -1
	}
	if w := x.nearIn(hashBytes(s), s); w >= 0 {
		return w
	}
	for k := range s {
		if k > 0 && s[k] == s[k-1] {
			continue // leaving out either of a double letter is the same
		}
		if w := x.nearIn(hashSkip(s, k), s); w >= 0 {
			return w
		}
	}
	return -1
}

func (x *lexicon) nearIn(h uint64, s []byte) int32 {
	if !x.some.has(h) {
		return -1
	}
	for _, i := range x.near[h] {
		if t := x.words[i].text; oneEdit(s, t) && likely(s, t) {
			return i
		}
	}
	return -1
}

// likely reports whether one edit of a token still means it: anything in long ones, a slip in the others.
func likely(s []byte, t string) bool {
	switch stem := len(t) - ordinaryEnd(t); {
	case stem <= 2:
		return false // "togiaoduc" is no "bogiaoduc"
	case stem >= 5 && len(t) >= 8:
		return true
	}
	return slip(s, t)
}

// ordinaryEnd is how many letters at the end of a token are an ordinary word. What is before them tells one organisation from
// another, so that few letters there may not change: "exambank" is no "eximbank".
func ordinaryEnd(t string) int {
	for _, w := range [...]string{"bank", "credit", "finance", "market", "mart", "shop", "online", "mobile", "store", "giaoduc", "xaydung",
		"laodong", "congthuong", "congan", "noivu", "taichinh", "nongnghiep", "quocphong", "giaothong", "tuphap", "ngoaigiao"} {
		if strings.HasSuffix(t, w) {
			return len(w)
		}
	}
	return 0
}

// alike are groups of letters that look alike or lie under one finger.
const alike = "ceo mn ilj1 uvy gq9 bh6 rn vw sz5 0o"

// slip reports whether s differs from a short token as a slip or a trick does. Among six or seven letters one other letter
// makes another word ("mybank" is no "vpbank", "fitplay" no "fptplay"): only a letter more counts, or one that looks alike.
func slip(s []byte, t string) bool {
	if s[0] != t[0] || len(s) < len(t) {
		return false
	}
	if len(s) > len(t) {
		return true
	}
	i := 0
	for s[i] == t[i] {
		i++
	}
	for group := range strings.FieldsSeq(alike) {
		if strings.IndexByte(group, s[i]) >= 0 && strings.IndexByte(group, t[i]) >= 0 {
			return true
		}
	}
	return i+1 < len(s) && s[i] == t[i+1]
}

// oneEdit reports whether exactly one insertion, deletion, substitution or swap of neighbours turns a into b.
func oneEdit(a []byte, b string) bool {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	switch len(a) - len(b) {
	case 0:
		if i == len(a) {
			return false
		}
		if string(a[i+1:]) == b[i+1:] {
			return true
		}
		return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && string(a[i+2:]) == b[i+2:]
	case 1:
		return string(a[i+1:]) == b[i:]
	case -1:
		return string(a[i:]) == b[i+1:]
	}
	return false
}

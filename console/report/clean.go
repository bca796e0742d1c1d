package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"khien/console/wrong"
)

// clean checks a fact's size and text. Text becomes NFC, so that what is searched for is found; characters that change the
// direction of what follows or that nobody sees are refused: a reader must see what was signed.
func clean(key string, f Fact) (Fact, error) {
	bad := func(format string, args ...any) (Fact, error) {
		return Fact{}, &wrong.Input{Err: ErrFact, Name: "fact.text", Why: key + ": " + fmt.Sprintf(format, args...)}
	}
	if len(f.Values) > FactValues {
		return bad("%d values, at most %d", len(f.Values), FactValues)
	}
	if len(f.Rows) > FactRows {
		return bad("%d rows, at most %d", len(f.Rows), FactRows)
	}
	values := make([]string, 0, len(f.Values))
	for _, v := range f.Values {
		s, why := CleanText(v)
		if why != "" {
			return bad("%s", why)
		}
		if s != "" {
			values = append(values, s)
		}
	}
	f.Values = values
	rows := make([][]string, len(f.Rows))
	for i, r := range f.Rows {
		if len(r) > 20 {
			return bad("row %d has %d columns, at most 20", i+1, len(r))
		}
		for _, v := range r {
			s, why := CleanText(v)
			if why != "" {
				return bad("row %d: %s", i+1, why)
			}
			rows[i] = append(rows[i], s)
		}
	}
	f.Rows = rows
	return f, nil
}

// CleanText returns a text in NFC without spaces around it, or why it is not taken.
func CleanText(s string) (string, string) {
	if len(s) > FactBytes {
		return "", fmt.Sprintf("%d bytes, at most %d", len(s), FactBytes)
	}
	if !utf8.ValidString(s) {
		return "", "not UTF-8"
	}
	for i, r := range s {
		switch {
		case r == '\n' || r == '\t':
		case unicode.Is(unicode.Bidi_Control, r):
			return "", fmt.Sprintf("character U+%04X at byte %d turns the direction of the text", r, i)
		case unicode.IsControl(r) || r == '\u200b' || r == '\ufeff' || r == '\u2028' || r == '\u2029':
			return "", fmt.Sprintf("character U+%04X at byte %d cannot be seen", r, i)
		}
	}
	return strings.TrimSpace(norm.NFC.String(s)), ""
}

// VisibleText is CleanText for what came from a capture or a case's title: instead of refusing, it shows the characters that
// cannot be seen as their numbers and cuts what is too long.
func VisibleText(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	var b strings.Builder
	for _, r := range s {
		if b.Len() > FactBytes-64 {
			b.WriteString(" …")
			break
		}
		if _, why := CleanText(string(r)); why != "" {
			fmt.Fprintf(&b, "[U+%04X]", r)
			continue
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(norm.NFC.String(b.String()))
}

// Defang makes an indicator unclickable in prose: hxxp://vi[.]du.
func Defang(s string) string {
	if rest, ok := strings.CutPrefix(s, "http"); ok && strings.Contains(s, "://") {
		s = "hxxp" + rest
	}
	host, path := s, ""
	if i := strings.Index(s, "://"); i >= 0 {
		if j := strings.IndexAny(s[i+3:], "/?#"); j >= 0 {
			host, path = s[:i+3+j], s[i+3+j:]
		}
	}
	if i := strings.LastIndexByte(host, '.'); i >= 0 {
		host = host[:i] + "[.]" + host[i+1:]
	}
	return host + path
}

package pseudonym

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Strings returns a JSON text with every string in it, names of members too, as f has it; member is the name of the member
// whose value the string is, "" for others. What is no JSON is taken as it comes: f sees whatever stands between quotation
// marks. A string without escapes whose replacement needs none stays spelled as it is.
func Strings(data []byte, f func(member, s string) string) []byte {
	var out bytes.Buffer
	done := 0
	member := ""
	for at := 0; at < len(data); at++ {
		if data[at] != '"' {
			continue
		}
		from := at
		escaped := false
		for at++; at < len(data) && data[at] != '"'; at++ {
			if data[at] == '\\' {
				escaped = true
				at++
			}
		}
		if at >= len(data) {
			break
		}
		text := string(data[from+1 : at])
		if escaped {
			if err := json.Unmarshal(data[from:at+1], &text); err != nil {
				text = string(data[from+1 : at])
			}
		}
		rest := bytes.TrimLeft(data[at+1:], " \t\r\n")
		var now string
		if len(rest) > 0 && rest[0] == ':' {
			now = f("", text)
			if rest = bytes.TrimLeft(rest[1:], " \t\r\n"); len(rest) > 0 && rest[0] == '"' {
				member = text
			}
		} else {
			now = f(member, text)
			member = ""
		}
		if now == text {
			continue
		}
		out.Write(data[done:from])
		if escaped || strings.ContainsFunc(now, needsEscape) {
			quoted, err := json.Marshal(now)
			if err != nil {
				panic("BUG: " + err.Error()) // a string is always JSON
			}
			out.Write(quoted)
		} else {
			out.WriteByte('"')
			out.WriteString(now)
			out.WriteByte('"')
		}
		done = at + 1
	}
	if done == 0 {
		return data
	}
	out.Write(data[done:])
	return out.Bytes()
}

// needsEscape: RFC 8259, 7.
func needsEscape(c rune) bool { return c < ' ' || c == '"' || c == '\\' }

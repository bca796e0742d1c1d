package yara

// span is the place of one rule in a file: bytes from its first word ("rule", "private", "global") to behind its closing
// brace, and the lines that these are on, from 1.
type span struct {
	from, to  int
	line, end int
}

// spans finds the rules of a file without compiling it, so that one that cannot be compiled can be left out. It knows
// what may hide a brace: strings, regular expressions, hexadecimal strings and comments. Text between rules (imports)
// belongs to none.
func spans(src []byte) []span {
	var out []span
	line := 1
	start, startLine := -1, 0 // of the rule that is being read
	depth := 0
	for i := 0; i < len(src); {
		c := src[i]
		end := i + 1
		switch {
		case c == '/' && i+1 < len(src) && src[i+1] == '/':
			end = until(src, i+2, '\n')
		case c == '/' && i+1 < len(src) && src[i+1] == '*':
			end = afterComment(src, i+2)
		case c == '"':
			end = afterQuoted(src, i+1, '"')
		case c == '/': // an expression: division is written with a backslash
			end = afterQuoted(src, i+1, '/')
		case c == '{' && start >= 0:
			depth++
		case c == '}' && depth > 0:
			if depth--; depth == 0 {
				out = append(out, span{start, end, startLine, line})
				start = -1
			}
		case depth == 0 && start < 0 && isWord(c):
			end = afterWord(src, i)
			switch string(src[i:end]) {
			case "rule", "private", "global":
				start, startLine = i, line
			}
		}
		for _, b := range src[i:end] {
			if b == '\n' {
				line++
			}
		}
		i = end
	}
	return out
}

func until(src []byte, i int, stop byte) int {
	for i < len(src) && src[i] != stop {
		i++
	}
	return i
}

func afterComment(src []byte, i int) int {
	for ; i+1 < len(src); i++ {
		if src[i] == '*' && src[i+1] == '/' {
			return i + 2
		}
	}
	return len(src)
}

// afterQuoted returns the place behind the closing mark. Neither strings nor expressions go over a line's end.
func afterQuoted(src []byte, i int, mark byte) int {
	for ; i < len(src) && src[i] != '\n'; i++ {
		switch src[i] {
		case '\\':
			i++
		case mark:
			return i + 1
		}
	}
	return min(i, len(src))
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func afterWord(src []byte, i int) int {
	for i < len(src) && isWord(src[i]) {
		i++
	}
	return i
}

// blank replaces a rule by spaces, so that the lines of the others stay what they are.
func blank(src []byte, s span) {
	for i := s.from; i < s.to; i++ {
		if src[i] != '\n' {
			src[i] = ' '
		}
	}
}

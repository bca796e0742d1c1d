package signature

import "fmt"

// Error is what is wrong with one rule. Positions count from 1; Column is in bytes of the rule's text.
type Error struct {
	File   string
	Line   int
	Column int
	Text   string // the rule as written
	Msg    string
	Hint   string // what would be right, empty when nothing is known
}

// Error prints file:line:column: message.
func (e Error) Error() string {
	s := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// ruleError is an error at a place inside a rule.
type ruleError struct {
	at   int // byte offset in the rule's text
	msg  string
	hint string
}

func (e *ruleError) Error() string { return e.msg }

// nearest returns the name most like word, or "" when none is close.
func nearest(word string, names []string) string {
	best, bestD := "", 3
	if len(word) < 4 {
		bestD = 2
	}
	for _, n := range names {
		if d := distance(word, n, bestD); d < bestD {
			best, bestD = n, d
		}
	}
	return best
}

// distance is the edit distance of a and b, or limit when it is not less.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diag := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diag
			if a[i-1] != b[j-1] {
				cost++
			}
			diag = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return min(row[len(b)], limit)
}

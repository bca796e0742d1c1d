// Package yara runs YARA rules over transferred files and over the reassembled bytes of flows whose protocol nobody
// parses; never over single packets. Rule files come in through Load, findings go to a detector.Sink. A Set is shared by
// all workers; each has its own Scanner.
//
// A rule's metadata tells the console about it: description_vi and description_en (or description), severity (low,
// medium, high, critical, or 1 to 4), mitre (technique ids separated by commas), reference.
package yara

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	lib "github.com/hillu/go-yara/v4"
)

// File is a file of YARA rules.
type File struct {
	Name string
	Data []byte
}

// Error is a rule that cannot be loaded, with the place where its compilation failed.
type Error struct {
	File string
	Line int // 0 where libyara names none
	Text string
}

// Error writes file:line: message.
func (e Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Text)
	}
	return fmt.Sprintf("%s:%d:1: %s", e.File, e.Line, e.Text)
}

// Set is a compiled set of rules. Safe for concurrent use.
type Set struct {
	rules *lib.Rules
	count int
}

// Len returns how many rules the set holds.
func (s *Set) Len() int { return s.count }

// externals are the variables that rule sets commonly expect; they are empty, since a transferred file has no path.
var externals = [...]string{"filename", "filepath", "extension", "filetype", "owner"}

// badMax is how many rules of a file are left out one by one, since each takes another compilation; then all of it is.
const badMax = 200

// Load compiles rule files. A rule with an error is left out and named; the others are loaded. The set is nil when nothing
// is left. Includes are refused: a rule file reads no other.
func Load(files []File) (*Set, []Error) {
	var errs []Error
	var good []File
	for _, f := range files {
		rest, bad := weed(f)
		errs = append(errs, bad...)
		if rest != nil {
			good = append(good, *rest)
		}
	}
	if len(good) == 0 {
		return nil, errs
	}
	c, err := compiler()
	if err != nil {
		return nil, append(errs, Error{File: good[0].Name, Text: err.Error()})
	}
	defer c.Destroy()
	for _, f := range good {
		// A namespace a file: rules of the same name in two files do not clash.
		if err := c.AddString(string(f.Data), f.Name); err != nil {
			return nil, append(errs, *compileError(f, c, err))
		}
	}
	rules, err := c.GetRules()
	if err != nil {
		return nil, append(errs, Error{File: good[0].Name, Text: err.Error()})
	}
	n := len(rules.GetRules())
	if n == 0 && len(errs) > 0 {
		rules.Destroy()
		return nil, errs
	}
	return &Set{rules: rules, count: n}, errs
}

// weed returns the file without the rules that cannot be compiled, nil when an error lies outside of rules.
func weed(f File) (*File, []Error) {
	var errs []Error
	var rules []span
	for len(errs) < badMax {
		e := check(f)
		if e == nil {
			return &f, errs
		}
		errs = append(errs, *e)
		if rules == nil {
			rules = spans(f.Data)
			f.Data = bytes.Clone(f.Data)
		}
		i := slices.IndexFunc(rules, func(s span) bool { return s.line <= e.Line && e.Line <= s.end })
		if i < 0 {
			return nil, errs
		}
		blank(f.Data, rules[i])
		rules = slices.Delete(rules, i, i+1)
	}
	return nil, errs
}

// check compiles one file by itself: after an error a compiler cannot be used any more.
func check(f File) *Error {
	c, err := compiler()
	if err != nil {
		return &Error{File: f.Name, Text: err.Error()}
	}
	defer c.Destroy()
	if strings.IndexByte(string(f.Data), 0) >= 0 {
		return &Error{File: f.Name, Text: "not a text file: it holds a NUL byte"}
	}
	if err := c.AddString(string(f.Data), f.Name); err != nil {
		return compileError(f, c, err)
	}
	return nil
}

func compiler() (*lib.Compiler, error) {
	c, err := lib.NewCompiler()
	if err != nil {
		return nil, err
	}
	c.DisableIncludes()
	for _, name := range externals {
		if err := c.DefineVariable(name, ""); err != nil {
			c.Destroy()
			return nil, err
		}
	}
	return c, nil
}

func compileError(f File, c *lib.Compiler, err error) *Error {
	if len(c.Errors) > 0 {
		return &Error{File: f.Name, Line: c.Errors[0].Line, Text: c.Errors[0].Text}
	}
	return &Error{File: f.Name, Text: err.Error()}
}

package rulebook

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"khien/detector/signature"
)

// Rule is a rule of the list.
type Rule struct {
	signature.Rule
	Off bool
}

// ID of the rule.
func (r *Rule) ID() signature.ID { return signature.ID{GID: r.GID, SID: r.SID} }

// list is the rules of one set, kept as long as it is in force.
type list struct {
	set   *signature.Set
	rules []Rule
	byID  map[signature.ID]int
}

// Rules lists the rules in force and those that are off, in the order of their files. The list is not to be changed.
func (d *Desk) Rules() ([]Rule, error) {
	l, err := d.current()
	return l.rules, err
}

// Rule returns one rule.
func (d *Desk) Rule(id signature.ID) (*Rule, error) {
	l, err := d.current()
	if err != nil {
		return nil, err
	}
	i, ok := l.byID[id]
	if !ok {
		return nil, ErrNone
	}
	return &l.rules[i], nil
}

func (d *Desk) current() (list, error) {
	if d.live == nil {
		return list{}, ErrNoSensor
	}
	set := d.live.Loaded().Set
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.list.set == set {
		return d.list, nil
	}
	l := list{set: set, byID: map[signature.ID]int{}}
	for _, r := range set.Rules() {
		l.rules = append(l.rules, Rule{Rule: r})
	}
	for _, r := range set.Off() {
		l.rules = append(l.rules, Rule{Rule: r, Off: true})
	}
	slices.SortStableFunc(l.rules, func(a, b Rule) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	for i := range l.rules {
		l.byID[l.rules[i].ID()] = i
	}
	d.list = l
	return l, nil
}

// Finder looks for words in rules. It is not safe for concurrent use.
type Finder struct {
	words [][]byte
	buf   []byte
}

// NewFinder looks for rules whose text holds all words of a query, in any case.
func NewFinder(query string) *Finder {
	f := &Finder{}
	for w := range strings.FieldsSeq(query) {
		f.words = append(f.words, []byte(strings.ToLower(w)))
	}
	return f
}

// Match reports whether a rule's text, which holds its sid, message and metadata, has all words.
func (f *Finder) Match(r *Rule) bool {
	if len(f.words) == 0 {
		return true
	}
	f.buf = lower(f.buf[:0], r.Text)
	for _, w := range f.words {
		if !bytes.Contains(f.buf, w) {
			return false
		}
	}
	return true
}

// lower appends s in lower case: a set has tens of thousands of rules, and making a string of each would be garbage.
func lower(dst []byte, s string) []byte {
	for _, c := range s {
		switch {
		case c < utf8.RuneSelf && c >= 'A' && c <= 'Z':
			dst = append(dst, byte(c)+'a'-'A')
		case c < utf8.RuneSelf:
			dst = append(dst, byte(c))
		default:
			dst = utf8.AppendRune(dst, unicode.ToLower(c))
		}
	}
	return dst
}

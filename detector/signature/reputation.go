package signature

import (
	"bufio"
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Limits of reputation lists, as the rule language has them.
const (
	scoreMax       = 127
	categoryMax    = 60
	reputationMax  = 5_000_000 // entries
	reputationFile = 512 << 20 // bytes
)

// Reputation is scores of addresses by category, from lists in the form of the rule language: a list of categories
// (number,name,description) and lists of addresses or networks (address,category,score), with comments behind "#". It does
// not change and is safe for concurrent use.
type Reputation struct {
	categories map[string]uint8 // by name in lower case
	scores     map[netip.Prefix][]categoryScore
	bits       [2][]int // lengths of the prefixes, longest first: IPv4, IPv6
}

type categoryScore struct{ category, score uint8 }

// LoadReputation reads lists. Without any the result is nil. An error names file and line.
func LoadReputation(categories string, lists ...string) (*Reputation, error) {
	if categories == "" && len(lists) == 0 {
		return nil, nil
	}
	r := &Reputation{categories: map[string]uint8{}, scores: map[netip.Prefix][]categoryScore{}}
	if err := eachLine(categories, r.addCategory); err != nil {
		return nil, err
	}
	for _, name := range lists {
		if err := eachLine(name, r.addScore); err != nil {
			return nil, err
		}
	}
	for p := range r.scores {
		list := &r.bits[0]
		if p.Addr().Is6() {
			list = &r.bits[1]
		}
		if !slices.Contains(*list, p.Bits()) {
			*list = append(*list, p.Bits())
		}
	}
	for i := range r.bits {
		slices.Sort(r.bits[i])
		slices.Reverse(r.bits[i])
	}
	return r, nil
}

// eachLine gives f the fields of every line of a file that has any.
func eachLine(name string, f func(fields []string) error) error {
	if name == "" {
		return fmt.Errorf("reputation: no list of categories is named (--reputation-categories)")
	}
	data, err := readList(name, reputationFile)
	if err != nil {
		return fmt.Errorf("reputation: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if err := f(fields(text)); err != nil {
			return fmt.Errorf("reputation: %s:%d: %w: %.80q", name, n, err, text)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reputation: %s: %w", name, err)
	}
	return nil
}

func (r *Reputation) addCategory(p []string) error {
	if len(p) < 2 || p[1] == "" {
		return fmt.Errorf("want number,name,description")
	}
	n, err := strconv.ParseUint(p[0], 10, 8)
	if err != nil || n == 0 || n > categoryMax {
		return fmt.Errorf("category %q: from 1 to %d", p[0], categoryMax)
	}
	r.categories[strings.ToLower(p[1])] = uint8(n)
	return nil
}

func (r *Reputation) addScore(p []string) error {
	if len(p) != 3 {
		return fmt.Errorf("want address,category,score")
	}
	prefix, err := netip.ParsePrefix(p[0])
	if err != nil {
		a, err := netip.ParseAddr(p[0])
		if err != nil {
			return fmt.Errorf("%q is no address", p[0])
		}
		prefix = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())
	}
	category, err := strconv.ParseUint(p[1], 10, 8)
	if err != nil || category == 0 || category > categoryMax {
		return fmt.Errorf("category %q: from 1 to %d", p[1], categoryMax)
	}
	score, err := strconv.ParseUint(p[2], 10, 8)
	if err != nil || score > scoreMax {
		return fmt.Errorf("score %q: from 0 to %d", p[2], scoreMax)
	}
	if len(r.scores) >= reputationMax {
		return fmt.Errorf("more than %d addresses", reputationMax)
	}
	prefix = prefix.Masked()
	list := r.scores[prefix]
	i := slices.IndexFunc(list, func(s categoryScore) bool { return s.category == uint8(category) })
	if i < 0 {
		list, i = append(list, categoryScore{category: uint8(category)}), len(list)
	}
	list[i].score = uint8(score)
	r.scores[prefix] = list
	return nil
}

// score returns the score of an address in a category, that of the longest prefix which has one; 0 when there is none.
func (r *Reputation) score(a netip.Addr, category uint8) uint8 {
	if a = a.Unmap(); !a.IsValid() {
		return 0
	}
	list := r.bits[0]
	if a.Is6() {
		list = r.bits[1]
	}
	for _, bits := range list {
		p, err := a.Prefix(bits)
		if err != nil {
			return 0
		}
		for _, s := range r.scores[p] {
			if s.category == category {
				return s.score
			}
		}
	}
	return 0
}

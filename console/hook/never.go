package hook

import (
	_ "embed" // of the list that ships
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"khien/detector"
	"khien/detector/strictyaml"
)

// Protected is an entry of the never-block list. A name protects itself and all names below it; a prefix its addresses.
type Protected struct {
	Names    []string      `yaml:"names" json:"names,omitempty"`
	Prefixes []string      `yaml:"prefixes" json:"prefixes,omitempty"`
	Hashes   []string      `yaml:"hashes" json:"hashes,omitempty"` // SHA-256, JA3 or JA4
	Reason   detector.Text `yaml:"reason" json:"reason"`
	Owner    string        `yaml:"owner" json:"owner"`
}

// neverMax bounds the names, prefixes and hashes of a never-block list.
const neverMax = 500_000

// Never is what no consumer is ever told to block, whoever asks. It does not change and is safe for concurrent use.
type Never struct {
	names    map[string]*Protected // protected names
	above    map[string]*Protected // names above them: blocking these would block those
	prefixes map[netip.Prefix]*Protected
	lengths  []int          // of the prefixes: IPv4 0 to 32, IPv6 with v6Lengths added
	sorted   []netip.Prefix // to find those inside a wider one
	hashes   map[string]*Protected
	brand    func(name string) (brand string, official bool)
	given    []Protected // beside what ships
}

//go:embed never.yaml
var neverYAML []byte

// NewNever returns a never-block list: what ships, the entries given, and what brand says is a protected organisation's
// own name; brand may be nil. An error names the field of the entry, such as "never[2].names[0]".
func NewNever(entries []Protected, brand func(name string) (string, bool)) (*Never, error) {
	ships := Ships()
	n := &Never{given: entries, names: map[string]*Protected{}, above: map[string]*Protected{}, prefixes: map[netip.Prefix]*Protected{},
		hashes: map[string]*Protected{}, brand: brand}
	for i := range ships {
		if err := n.add(&ships[i]); err != nil {
			panic("BUG: never.yaml: " + err.Error())
		}
	}
	for i := range entries {
		if err := n.add(&entries[i]); err != nil {
			return nil, &fieldError{fmt.Sprintf("never[%d]", i) + err.field, err.what}
		}
	}
	n.sort()
	return n, nil
}

// With returns a list with more entries. It takes nothing away. An error names the field of the entry among them.
func (n *Never) With(more []Protected) (*Never, error) {
	m, err := NewNever(n.given, n.brand)
	if err != nil {
		return nil, err
	}
	for i := range more {
		if err := m.add(&more[i]); err != nil {
			return nil, &fieldError{fmt.Sprintf("never[%d]", i) + err.field, err.what}
		}
	}
	m.sort()
	return m, nil
}

// Ships returns the entries that ship.
func Ships() []Protected {
	var ships struct {
		Never []Protected `yaml:"never"`
	}
	if err := strictyaml.Decode(neverYAML, "never.yaml", configMax, &ships); err != nil {
		panic("BUG: " + err.Error())
	}
	return ships.Never
}

func (n *Never) sort() {
	slices.Sort(n.lengths)
	n.lengths = slices.Compact(n.lengths)
	slices.SortFunc(n.sorted, func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) })
}

func (n *Never) add(p *Protected) *fieldError {
	if p.Owner == "" || p.Reason.VI == "" && p.Reason.EN == "" {
		return &fieldError{"", "an entry needs a reason and an owner"}
	}
	for i, s := range p.Names {
		name, ok := hostname(strings.TrimPrefix(s, "*."))
		if !ok {
			name = strings.ToLower(strings.TrimPrefix(s, "*.")) // one label: a top-level domain
			if !labels.MatchString("x." + name) {
				return &fieldError{fmt.Sprintf(".names[%d]", i), fmt.Sprintf("%q is no name", s)}
			}
		}
		n.names[name] = p
		for up := parent(name); up != ""; up = parent(up) {
			n.above[up] = p
		}
	}
	for i, s := range p.Prefixes {
		at, ok := parsePrefix(s)
		if !ok {
			return &fieldError{fmt.Sprintf(".prefixes[%d]", i), fmt.Sprintf("%q is neither an address nor a prefix", s)}
		}
		n.prefixes[at] = p
		n.sorted = append(n.sorted, at)
		n.lengths = append(n.lengths, length(at))
	}
	for _, s := range p.Hashes {
		n.hashes[strings.ToLower(s)] = p
	}
	if len(n.names)+len(n.prefixes)+len(n.hashes) > neverMax {
		return &fieldError{"", fmt.Sprintf("more than %d protected values", neverMax)}
	}
	return nil
}

// parsePrefix reads a prefix or an address.
func parsePrefix(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err == nil
}

// v6Lengths is added to the lengths of IPv6 prefixes.
const v6Lengths = 100

func length(p netip.Prefix) int {
	if p.Addr().Is6() {
		return v6Lengths + p.Bits()
	}
	return p.Bits()
}

func parent(name string) string {
	_, up, _ := strings.Cut(name, ".")
	return up
}

// Check returns the entry that protects what a decision would block, nil when nothing does.
func (n *Never) Check(kind Kind, value string) *Protected {
	if p := n.hashes[value]; p != nil {
		return p
	}
	name, at := hostOf(kind, value)
	switch {
	case name != "":
		return n.checkName(name, kind == Domain || kind == SNI)
	case at.IsValid():
		return n.checkPrefix(at)
	}
	return nil
}

func (n *Never) checkName(name string, below bool) *Protected {
	for up := name; up != ""; up = parent(up) {
		if p := n.names[up]; p != nil {
			return p
		}
	}
	if below {
		if p := n.above[name]; p != nil {
			return p
		}
	}
	if n.brand != nil {
		if brand, official := n.brand(name); official {
			return &Protected{Names: []string{name}, Owner: brand, Reason: detector.Text{VI: "tên miền chính thức của " + brand,
				EN: "official name of " + brand}}
		}
	}
	return nil
}

func (n *Never) checkPrefix(at netip.Prefix) *Protected {
	for _, l := range n.lengths {
		bits, v6 := l, l >= v6Lengths
		if v6 {
			bits -= v6Lengths
		}
		if v6 != at.Addr().Is6() || bits > at.Bits() {
			continue
		}
		if p := n.prefixes[netip.PrefixFrom(at.Addr(), bits).Masked()]; p != nil {
			return p
		}
	}
	i, _ := slices.BinarySearchFunc(n.sorted, at.Addr(), func(p netip.Prefix, a netip.Addr) int { return p.Addr().Compare(a) })
	if i < len(n.sorted) && at.Contains(n.sorted[i].Addr()) {
		return n.prefixes[n.sorted[i]]
	}
	return nil
}

// publicSuffix says that a name is one under which others register theirs.
func publicSuffix(name string) bool {
	suffix, _ := publicsuffix.PublicSuffix(name)
	return suffix == name
}

package fraud

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"khien/detector/strictyaml"
)

// Limits of a brands file. They bound what a scan of one name can cost.
const (
	maxBrands    = 20_000
	maxTokenLen  = 40
	minTokenLen  = 2
	maxFileBytes = 8 << 20
)

// Types that a brand may have, in the order in which documentation lists them.
var brandTypes = []string{"bank", "finance", "securities", "insurance", "wallet", "gov", "utility", "telecom", "post",
	"ecommerce", "conglomerate", "travel", "social", "game", "gamble", "crypto", "press", "remote"}

// Brand is one protected organisation.
type Brand struct {
	Name      string
	Type      string
	Global    bool // known worldwide: its name alone in a foreign name is no sign of fraud
	Domains   []string
	Unrelated []string
	Tokens    []string
	Short     []string
	Titles    []string
	Packages  []string
	Certs     []string // SHA-256 of signing certificates, lower-case hexadecimal
	Favicons  []string // SHA-256 of the icons that its pages show, in the same form
}

// Brands is a set of protected organisations. It is read-only and safe for concurrent use.
type Brands struct {
	list []Brand
}

// WithFavicon returns the organisation whose pages show the icon with this SHA-256 (lower-case hexadecimal), nil for none.
func (b *Brands) WithFavicon(sha256 string) *Brand {
	for i := range b.list {
		if slices.Contains(b.list[i].Favicons, sha256) {
			return &b.list[i]
		}
	}
	return nil
}

// All returns the brands in the order of their files. The slice must not be changed.
func (b *Brands) All() []Brand { return b.list }

// Merge returns the brands of both; entries with the same name become one, and the later file's type holds.
func (b *Brands) Merge(later *Brands) *Brands {
	out := &Brands{list: slices.Clone(b.list)}
	at := make(map[string]int, len(out.list))
	for i := range out.list {
		at[out.list[i].Name] = i
	}
	for _, n := range later.list {
		i, ok := at[n.Name]
		if !ok {
			at[n.Name] = len(out.list)
			out.list = append(out.list, n)
			continue
		}
		o := &out.list[i]
		o.Type, o.Global = n.Type, n.Global
		o.Domains = union(o.Domains, n.Domains)
		o.Unrelated = union(o.Unrelated, n.Unrelated)
		o.Tokens = union(o.Tokens, n.Tokens)
		o.Short = union(o.Short, n.Short)
		o.Titles = union(o.Titles, n.Titles)
		o.Packages = union(o.Packages, n.Packages)
		o.Certs = union(o.Certs, n.Certs)
		o.Favicons = union(o.Favicons, n.Favicons)
	}
	return out
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// text is a string of a YAML file that knows its place.
type text struct {
	s         string
	line, col int
}

func (t *text) UnmarshalYAML(n ast.Node) error {
	p := n.GetToken().Position
	t.line, t.col = p.Line, p.Column
	switch v := n.(type) {
	case *ast.StringNode:
		t.s = v.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		t.s = n.GetToken().Value
	default:
		return fmt.Errorf("[%d:%d] a word is expected here, found %s", t.line, t.col, strings.ToLower(n.Type().String()))
	}
	return nil
}

type brandEntry struct {
	Name      text   `yaml:"name"`
	Type      text   `yaml:"type"`
	Global    bool   `yaml:"global"`
	Domains   []text `yaml:"domains"`
	Unrelated []text `yaml:"unrelated"`
	Tokens    []text `yaml:"tokens"`
	Short     []text `yaml:"short"`
	Titles    []text `yaml:"titles"`
	Packages  []text `yaml:"packages"`
	Certs     []text `yaml:"certs"`
	Favicons  []text `yaml:"favicons"`
}

// LoadBrands reads a brands file (see rules/fraud/brands.yaml for its form). An error is one line that begins with the
// file's name, line and column: "brands.yaml:12:9: …".
func LoadBrands(data []byte, name string) (*Brands, error) {
	var file struct {
		Brands []brandEntry `yaml:"brands"`
	}
	if err := strictyaml.Decode(data, name, maxFileBytes, &file); err != nil {
		return nil, err
	}
	if len(file.Brands) > maxBrands {
		return nil, fmt.Errorf("%s:1:1: more than %d brands", name, maxBrands)
	}
	out := &Brands{}
	seen := make(map[string]int)
	for i := range file.Brands {
		e := &file.Brands[i]
		at := func(t text, format string, args ...any) error {
			return fmt.Errorf("%s:%d:%d: %s", name, max(t.line, 1), max(t.col, 1), fmt.Sprintf(format, args...))
		}
		if strings.TrimSpace(e.Name.s) == "" {
			return nil, at(e.Type, "a brand needs a name")
		}
		if line, dup := seen[e.Name.s]; dup {
			return nil, at(e.Name, "%q is already on line %d", e.Name.s, line)
		}
		seen[e.Name.s] = e.Name.line
		if !slices.Contains(brandTypes, e.Type.s) {
			return nil, at(e.Type, "unknown type %q of %s; types are %s", e.Type.s, e.Name.s, strings.Join(brandTypes, ", "))
		}
		b := Brand{Name: e.Name.s, Type: e.Type.s, Global: e.Global}
		for _, part := range []struct {
			from  []text
			to    *[]string
			check func(string) (string, string)
		}{
			{e.Domains, &b.Domains, checkPattern}, {e.Unrelated, &b.Unrelated, checkPattern}, {e.Tokens, &b.Tokens, checkToken},
			{e.Short, &b.Short, checkToken}, {e.Titles, &b.Titles, checkTitle}, {e.Packages, &b.Packages, checkPackage},
			{e.Certs, &b.Certs, checkDigest}, {e.Favicons, &b.Favicons, checkDigest},
		} {
			for _, t := range part.from {
				s, problem := part.check(t.s)
				if problem != "" {
					return nil, at(t, "%q: %s", t.s, problem)
				}
				*part.to = append(*part.to, s)
			}
		}
		out.list = append(out.list, b)
	}
	return out, nil
}

func checkToken(s string) (string, string) {
	if len(s) < minTokenLen || len(s) > maxTokenLen {
		return "", fmt.Sprintf("a token has %d to %d letters and digits", minTokenLen, maxTokenLen)
	}
	for i := range len(s) {
		if c := s[i]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9') {
			return "", "a token is written in lower-case letters and digits without diacritics, hyphens and dots"
		}
	}
	return s, ""
}

func checkTitle(s string) (string, string) {
	if s = strings.TrimSpace(s); s == "" || len(s) > 200 {
		return "", "1 to 200 bytes are expected"
	}
	return s, ""
}

// checkPackage accepts the names that Android does: words of letters, digits and underscores with dots between them.
func checkPackage(s string) (string, string) {
	const form = "an Android package is written as com.name.app"
	if len(s) > 200 || !strings.Contains(s, ".") {
		return "", form
	}
	for word := range strings.SplitSeq(s, ".") {
		if word == "" || word[0] >= '0' && word[0] <= '9' || word[0] == '_' {
			return "", form
		}
		for i := range len(word) {
			if c := word[i]; !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_') {
				return "", form
			}
		}
	}
	return s, ""
}

func checkDigest(s string) (string, string) {
	s = strings.ToLower(strings.ReplaceAll(s, ":", ""))
	if len(s) != 64 || strings.Trim(s, "0123456789abcdef") != "" {
		return "", "the 64 hexadecimal digits of a SHA-256 are expected"
	}
	return s, ""
}

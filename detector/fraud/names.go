package fraud

import (
	"bytes"
	"math"

	"khien/detector"
)

// maxName is how long a name is at most (RFC 1035, 2.3.4). Longer ones are judged by their last bytes.
const maxName = 253

// maxSubs is how many labels left of the registrable one are looked at, nearest first.
const maxSubs = 4

// Level is what a score comes to.
type Level uint8

// A name that is Fraud is worth an analyst's time by itself; one that is Suspicious waits for other evidence.
const (
	Clean Level = iota
	Suspicious
	Fraud
)

// String returns the level as `khien domain` writes it.
func (l Level) String() string { return [...]string{"clean", "suspicious", "fraud"}[l] }

// Names scores names. Scoring reads only and is safe for concurrent use; each goroutine has its own Verdict.
type Names struct {
	brands   []Brand
	official *official
	lex      *lexicon
	fold     *folder
	zones    *zones
	titles   *titles
	model    *model
	seen     *sightings // of the engine's goroutine alone, see there
}

// NewNames prepares the scoring of names against the brands.
func NewNames(brands *Brands) *Names {
	n := NewExtractor(brands)
	n.model = loadModel()
	return n
}

// NewExtractor prepares what training needs: the result has no model and answers AppendFeatures only.
func NewExtractor(brands *Brands) *Names {
	return &Names{brands: brands.list, official: newOfficial(brands.list), lex: newLexicon(brands.list), fold: newFolder(),
		zones:  newZones(),
		titles: newTitles(brands.list), seen: newSightings()}
}

// Verdict is the judgement of one name and the memory that judging needs. The zero value works; reusing one costs no
// allocation. It is valid until the next Score.
type Verdict struct {
	Score    float64 // 0 to 1; what has evidence is Fraud from 0.5
	Level    Level
	Brand    string // organisation that the name means, "" for none
	Kind     string // official, lookalike, fake_gov, lure, series, spelling, "" when clean
	Official bool   // the name belongs to Brand

	brand     int32
	inLabel   int32 // brand in the registrable label
	names     *Names
	host      []byte // skeleton
	reg       int    // where the registrable label begins in host
	suffix    int    // where the public suffix begins
	private   bool
	script    script
	logit     float64
	grams     float64
	feats     [96]feature
	nf        int
	has       [featCount]bool
	lures     uint32
	vietLures int  // Vietnamese lure words for money and secrets, in all labels
	subState  bool // a sub-domain has a word of authorities beside "gov"
	regL      label
	subL      [maxSubs]label
	nsub      int
	buf       [maxName + 8]byte
	tmp       [2*maxLabel + 8]byte
}

// Score judges a name: a host as DNS, TLS or HTTP carry it, with or without a dot at its end, in ASCII or UTF-8.
func (n *Names) Score(name []byte, v *Verdict) {
	n.extract(name, v)
	if v.Official || v.suffix == 0 {
		return
	}
	m := n.model
	v.logit = float64(m.weight[featBias])
	for _, f := range v.feats[:v.nf] {
		v.logit += float64(m.weight[f])
	}
	v.grams = float64(m.gramSum(v))
	v.logit += v.grams
	v.judge(m)
}

// extract parses a name and finds its features.
func (n *Names) extract(name []byte, v *Verdict) {
	v.reset(n)
	name = bytes.TrimRight(name, ".")
	if len(name) > maxName {
		name = name[len(name)-maxName:]
	}
	v.host = n.skeleton(v.buf[:0], name, v)
	if len(v.host) == 0 || isAddress(v.host) {
		return
	}
	v.reg, v.suffix, v.private = split(v.host)
	if v.suffix == 0 {
		return
	}
	suffix := v.host[v.suffix:]
	if own, ok := n.official.lookup(v.host, v.reg, v.suffix); ok && v.script&scriptAlien == 0 {
		if !own.unrelated {
			v.Official, v.brand, v.Brand, v.Kind = true, own.brand, n.brands[own.brand].Name, "official"
			return
		}
		v.suffix = 0
		return
	}
	if n.zones.held[string(suffix)] || string(suffix) == "translate.goog" { // pages of others, translated
		v.suffix = 0
		return
	}
	v.collect(n)
}

func (v *Verdict) reset(n *Names) {
	for _, f := range v.feats[:v.nf] {
		v.has[f] = false
	}
	v.Score, v.Level, v.Brand, v.Kind, v.Official = 0, Clean, "", "", false
	v.inLabel, v.vietLures = -1, 0
	v.brand, v.names, v.reg, v.suffix, v.private, v.script, v.logit, v.grams = -1, n, 0, 0, false, 0, 0, 0
	v.nf, v.lures, v.nsub, v.subState = 0, 0, 0, false
	v.regL.n, v.regL.np = 0, 0
}

// skeleton appends the name in lower-case ASCII, with letters of other alphabets replaced by what they look like.
func (n *Names) skeleton(dst, name []byte, v *Verdict) []byte {
	plain := true
	start := len(dst)
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		plain = plain && c < 0x80
		dst = append(dst, c)
	}
	if lower := dst[start:]; bytes.HasPrefix(lower, []byte("xn--")) || bytes.Contains(lower, []byte(".xn--")) {
		name, plain = decodeIDNA(lower), false
	}
	if !plain {
		dst, v.script = n.fold.fold(dst[:start], bytes.Clone(name), maxName)
	}
	return dst
}

// isAddress reports whether a host is an IPv4 or IPv6 address rather than a name.
func isAddress(host []byte) bool {
	digits := true
	for _, c := range host {
		if c == ':' {
			return true
		}
		if c != '.' && (c < '0' || c > '9') {
			digits = false
		}
	}
	return digits
}

// restricted reports whether a name is under a suffix that is given out only to whom it is meant for.
func (n *Names) restricted(host []byte) bool {
	host = bytes.ToLower(host)
	_, suffix, _ := split(host)
	return suffix > 0 && n.zones.held[string(host[suffix:])]
}

// add notes a feature once.
func (v *Verdict) add(f feature) {
	if !v.has[f] && v.nf < len(v.feats) {
		v.has[f] = true
		v.feats[v.nf] = f
		v.nf++
	}
}

// judge turns the score into a level and names the kind.
func (v *Verdict) judge(m *model) {
	if v.brand >= 0 {
		v.Brand = v.names.brands[v.brand].Name
	}
	class := v.class()
	v.Kind = class.String()
	v.Score = 1 / (1 + math.Exp(m.offset(class)-v.logit))
	switch {
	case v.logit >= m.fraud[class]:
		v.Level = Fraud
	case v.logit >= m.suspicious:
		v.Level = Suspicious
	default:
		v.Kind = ""
	}
}

// Reasons explains the score: what the name shows, each with its share in what speaks for fraud. It allocates.
func (v *Verdict) Reasons() []detector.Reason {
	if v.suffix == 0 || v.Official || v.names == nil {
		return nil
	}
	m := v.names.model
	total := max(v.grams, 0)
	for _, f := range v.feats[:v.nf] {
		total += max(float64(m.weight[f]), 0)
	}
	if total <= 0 {
		return nil
	}
	var out []detector.Reason
	put := func(vi, en string, w float64) {
		if share := w / total; share >= 0.01 {
			out = append(out, detector.Reason{Text: detector.Text{VI: vi, EN: en}, Weight: math.Round(share*1000) / 1000})
		}
	}
	for _, f := range v.feats[:v.nf] {
		w := float64(m.weight[f])
		switch t := featText[f]; {
		case f >= featLure0:
			t := lureText[f-featLure0]
			put(t[0], t[1], w)
		case t[0] != "":
			put(t[0], t[1], w)
		}
	}
	put("cách viết giống các tên lừa đảo đã biết", "spelled like known fraudulent names", v.grams)
	sortReasons(out)
	return out
}

package fraud

// stand is how a token stands in its label.
type stand uint8

const (
	standInside stand = iota
	standLoose
	standWorded
	standBounded
	standWhole
)

// mention is the best sight of a brand.
type mention struct {
	brand  int32
	strong bool
	long   bool // the token has 7 letters and more, a short one 5 and more
	stand  stand
}

func longToken(strong bool) int {
	if strong {
		return 7
	}
	return 5
}

// better prefers strong tokens, then those that stand freer.
func (m mention) better(o mention) bool {
	if o.brand < 0 || m.brand < 0 {
		return m.brand >= 0
	}
	if m.strong != o.strong {
		return m.strong
	}
	return m.stand > o.stand
}

// mentions finds the best mention of a brand among the words of a label.
func (v *Verdict) mentions(l *label) mention {
	x := v.names.lex
	best := mention{brand: -1}
	for i := range l.np {
		p := &l.pieces[i]
		if p.word < 0 {
			continue
		}
		w := &x.words[p.word]
		if w.brand < 0 || l.straddles(int(p.start), int(p.end)) {
			continue
		}
		if len(w.text) == 2 && !w.strong {
			if !l.besideMoney(i, x) {
				continue
			}
			v.add(featShortMoney)
		}
		if m := (mention{brand: w.brand, strong: w.strong, long: len(w.text) >= longToken(w.strong), stand: l.stands(i, x)}); m.better(best) {
			if best.brand >= 0 && best.brand != m.brand && m.strong && best.strong {
				v.add(featTwoBrands)
			}
			best = m
		} else if m.strong && best.strong && m.brand != best.brand {
			v.add(featTwoBrands)
		}
	}
	if !best.strong {
		if w, s, e := x.embedded(l.joined[:l.n]); w >= 0 && e-s >= 6 && !l.straddles(s, e) {
			best = mention{brand: x.words[w].brand, strong: true, long: e-s >= longToken(true), stand: standInside}
		}
	}
	return best
}

// stands tells how piece i stands among its neighbours.
func (l *label) stands(i int, x *lexicon) stand {
	p := &l.pieces[i]
	if p.start == 0 && int(p.end) == l.n {
		return standWhole
	}
	side := func(j int, cut bool) stand {
		if j < 0 || j >= l.np {
			return standBounded
		}
		if cut && l.pieces[j].kind != wordDigits {
			return standBounded
		}
		switch q := &l.pieces[j]; q.kind {
		case wordStrong, wordShort, wordLure:
			return standWorded
		case wordDigits:
			if l.runs > 1 { // "66462acb9f" is a number of a content network
				return standInside
			}
			return standBounded
		case wordPlain:
			return standWorded
		case wordSyllable:
			if q.end-q.start >= 2 {
				return standLoose
			}
		}
		return standInside
	}
	left := side(i-1, l.cuts>>p.start&1 != 0)
	right := side(i+1, l.cuts>>p.end&1 != 0)
	return min(left, right)
}

// besideMoney reports whether the words around piece i are about money or a bank's customers. Two letters mean a bank only
// there.
func (l *label) besideMoney(i int, x *lexicon) bool {
	for _, j := range [2]int{i - 1, i + 1} {
		if j < 0 || j >= l.np || l.pieces[j].word < 0 {
			continue
		}
		if w := &x.words[l.pieces[j].word]; w.personal || w.viet && w.lures&(1<<lureLoan|1<<lureCard) != 0 {
			return true
		}
	}
	return false
}

// straddles reports whether letters s to e go over a hyphen without beginning or ending at one: "computicket-boxoffice" does
// not say "ticketbox".
func (l *label) straddles(s, e int) bool {
	inside := l.hyphen >> (s + 1) & (1<<(e-s-1) - 1)
	return inside != 0 && l.cuts>>s&1 == 0 && l.cuts>>e&1 == 0
}

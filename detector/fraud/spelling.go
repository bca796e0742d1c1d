package fraud

import "bytes"

// spellings looks for tokens with a changed letter, with digits for letters and with letters of other alphabets.
func (v *Verdict) spellings(n *Names, text []byte, in *mention) {
	if in.brand >= 0 && in.strong && in.stand > standInside {
		return
	}
	x := n.lex
	l := &v.regL
	letters, digits := false, false
	for _, c := range l.joined[:l.n] {
		if c >= '0' && c <= '9' {
			digits = true
		} else {
			letters = true
		}
	}
	found, leeted := int32(-1), false
	if digits && letters || bytes.Contains(text, []byte("vv")) || bytes.Contains(text, []byte("rn")) {
		for _, table := range [2]string{leetI, leetL} {
			s := leet(v.tmp[:0], l.joined[:l.n], table, true)
			if w, a, b := x.embedded(s); w >= 0 && (b-a > nearMin || b-a == len(s) || b-a >= 5 && a == 0) && !bytes.Contains(l.joined[:l.n], s[a:b]) {
				found, leeted = w, true
				break
			}
		}
	}
	doubled := false
	if found < 0 {
		found = v.doubledWord(x, l)
		doubled = found >= 0
	}
	if found < 0 {
		found = v.nearWord(x, l)
	}
	if found < 0 {
		return
	}
	b := x.words[found].brand
	global := n.brands[b].Global
	switch {
	case doubled && global:
		v.add(featGlobalDoubled)
	case doubled:
		v.add(featDoubled)
	case leeted && global:
		v.add(featGlobalLeet)
	case leeted:
		v.add(featLeet)
	case global:
		v.add(featGlobalNear)
	default:
		v.add(featNear)
	}
	if in.brand < 0 || !in.strong {
		*in = mention{brand: b, strong: true, stand: standInside}
	}
}

// nearWord tries the parts of a label between hyphens and digits, whole and without the known words around them.
func (v *Verdict) nearWord(x *lexicon, l *label) int32 {
	for s := 0; s < l.n; {
		e := s + 1
		for e < l.n && l.cuts>>e&1 == 0 {
			e++
		}
		if e-s >= nearMin-1 && (l.joined[s] < '0' || l.joined[s] > '9') {
			if w := x.nearest(l.joined[s:e]); w >= 0 {
				return w
			}
			// "vnshopeee": strip lure words at the front, at the back.
			a, b := s, e
			for i := range l.np {
				if p := &l.pieces[i]; int(p.start) == a && int(p.end) < e && (p.kind == wordLure || p.kind == wordPlain) {
					a = int(p.end)
				}
			}
			for i := l.np - 1; i >= 0; i-- {
				if p := &l.pieces[i]; int(p.end) == b && int(p.start) > a && (p.kind == wordLure || p.kind == wordPlain) {
					b = int(p.start)
				}
			}
			if (a != s || b != e) && b-a >= nearMin-1 {
				if w := x.nearest(l.joined[a:b]); w >= 0 && len(x.words[w].text) > nearMin {
					return w
				}
			}
		}
		s = e
	}
	// "vietin-bamk": the label without its hyphens.
	if l.hyphen != 0 {
		return x.nearest(l.joined[:l.n])
	}
	return -1
}

// doubledWord finds a token in a label that repeats letters: "aaeeonmart", "travelokeaaa". Where letters are doubled in the
// token itself, they are in both.
func (v *Verdict) doubledWord(x *lexicon, l *label) int32 {
	s, runs := v.tmp[:0], false
	for i, c := range l.joined[:l.n] {
		if i > 0 && c == l.joined[i-1] {
			runs = true
			continue
		}
		s = append(s, c)
	}
	if !runs {
		return -1
	}
	w, a, b := x.embedded(s)
	if w < 0 || b-a < nearMin || a > 0 && b < len(s) {
		return -1
	}
	return w
}

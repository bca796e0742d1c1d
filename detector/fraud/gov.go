package fraud

import "bytes"

// subPlace adds what a brand or lure word means as a sub-domain of a foreign name.
func (v *Verdict) subPlace(n *Names, sub, in mention, lures, subLures uint32) {
	if sub.brand >= 0 && sub.stand >= standLoose {
		b := &n.brands[sub.brand]
		switch {
		case b.Global:
			if sub.strong {
				v.add(featSubGlobal)
			}
		case sub.strong:
			v.add(featSubStrong)
		case sub.stand == standWhole:
			v.add(featSubShort)
		}
		money := b.Type == "bank" || b.Type == "finance" || b.Type == "wallet"
		if money && !b.Global && (lures&^meaningless != 0) && (sub.strong || sub.stand == standWhole) {
			v.add(featMoneySub)
		}
	}
	if subLures>>lureState&1 != 0 {
		v.add(featSubState)
	}
	if subLures&moneyLures != 0 {
		v.add(featSubBank)
	}
}

// gov adds signs of false state addresses and of glued country endings: "tgovn.cc", "vn-ab.xyz", "com.vn-hc.info".
func (v *Verdict) gov(n *Names, text []byte, in, sub mention, subLures uint32) {
	l := &v.regL
	said := false
	for i := range l.np {
		if p := &l.pieces[i]; p.word >= 0 {
			if int(p.end) < l.n && l.joined[p.end] == 't' && l.cuts>>p.end&1 == 0 {
				continue // "govt" is how others shorten "government"
			}
			switch n.lex.words[p.word].text {
			case "gov", "govn", "govvn", "vngov", "vgov", "gdtgov":
				said = true
			}
		}
	}
	zone := n.zones.class(v.host[v.suffix:])
	if nearState(l.joined[:l.n]) && zone != zoneCountry {
		v.add(featGovNear)
	}
	part := bytes.Contains(l.joined[:l.n], []byte("gov"))
	if said && zone != zoneCountry && (!v.private || in.brand >= 0) {
		v.add(featGovWord)
	}
	state := v.subState || sub.brand >= 0 && n.brands[sub.brand].Type == "gov" && sub.stand >= standBounded
	if part && (state || v.nsub > 0 && bytes.HasPrefix(v.host, []byte("viet."))) && zone != zoneCountry {
		v.add(featGovSub)
	}
	if part && in.brand >= 0 && n.brands[in.brand].Type == "gov" && in.strong {
		v.add(featGovBrand)
	}
	if bytes.HasPrefix(text, []byte("vn-")) && zone != zoneVN {
		v.add(featGlueVN)
		if sub.brand >= 0 && sub.stand >= standBounded {
			v.add(featGlueBrand)
		}
		if v.has[featSuffixInside] {
			v.add(featGlueSuffix)
		}
	}
}

// nearState reports whether a label is "vietgov" or "govviet", or what imitators make of it: "veitgov", "vletgov".
func nearState(s []byte) bool {
	if rest, ok := bytes.CutSuffix(s, []byte("gov")); ok {
		return string(rest) == "viet" || len(rest) >= 3 && rest[0] == 'v' && oneEdit(rest, "viet")
	}
	if rest, ok := bytes.CutPrefix(s, []byte("gov")); ok {
		return string(rest) == "viet" || len(rest) >= 3 && rest[0] == 'v' && oneEdit(rest, "viet")
	}
	return false
}

// shape adds lengths, digits, hyphens and how much of the label is made of known words.
func (v *Verdict) shape(text []byte) {
	l := &v.regL
	digits, vowels := 0, 0
	for _, c := range l.joined[:l.n] {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y':
			vowels++
		}
	}
	switch {
	case digits > 0 && digits == l.n:
		v.add(featDigitsAll)
	case digits >= 5:
		v.add(featDigits5)
	case digits >= 3:
		v.add(featDigits3)
	case digits == 2:
		v.add(featDigits2)
	case digits == 1:
		v.add(featDigits1)
	}
	if digits > 0 && digits < l.n && l.joined[0] <= '9' {
		v.add(featDigitsFirst)
	}
	switch h := bytes.Count(text, []byte("-")); {
	case h >= 3:
		v.add(featHyphen3)
	case h == 2:
		v.add(featHyphen2)
	case h == 1:
		v.add(featHyphen1)
	}
	for _, s := range [...]struct {
		n int
		f feature
	}{{4, featLen4}, {7, featLen7}, {11, featLen11}, {16, featLen16}, {22, featLen22}, {30, featLen30}, {maxLabel, featLen63}} {
		if l.n <= s.n {
			v.add(s.f)
			break
		}
	}
	known, viet, letters := 0, 0, l.n-digits
	for i := range l.np {
		p := &l.pieces[i]
		switch n := int(p.end - p.start); {
		case p.kind == wordSyllable && n >= 2:
			viet += n
			known += n
		case p.kind != wordUnknown && p.kind != wordDigits && n >= 2:
			known += n
		}
	}
	if letters > 0 {
		switch {
		case known == letters:
			v.add(featKnownAll)
		case known*3 >= letters*2:
			v.add(featKnownMost)
		case known*3 >= letters:
			v.add(featKnownSome)
		default:
			v.add(featKnownNone)
		}
		switch {
		case viet == letters:
			v.add(featVietAll)
		case viet*3 >= letters*2:
			v.add(featVietMost)
		case viet*3 >= letters:
			v.add(featVietSome)
		}
		if vowels == 0 && letters >= 3 {
			v.add(featNoVowel)
		}
	}
}

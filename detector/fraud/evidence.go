package fraud

import "bytes"

// collect finds the features of a parsed name.
func (v *Verdict) collect(n *Names) {
	x := n.lex
	text := v.host[v.reg : v.suffix-1]
	v.regL.set(text)
	x.segment(&v.regL)
	in := v.mentions(&v.regL)
	v.spellings(n, text, &in)
	v.inLabel = in.brand
	lures := v.lureBits(&v.regL)
	sub, subLures := v.subs(n)
	v.place(n, in, lures)
	v.subPlace(n, sub, in, lures, subLures)
	v.gov(n, text, in, sub, subLures)
	v.shape(text)
	v.series(n, text)
	if s := v.regL.joined[:v.regL.n]; len(s) > 4 && (bytes.HasPrefix(s, []byte("vay")) || bytes.HasSuffix(s, []byte("vay"))) {
		v.add(featLoanEdge)
	}
	v.lures = lures | subLures
	v.vietWords(in)
	for g := range lureCount {
		if lures>>g&1 != 0 {
			v.add(featLure0 + feature(g))
		}
	}
	best := in
	if sub.better(best) {
		best = sub
	}
	if best.brand >= 0 {
		v.brand = best.brand
		v.brandType(n.brands[best.brand].Type)
	}
	if in.brand >= 0 && sub.brand >= 0 && in.brand != sub.brand {
		v.add(featTwoBrands)
	}
	if v.script&scriptAlien != 0 && v.script&(scriptLatin|scriptAlien) != 0 {
		v.add(featAlien)
		if best.brand >= 0 && best.strong {
			v.add(featAlienBrand)
		}
	}
}

// vietWords adds how many Vietnamese lure words there are, and whether a place or trade stands beside a brand.
func (v *Verdict) vietWords(in mention) {
	x := v.names.lex
	l := &v.regL
	here, only, place := 0, true, false
	for i := range l.np {
		p := &l.pieces[i]
		if p.word >= 0 {
			w := &x.words[p.word]
			place = place || w.place
			if w.viet {
				here++
				continue
			}
			if w.lures != 0 || w.brand >= 0 {
				continue
			}
		}
		if p.kind != wordDigits && p.kind != wordSyllable {
			only = false
		}
	}
	v.vietLures = here
	for i := range v.nsub {
		s := &v.subL[i]
		for j := range s.np {
			if w := s.pieces[j].word; w >= 0 && x.words[w].viet {
				v.vietLures++
			}
		}
	}
	switch {
	case here >= 2:
		v.add(featViet2)
	case here == 1:
		v.add(featViet1)
	}
	if here > 0 && only {
		v.add(featVietOnly)
	}
	if place && in.brand >= 0 {
		v.add(featBrandPlace)
	}
}

// lureBits collects the groups of the lure words of a label, also in the spelling of text messages.
func (v *Verdict) lureBits(l *label) uint32 {
	x := v.names.lex
	var bits uint32
	for i := range l.np {
		if p := &l.pieces[i]; p.word >= 0 {
			bits |= x.words[p.word].lures
		}
	}
	return bits
}

// subs reads the labels left of the registrable one.
func (v *Verdict) subs(n *Names) (best mention, lures uint32) {
	best.brand = -1
	end := v.reg - 1
	for end > 0 && v.nsub < maxSubs {
		start := bytes.LastIndexByte(v.host[:end], '.') + 1
		text := v.host[start:end]
		end = start - 1
		if string(text) == "www" || len(text) == 0 {
			continue
		}
		l := &v.subL[v.nsub]
		v.nsub++
		l.set(text)
		n.lex.segment(l)
		if m := v.mentions(l); m.better(best) {
			best = m
		}
		bits := v.lureBits(l)
		lures |= bits
		// "egov.city.com" says nothing: another word of state is needed.
		if bits>>lureState&1 != 0 && !bytes.Contains(l.joined[:l.n], []byte("gov")) {
			v.subState = true
		}
		if s := string(text); v.nsub > 0 && (s == "com" || s == "net" || s == "org" || s == "gov" || s == "vn") {
			v.add(featSuffixInside)
		}
	}
	return best, lures
}

const (
	meaningless = 1<<lureCountry | 1<<lureVIP | 1<<lureApp
	moneyLures  = 1<<lureLoan | 1<<lureCard | 1<<lureBank
	careLures   = 1<<lureCare | 1<<lureReward | 1<<lureLogin
)

// shopTypes are the organisations in whose name tasks, orders and investments are offered.
var shopTypes = map[string]bool{"ecommerce": true, "travel": true, "conglomerate": true, "finance": true, "crypto": true, "securities": true}

// place adds what a mention in the registrable label means together with its surroundings.
func (v *Verdict) place(n *Names, in mention, lures uint32) {
	zone := n.zones.class(v.host[v.suffix:])
	cheap := zone == zoneCheap || zone == zoneFree
	if in.brand >= 0 {
		kinds := [3][5]feature{
			{featStrongInside, featStrongInside, featStrongWorded, featStrongBounded, featStrongWhole},
			{0, featShortLoose, featShortWorded, featShortBounded, featShortWhole},
			{featGlobalInside, featGlobalInside, featGlobalWorded, featGlobalBounded, featGlobalWhole},
		}
		crosses := [3][4]feature{
			{featStrongLure, featStrongCountry, featStrongVIP, featStrongCheap},
			{featShortLure, featShortCountry, featShortVIP, featShortCheap},
			{featGlobalLure, featGlobalCountry, featGlobalVIP, featGlobalCheap},
		}
		k := 0
		switch global := n.brands[in.brand].Global; {
		case !in.strong && global:
			if in.stand >= standWorded {
				v.add(featGlobalShort)
			}
			k = 2
		case !in.strong:
			k = 1
		case global:
			k = 2
		}
		if k == 2 && (in.strong || in.stand >= standWorded) && shopTypes[n.brands[in.brand].Type] && (cheap || lures != 0 || v.endsInDigits()) {
			v.add(featGlobalShop)
		}
		if in.strong || k == 1 {
			if f := kinds[k][in.stand]; f != 0 && !v.has[featNear] && !v.has[featLeet] && !v.has[featGlobalNear] && !v.has[featGlobalLeet] {
				v.add(f)
			}
		}
		if in.long && k != 2 {
			switch {
			case !in.strong && in.stand >= standWorded:
				v.add(featShortLong)
			case in.strong && in.stand <= standInside:
				v.add(featLongInside)
			case in.strong:
				v.add(featLongToken)
			}
		}
		if in.stand >= standWorded || in.strong {
			if !in.strong && lures == 0 && v.endsInDigits() {
				v.add(featShortDigits)
			}
			c := crosses[k]
			if lures&^meaningless != 0 {
				v.add(c[0])
			}
			if lures>>lureCountry&1 != 0 {
				v.add(c[1])
			}
			if lures>>lureVIP&1 != 0 || v.endsInDigits() {
				v.add(c[2])
			}
			if cheap {
				v.add(c[3])
			}
		}
	}
	v.lureCounts(lures, cheap, zone)
	switch zone {
	case zoneVN:
		v.add(featTLDVN)
	case zoneCom:
		v.add(featTLDCom)
	case zoneNetOrg:
		v.add(featTLDNetOrg)
	case zoneCountry:
		v.add(featTLDCountry)
	case zoneCheap:
		v.add(featTLDCheap)
	case zoneFree:
		v.add(featTLDFree)
	default:
		v.add(featTLDOther)
	}
	suffix := v.host[v.suffix:]
	reg := v.host[v.reg:]
	if n.zones.dynamic[string(suffix)] || n.zones.dynamic[string(reg)] {
		v.add(featDynamic)
	} else if v.private && n.zones.hosting[string(suffix)] || n.zones.hosting[string(reg)] {
		v.add(featHosting)
		if lures&fraudLures != 0 {
			v.add(featLureHosted)
		}
		if in.brand >= 0 && (in.strong || in.stand >= standWorded) {
			v.add(featBrandHosted)
		}
	}
}

func (v *Verdict) lureCounts(lures uint32, cheap bool, zone zoneClass) {
	groups := 0
	for b := lures &^ meaningless; b != 0; b &= b - 1 {
		groups++
	}
	switch {
	case groups >= 3:
		v.add(featLures3)
	case groups == 2:
		v.add(featLures2)
	case groups == 1:
		v.add(featLures1)
	}
	if groups > 0 {
		if lures>>lureCountry&1 != 0 {
			v.add(featLureCountry)
		}
		if cheap {
			v.add(featLureCheap)
		}
		if zone == zoneVN {
			v.add(featLureVN)
		}
		only := v.regL.np > 1
		for i := range v.regL.np {
			if k := v.regL.pieces[i].kind; k != wordLure && k != wordDigits && k != wordStrong && k != wordShort {
				only = false
			}
		}
		if only {
			v.add(featLuresOnly)
		}
	}
	if lures&moneyLures != 0 && lures&careLures != 0 {
		v.add(featMoneyLure)
	}
}

// endsInDigits reports whether the registrable label has digits at an end and letters besides.
func (v *Verdict) endsInDigits() bool {
	l := &v.regL
	return l.np > 1 && (l.pieces[l.np-1].kind == wordDigits || l.pieces[0].kind == wordDigits)
}

func (v *Verdict) brandType(t string) {
	switch t {
	case "bank", "finance", "securities", "insurance", "wallet":
		v.add(featTypeMoney)
	case "gov":
		v.add(featTypeState)
	case "utility", "telecom", "post":
		v.add(featTypeNetwork)
	case "ecommerce", "conglomerate", "travel":
		v.add(featTypeShop)
	case "social", "press", "remote":
		v.add(featTypeSocial)
	case "game", "gamble":
		v.add(featTypeGame)
	case "crypto":
		v.add(featTypeCrypto)
	}
}

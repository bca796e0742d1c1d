package fraud

// class is the kind of evidence that a name gives. Each has its own threshold for fraud: a false "gov" needs less beside it
// than an ordinary word does.
type class uint8

const (
	classSpelling class = iota // nothing that words can tell: never fraud by itself
	classLure
	classSeries // numbered as campaigns number their names
	classSocial // a worldwide network, or a worldwide brand as a sub-domain
	classGame   // worldwide games and those of Vietnam: fans write about them
	classGlobal
	classShort
	classNear // an organisation's name misspelled
	classBrand
	classGov
	classCount
)

// String returns the class as Verdict.Kind has it.
func (c class) String() string {
	return [classCount]string{"spelling", "lure", "series", "lookalike", "lookalike", "lookalike", "lookalike", "lookalike", "lookalike", "fake_gov"}[c]
}

// fraudLures are the groups of words that lures for money and secrets are written with. The others (games, news, shops,
// investment) are in many harmless names, too.
const fraudLures = 1<<lureLoan | 1<<lureCard | 1<<lureReward | 1<<lureState | 1<<lureCare | 1<<lureJob | 1<<lureParcel | 1<<lureLogin |
	1<<lureVote | 1<<lurePower | 1<<lureBank | 1<<lureRefund

var (
	govSigns    = []feature{featGovWord, featGovSub, featGovBrand, featGovNear, featGlueBrand, featGlueSuffix}
	brandSigns  = []feature{featStrongWhole, featStrongBounded, featStrongWorded, featLongInside, featLeet, featSubStrong, featAlienBrand}
	nearSigns   = []feature{featNear, featDoubled, featGlobalNear, featGlobalDoubled}
	shortSigns  = []feature{featShortWhole, featShortBounded, featShortWorded, featShortMoney, featSubShort, featStrongInside}
	globalSigns = []feature{featGlobalWhole, featGlobalBounded, featGlobalWorded, featGlobalInside, featGlobalShort, featGlobalLeet, featSubGlobal}
)

// class returns the strongest class of evidence that the features give.
func (v *Verdict) class() class {
	switch {
	case v.any(govSigns):
		return classGov
	case v.has[featBrandPlace] && v.vietLures == 0 && !v.has[featTLDCheap] && !v.has[featTLDFree]:
		return classSpelling // a dealer or branch: "vnptlaichau.com"
	case v.any(brandSigns):
		if v.has[featTypeGame] {
			return classGame
		}
		return classBrand
	case v.lures>>lureGamble&1 != 0: // gambling writes all names and has its own customers' service
		return classSpelling
	case v.any(nearSigns):
		if v.has[featTypeSocial] {
			return classSocial
		}
		return classNear
	case v.any(shortSigns):
		return classShort
	case v.any(globalSigns):
		switch {
		case v.has[featTypeSocial] || v.inLabel < 0:
			return classSocial
		case v.has[featTypeGame]:
			return classGame
		}
		return classGlobal
	case v.vietLures > 0:
		return classLure
	case v.has[featSeries] || v.has[featSeriesVN]:
		return classSeries
	}
	return classSpelling
}

func (v *Verdict) any(signs []feature) bool {
	for _, f := range signs {
		if v.has[f] {
			return true
		}
	}
	return false
}

package fraud

// class is the kind of evidence that a name gives. Each has its own threshold for fraud: a false "gov" needs less beside it
// than an ordinary word does.
type class uint8

const (
	classSpelling class = iota // nothing that words can tell: never fraud by itself
	classLure
	classGlobal
	classShort
	classBrand
	classGov
	classCount
)

// String returns the class as Verdict.Kind has it.
func (c class) String() string {
	return [classCount]string{"spelling", "lure", "lookalike", "lookalike", "lookalike", "fake_gov"}[c]
}

// fraudLures are the groups of words that lures for money and secrets are written with. The others (games, news, shops,
// investment) are in many harmless names, too.
const fraudLures = 1<<lureLoan | 1<<lureCard | 1<<lureReward | 1<<lureState | 1<<lureCare | 1<<lureJob | 1<<lureParcel | 1<<lureLogin |
	1<<lureVote | 1<<lurePower | 1<<lureBank | 1<<lureRefund

var (
	govSigns    = []feature{featGovWord, featGovSub, featGovBrand, featGlueBrand, featGlueSuffix}
	brandSigns  = []feature{featStrongWhole, featStrongBounded, featStrongWorded, featLongInside, featNear, featLeet, featSubStrong, featAlienBrand}
	shortSigns  = []feature{featShortWhole, featShortBounded, featShortWorded, featSubShort, featStrongInside}
	globalSigns = []feature{featGlobalWhole, featGlobalBounded, featGlobalWorded, featGlobalInside, featGlobalShort, featGlobalNear, featGlobalLeet, featSubGlobal}
)

// class returns the strongest class of evidence that the features give.
func (v *Verdict) class() class {
	switch {
	case v.any(govSigns):
		return classGov
	case v.any(brandSigns):
		return classBrand
	case v.any(shortSigns):
		return classShort
	case v.any(globalSigns):
		return classGlobal
	case v.lures&fraudLures != 0 && v.lures>>lureGamble&1 == 0: // gambling has its own customers' service
		return classLure
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

package fraud

import (
	"slices"
	"strings"
)

// Vietnamese syllables without diacritics are an onset and a rime; nearly every combination occurs. Both lists are closed.
const (
	onsets = "b c ch d g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x"
	rimes  = "a ac ach ai am an ang anh ao ap at au ay e ec em en eng eo ep et i ia ich iec iem ien ieng iep iet ieu im in inh ip it iu " +
		"o oa oac oach oai oan oang oanh oat oay oc oe oen oet oi om on ong op ot u ua uan uang uat uay uc ue uech uen uenh ui um un ung uo uoc " +
		"uoi uom uon uong uop uot uou up ut uu uy uya uyen uyet uyt uynh y yen yet yeu ym yt y"
)

const maxSyllable = 7 // "nghieng"

// syllables returns every syllable of Vietnamese as it is written without diacritics, sorted.
func syllables() []string {
	s := make([]string, 0, 5000)
	for o := range strings.FieldsSeq(onsets) {
		for r := range strings.FieldsSeq(rimes) {
			front := r[0] == 'e' || r[0] == 'i' || r[0] == 'y'
			switch o {
			case "k", "gh", "ngh": // written before e, i, y only
				if !front {
					continue
				}
			case "c", "g", "ng":
				if front && !(o == "g" && r[0] == 'i') {
					continue
				}
			case "qu":
				if r[0] == 'o' || r[0] == 'u' && len(r) > 1 {
					continue
				}
			}
			if len(o)+len(r) <= maxSyllable {
				s = append(s, o+r)
			}
		}
	}
	for r := range strings.FieldsSeq(rimes) {
		s = append(s, r)
	}
	slices.Sort(s)
	return slices.Compact(s)
}

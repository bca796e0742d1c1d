package detector

// Identity is what a number identifies, told by its form alone.
type Identity uint8

// Numbers that detectors know.
const (
	NoIdentity Identity = iota
	CitizenNumber
	MobileNumber // of Vietnam
	CardNumber
)

// IdentityOf tells a number by its form: a payment card by its check digit, a citizen number by its province and century, a
// mobile number of Vietnam. Spaces, hyphens and dots between digits are passed over.
func IdentityOf(value []byte) Identity {
	var d [19]byte
	n := 0
	for _, c := range value {
		switch {
		case c >= '0' && c <= '9':
			if n == len(d) {
				return NoIdentity
			}
			d[n] = c - '0'
			n++
		case c == ' ' || c == '-' || c == '.':
		default:
			return NoIdentity
		}
	}
	switch {
	case n == 12 && isCitizen(d[:n]):
		return CitizenNumber
	case n == 10 && d[0] == 0 && (d[1] == 3 || d[1] == 5 || d[1] == 7 || d[1] == 8 || d[1] == 9):
		return MobileNumber
	case n >= 13 && (d[0] >= 3 && d[0] <= 6 || d[0] == 9) && luhn(d[:n]):
		return CardNumber
	}
	return NoIdentity
}

// isCitizen checks a citizen number (Decree 137/2015/ND-CP, article 13): a province from 001 to 096, a digit for sex and
// century (0 to 3 for the living), two for the year of birth.
func isCitizen(d []byte) bool {
	province := int(d[0])*100 + int(d[1])*10 + int(d[2])
	return province >= 1 && province <= 96 && d[3] <= 3
}

// luhn checks the check digit of ISO/IEC 7812-1.
func luhn(d []byte) bool {
	sum := 0
	for i := range d {
		v := int(d[len(d)-1-i])
		if i&1 == 1 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}

package fraud

import "math/bits"

// maxLabel is how long a DNS label is at most (RFC 1035, 2.3.4).
const maxLabel = 63

// piece is one word of a label.
type piece struct {
	start, end uint8 // in joined
	kind       wordKind
	word       int32 // index in the lexicon, -1 for syllables, digits and unknown letters
}

// label is one label of a name with its words. Its memory is part of a Verdict and is reused.
type label struct {
	joined [maxLabel]byte // letters and digits
	n      int
	runs   int    // of digits
	cuts   uint64 // bit i: a hyphen, an edge or a change between letters and digits before joined[i]
	hyphen uint64 // bit i: a hyphen before joined[i]
	pieces [maxLabel]piece
	np     int
}

// set takes the text of a label apart into letters and digits and the cuts between them.
func (l *label) set(text []byte) {
	l.n, l.runs, l.cuts, l.hyphen, l.np = 0, 0, 1, 0, 0
	gap := false
	var last bool // the last byte was a digit
	for _, c := range text {
		digit := c >= '0' && c <= '9'
		if !digit && !(c >= 'a' && c <= 'z') {
			gap = true
			continue
		}
		if l.n == maxLabel {
			break
		}
		if gap && l.n > 0 {
			l.hyphen |= 1 << l.n
		}
		if gap || l.n > 0 && digit != last {
			l.cuts |= 1 << l.n
		}
		if digit && (l.n == 0 || gap || !last) {
			l.runs++
		}
		l.joined[l.n] = c
		l.n++
		gap, last = false, digit
	}
	l.cuts |= 1 << l.n
}

// Costs of the segmentation: a word that means much is cheap, letters that mean nothing are dear. A word across a hyphen
// or between letters and digits costs a little more, so that "b-52" loses against "b" and "52" only where nothing else fits.
const (
	costStrong   = 9
	costShort    = 13
	costLure     = 11
	costPlain    = 13
	costSyllable = 16
	costDigits   = 8
	costUnknown  = 15 // a letter
	costInside   = 5  // a cut inside the word
)

// segment finds the cheapest words for the label by dynamic programming over its letters.
func (x *lexicon) segment(l *label) {
	var best [maxLabel + 1]int32
	var from [maxLabel + 1]piece
	for i := 1; i <= l.n; i++ {
		best[i] = 1 << 30
	}
	for i := 0; i < l.n; i++ {
		base := best[i]
		c := l.joined[i]
		if c >= '0' && c <= '9' {
			j := i + 1
			for j < l.n && l.joined[j] >= '0' && l.joined[j] <= '9' {
				j++
			}
			relax(&best, &from, base+costDigits, piece{uint8(i), uint8(j), wordDigits, -1})
		} else {
			relax(&best, &from, base+costUnknown, piece{uint8(i), uint8(i + 1), wordUnknown, -1})
		}
		node := int32(0)
		for j := i; j < l.n; j++ {
			s := symbol(l.joined[j])
			n := &x.nodes[node]
			if n.bits>>s&1 == 0 {
				break
			}
			node = n.first + int32(bits.OnesCount64(n.bits&(1<<s-1)))
			w := x.nodes[node].word
			if w < 0 {
				continue
			}
			cuts := l.cuts >> (i + 1) & (1<<(j-i) - 1)
			if x.words[w].syllable && cuts == 0 { // a syllable does not go across a hyphen
				cost := int32(costSyllable)
				if j == i {
					cost = costUnknown - 1
				}
				relax(&best, &from, base+cost, piece{uint8(i), uint8(j + 1), wordSyllable, -1})
			}
			kind, cost := x.words[w].kind()
			if kind == wordSyllable {
				continue
			}
			cost += costInside * int32(bits.OnesCount64(cuts))
			relax(&best, &from, base+cost, piece{uint8(i), uint8(j + 1), kind, w})
		}
	}
	// Walk back, then turn the order round.
	l.np = 0
	for i := l.n; i > 0; {
		p := from[i]
		if p.kind == wordUnknown && l.np > 0 && l.pieces[l.np-1].kind == wordUnknown && l.pieces[l.np-1].start == p.end && l.cuts>>p.end&1 == 0 {
			l.pieces[l.np-1].start = p.start
		} else {
			l.pieces[l.np] = p
			l.np++
		}
		i = int(p.start)
	}
	for a, b := 0, l.np-1; a < b; a, b = a+1, b-1 {
		l.pieces[a], l.pieces[b] = l.pieces[b], l.pieces[a]
	}
}

func relax(best *[maxLabel + 1]int32, from *[maxLabel + 1]piece, cost int32, p piece) {
	// Of equal costs the longer last word wins, then the one with meaning.
	if old := best[p.end]; cost < old || cost == old && p.start < from[p.end].start {
		best[p.end], from[p.end] = cost, p
	}
}

func (w *word) kind() (wordKind, int32) {
	switch {
	case w.brand >= 0 && w.strong:
		return wordStrong, costStrong
	case w.lures != 0:
		return wordLure, costLure
	case w.brand >= 0:
		return wordShort, costShort
	}
	if w.syllable && !w.plain {
		return wordSyllable, costSyllable
	}
	return wordPlain, costPlain
}

// embedded finds the longest strong token anywhere in the label, also inside unknown letters. It returns -1 for none.
func (x *lexicon) embedded(text []byte) (w int32, start, end int) {
	w = -1
	for i := range text {
		node := int32(0)
		for j := i; j < len(text); j++ {
			s := symbol(text[j])
			n := &x.nodes[node]
			if n.bits>>s&1 == 0 {
				break
			}
			node = n.first + int32(bits.OnesCount64(n.bits&(1<<s-1)))
			if k := x.nodes[node].word; k >= 0 && x.words[k].strong && j+1-i > end-start {
				w, start, end = k, i, j+1
			}
		}
	}
	return w, start, end
}

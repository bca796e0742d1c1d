package fraud

import "math/bits"

// titles finds organisations in running text by their names, tokens and titles.
type titles struct {
	lex *lexicon
}

// minTitle is how many letters a spelling has at least to be looked for in text.
const minTitle = 5

func newTitles(brands []Brand) *titles {
	x := &lexicon{}
	seen := make(map[string]bool)
	add := func(s string, i int) {
		flat, _ := accents.fold(nil, []byte(s), 200)
		letters := make([]byte, 0, len(flat))
		for _, c := range flat {
			if symbol(c) < 63 {
				letters = append(letters, c)
			}
		}
		if t := string(letters); len(t) >= minTitle && !seen[t] {
			seen[t] = true
			x.words = append(x.words, word{text: t, brand: int32(i), strong: true})
		}
	}
	for i := range brands {
		b := &brands[i]
		if b.Type == "remote" || b.Type == "press" {
			continue
		}
		for _, s := range b.Titles {
			add(s, i)
		}
		for _, s := range b.Tokens {
			add(s, i)
		}
	}
	for i := range brands {
		if b := &brands[i]; b.Type != "remote" && b.Type != "press" && !b.Global {
			for _, s := range b.Short {
				add(s, i)
			}
		}
	}
	x.build()
	return &titles{x}
}

// find returns the brand that text names first, -1 for none. text is folded: ASCII in lower case. A name may be written
// with spaces and hyphens between its words; it must begin and end at the edge of a word.
func (t *titles) find(text []byte) int32 {
	x := t.lex
	for i := range text {
		if symbol(text[i]) == 63 || i > 0 && symbol(text[i-1]) != 63 {
			continue
		}
		node := int32(0)
		best := int32(-1)
		gaps := 0
		for j := i; j < len(text); j++ {
			s := symbol(text[j])
			if s == 63 {
				if gaps++; gaps > 1 {
					break
				}
				continue
			}
			gaps = 0
			n := &x.nodes[node]
			if n.bits>>s&1 == 0 {
				break
			}
			node = n.first + int32(bits.OnesCount64(n.bits&(1<<s-1)))
			if w := x.nodes[node].word; w >= 0 && (j+1 == len(text) || symbol(text[j+1]) == 63) {
				best = x.words[w].brand
			}
		}
		if best >= 0 {
			return best
		}
	}
	return -1
}

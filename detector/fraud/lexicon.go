package fraud

import (
	"slices"
	"strings"
)

// wordKind is what a word of the lexicon means.
type wordKind uint8

const (
	wordNone   wordKind = iota
	wordStrong          // token of a brand that means it anywhere
	wordShort           // token of a brand that means it where it stands alone
	wordLure
	wordPlain
	wordSyllable // a syllable that is no word of the lexicon
	wordDigits
	wordUnknown
)

// word is an entry of the lexicon. One spelling may be a brand's token and a lure word at the same time.
type word struct {
	text     string
	brand    int32  // index of the brand, -1 for none
	strong   bool   // the brand's token is a strong one
	lures    uint32 // bit set of lure groups
	plain    bool
	syllable bool // a Vietnamese syllable, as well
	viet     bool // a Vietnamese lure word for money and secrets
	personal bool
	place    bool
}

// lexicon holds all words in a trie over letters and digits. Read-only once built.
type lexicon struct {
	words []word
	nodes []trieNode
	near  map[uint64][]int32 // hash of a token with one letter left out, or whole → words, for tokens of nearMin and more
	some  bloom              // of the keys of near
}

// bloom says of most hashes that are not in a map that they are not.
type bloom [1 << 10]uint64

func (b *bloom) add(h uint64)      { b[h>>54] |= 1 << (h >> 48 & 63) }
func (b *bloom) has(h uint64) bool { return b[h>>54]>>(h>>48&63)&1 != 0 }

// trieNode has its children in a row: those of the letters whose bits are set, in order.
type trieNode struct {
	bits  uint64
	first int32 // index in nodes of the first child
	word  int32 // -1 for none
}

// nearMin is how long a token is at least for spellings with one changed letter to mean it.
const nearMin = 6

func newLexicon(brands []Brand) *lexicon {
	x := &lexicon{near: make(map[uint64][]int32)}
	index := make(map[string]int32)
	get := func(s string) *word {
		i, ok := index[s]
		if !ok {
			i = int32(len(x.words))
			index[s] = i
			x.words = append(x.words, word{text: s, brand: -1})
		}
		return &x.words[i]
	}
	for i := range brands {
		for _, t := range brands[i].Tokens {
			if w := get(t); w.brand < 0 || !w.strong {
				w.brand, w.strong = int32(i), true
			}
		}
	}
	for i := range brands {
		for _, t := range brands[i].Short {
			if w := get(t); w.brand < 0 {
				w.brand = int32(i)
			}
		}
	}
	for g, list := range lureWords {
		for s := range strings.FieldsSeq(list) {
			get(s).lures |= 1 << g
		}
	}
	for s := range strings.FieldsSeq(plainWords) {
		get(s).plain = true
	}
	for s := range strings.FieldsSeq(placeWords) {
		w := get(s)
		w.plain, w.place = true, true
	}
	for i := range x.words {
		x.words[i].viet = x.words[i].lures&(fraudLures|1<<lureInvest) != 0
	}
	for s := range strings.FieldsSeq(englishLures) {
		get(s).viet = false
	}
	for s := range strings.FieldsSeq(personalWords) {
		get(s).personal = true
	}
	for _, s := range syllables() {
		get(s).syllable = true
	}
	for i := range x.words {
		w := &x.words[i]
		if w.brand >= 0 && len(w.text) >= nearMin {
			h := hashBytes([]byte(w.text))
			x.near[h] = append(x.near[h], int32(i))
			x.some.add(h)
			for k := range w.text {
				h := hashSkip([]byte(w.text), k)
				x.some.add(h)
				if l := x.near[h]; len(l) == 0 || l[len(l)-1] != int32(i) {
					x.near[h] = append(l, int32(i))
				}
			}
		}
	}
	x.build()
	return x
}

// build lays the trie out level by level, so that the children of a node are neighbours.
func (x *lexicon) build() {
	order := make([]int32, len(x.words))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return strings.Compare(x.words[a].text, x.words[b].text) })
	type span struct {
		node, lo, hi int32
		depth        int
	}
	x.nodes = []trieNode{{word: -1}}
	queue := []span{{0, 0, int32(len(order)), 0}}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		lo := s.lo
		if lo < s.hi && len(x.words[order[lo]].text) == s.depth {
			x.nodes[s.node].word = order[lo]
			lo++
		}
		x.nodes[s.node].first = int32(len(x.nodes))
		for lo < s.hi {
			c := x.words[order[lo]].text[s.depth]
			hi := lo + 1
			for hi < s.hi && x.words[order[hi]].text[s.depth] == c {
				hi++
			}
			x.nodes[s.node].bits |= 1 << symbol(c)
			queue = append(queue, span{int32(len(x.nodes)), lo, hi, s.depth + 1})
			x.nodes = append(x.nodes, trieNode{word: -1})
			lo = hi
		}
	}
}

// symbol numbers digits and letters from 0 in the order of their bytes, which is that of the trie's children; anything else
// is 63, which no word has.
func symbol(c byte) uint {
	switch {
	case c >= 'a' && c <= 'z':
		return uint(c-'a') + 10
	case c >= '0' && c <= '9':
		return uint(c - '0')
	}
	return 63
}

// FNV-1a, 64 bits: stable over versions and machines, because the model's weights are indexed by it.
const (
	fnvBasis = 14695981039346656037
	fnvPrime = 1099511628211
)

func hashBytes(b []byte) uint64 {
	h := uint64(fnvBasis)
	for _, c := range b {
		h = (h ^ uint64(c)) * fnvPrime
	}
	return h
}

// hashSkip hashes b without byte k.
func hashSkip(b []byte, k int) uint64 {
	h := uint64(fnvBasis)
	for i, c := range b {
		if i != k {
			h = (h ^ uint64(c)) * fnvPrime
		}
	}
	return h
}

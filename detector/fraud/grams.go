package fraud

// Salts keep the kinds of spellings apart in the table.
const (
	saltGram  = 0x9e3779b97f4a7c15
	saltWord  = 0x165667b19e3779f9
	saltPair  = 0x27d4eb2f165667c5
	saltShape = 0x85ebca6b2ae3d27d
	saltZone  = 0xd6e8feb86659fd93
)

// eachGram calls f with the hash of every spelling of the name: runs of 3 to 5 letters of the registrable label
// (digits count as 0), its words and pairs of words, its shape, and the public suffix.
func (v *Verdict) eachGram(f func(uint64)) {
	suffix := v.host[v.suffix:]
	if v.private {
		suffix = suffix[:0] // what a host's customers are like is in the benign lists of no host
	}
	zone := finish(hashFrom(fnvBasis^saltZone, suffix))
	f(zone)
	text := v.host[v.reg : v.suffix-1]
	v.runs(text, f)
	l := &v.regL
	prev := uint64(0)
	for i := range l.np {
		p := &l.pieces[i]
		var h uint64
		switch p.kind {
		case wordDigits:
			h = fnvBasis ^ saltWord ^ uint64(min(p.end-p.start, 6))
		case wordUnknown:
			h = fnvBasis ^ saltWord ^ 0xff00
		default:
			h = hashFrom(fnvBasis^saltWord, l.joined[p.start:p.end])
			f(finish(h))
		}
		if i > 0 {
			f(finish((prev*31 ^ h) * saltPair))
		}
		prev = h
	}
	// The shape: letters as they are, a run of digits as its length; with and without the suffix.
	h := uint64(fnvBasis ^ saltShape)
	loose := h
	for i := 0; i < len(text); {
		if c := text[i]; c < '0' || c > '9' {
			h = (h ^ uint64(c)) * fnvPrime
			loose = (loose ^ uint64(c)) * fnvPrime
			i++
			continue
		}
		n := 0
		for ; i < len(text) && text[i] >= '0' && text[i] <= '9'; i++ {
			n++
		}
		h = (h ^ uint64(0x80+min(n, 9))) * fnvPrime
		loose = (loose ^ 0x80) * fnvPrime
	}
	f(finish(h ^ zone))
	f(finish(loose ^ zone*3))
	// Lengths with the suffix tell random names of one campaign.
	f(finish((zone ^ uint64(len(text))) * saltShape))
}

func (v *Verdict) runs(text []byte, f func(uint64)) {
	b := v.tmp[:0]
	b = append(b, '^')
	for _, c := range text[:min(len(text), maxLabel)] {
		if c >= '0' && c <= '9' {
			c = '0'
		}
		b = append(b, c)
	}
	b = append(b, '$')
	for i := range b {
		h := uint64(fnvBasis ^ saltGram)
		for j := i; j < len(b) && j < i+5; j++ {
			h = (h ^ uint64(b[j])) * fnvPrime
			if j >= i+2 {
				f(finish(h))
			}
		}
	}
}

func hashFrom(h uint64, b []byte) uint64 {
	for _, c := range b {
		h = (h ^ uint64(c)) * fnvPrime
	}
	return h
}

// finish mixes a hash so that its upper bits, which choose the bucket, depend on all of it.
func finish(h uint64) uint64 {
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h
}

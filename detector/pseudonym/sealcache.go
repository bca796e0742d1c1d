package pseudonym

import (
	"encoding/hex"
	"net/netip"
	"sync/atomic"
)

// cacheSize is how many addresses a Seal remembers, in each direction: a finding tells of the same few many times, and a
// pseudonym takes the cipher a word for each bit.
const cacheSize = 1 << 12

// pair is an address in both forms, with the texts of both.
type pair struct {
	plain, image        netip.Addr
	plainText, addrText string
	word                string // within a text
}

// cache remembers pairs, each in the one place that its address has. Safe for concurrent use.
type cache [cacheSize]atomic.Pointer[pair]

// place is where an address is remembered.
func (c *cache) place(ip netip.Addr) *atomic.Pointer[pair] {
	h := uint32(2166136261) // FNV-1a
	for _, b := range ip.As16() {
		h = (h ^ uint32(b)) * 16777619
	}
	return &c[(h^h>>16)%cacheSize]
}

// sealedPair returns both forms of a hidden address, which is unmapped and has no zone.
func (s *Seal) sealedPair(plain netip.Addr) *pair {
	at := s.sealed.place(plain)
	if p := at.Load(); p != nil && p.plain == plain {
		return p
	}
	p := s.newPair(plain, s.image(plain))
	at.Store(p)
	return p
}

// openedPair returns both forms of a sealed address, which has no zone; nil for what is none.
func (s *Seal) openedPair(image netip.Addr) *pair {
	at := s.opened.place(image)
	if p := at.Load(); p != nil && p.image == image {
		return p
	}
	plain, ok := s.preimage(image)
	if !ok {
		return nil
	}
	p := s.newPair(plain, image)
	at.Store(p)
	return p
}

func (s *Seal) newPair(plain, image netip.Addr) *pair {
	a := image.As16()
	digits := a[4:]
	if plain.Is4() {
		digits = a[4:8]
	}
	return &pair{plain, image, plain.String(), image.String(), sealMark + hex.EncodeToString(digits)}
}

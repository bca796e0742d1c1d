package pseudonym

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
)

// Sealed addresses are IPv6 addresses of two prefixes, so that fields and queries for addresses and networks work on them.
// Behind the first stand the 32 bits of an IPv4 address's pseudonym and zeros, behind the second the lower 96 of an IPv6
// address's. Both lie in what RFC 4193 leaves to everybody's own choice.
var (
	sealed4 = netip.MustParsePrefix("fd4b:6834::/32")
	sealed6 = netip.MustParsePrefix("fd4b:6836::/32")
)

// headBits are those that all hidden addresses of IPv6 have in common, and that a sealed one leaves out.
const headBits = 32

// Seal replaces the addresses of a Book by others of a reserved range, for where nobody reads but programs. Other than a
// pseudonym, what is sealed can stand wherever an address can. Safe for concurrent use.
type Seal struct {
	book     *Book
	head     netip.Prefix // of all IPv6 networks; invalid without any
	flow     cipher.Block // of community ids
	spelling cipher.Block // of addresses that are written in unusual ways
	check    []byte       // key of what tells those from noise
	sealed   cache        // by plain address
	opened   cache        // by sealed address
}

// NewSeal returns the seal of a book. It fails where the networks of IPv6 have no /32 in common, or hold sealed addresses.
func NewSeal(b *Book) (*Seal, error) {
	s := &Seal{book: b, check: b.derive("spelling check")}
	for _, n := range b.networks {
		if !n.Addr().Is6() {
			continue
		}
		if n.Bits() < headBits {
			return nil, fmt.Errorf("pseudonym: network %v: a sealed address keeps 96 bits, so that it must be /%d or longer", n, headBits)
		}
		head := netip.PrefixFrom(n.Addr(), headBits).Masked()
		switch {
		case head == sealed4 || head == sealed6:
			return nil, fmt.Errorf("pseudonym: network %v: sealed addresses lie in it", n)
		case s.head.IsValid() && head != s.head:
			return nil, fmt.Errorf("pseudonym: network %v: all networks of IPv6 must lie in one /%d, %v", n, headBits, s.head)
		}
		s.head = head
	}
	var err, err2 error
	s.flow, err = aes.NewCipher(b.derive("community id")[:16])
	s.spelling, err2 = aes.NewCipher(b.derive("spelling")[:16])
	if err := errors.Join(err, err2); err != nil {
		return nil, fmt.Errorf("pseudonym: %w", err)
	}
	return s, nil
}

// derive makes a key for another purpose.
func (b *Book) derive(purpose string) []byte {
	h := hmac.New(sha256.New, b.key)
	h.Write([]byte(purpose))
	return h.Sum(nil)
}

// Fingerprint tells keys apart, and nothing else about them.
func (s *Seal) Fingerprint() string { return fmt.Sprintf("%x", s.book.derive("fingerprint")[:8]) }

// Hides reports whether an address is one of those that are sealed.
func (s *Seal) Hides(ip netip.Addr) bool { return s.book.Hides(ip) }

// Blot overwrites the digits of hidden addresses, as Book does: for data whose length must stay.
func (s *Seal) Blot(data []byte) []byte { return s.book.Blot(data) }

// Addr seals an address; one that is not hidden stays.
func (s *Seal) Addr(ip netip.Addr) netip.Addr {
	if !ip.IsValid() || !s.book.Hides(ip) {
		return ip
	}
	plain := ip.Unmap()
	return s.sealedPair(plain.WithZone("")).image.WithZone(plain.Zone())
}

// image is the sealed form of a hidden address, which is unmapped and has no zone.
func (s *Seal) image(plain netip.Addr) netip.Addr {
	var out [16]byte
	if plain.Is4() {
		a := plain.As4()
		out = sealed4.Addr().As16()
		s.book.flip(out[4:8], a[:], false)
		return netip.AddrFrom16(out)
	}
	a := plain.As16()
	s.book.flip(out[:], a[:], false)
	head := sealed6.Addr().As16()
	copy(out[:4], head[:4])
	return netip.AddrFrom16(out)
}

// OpenAddr returns the address that was sealed; what is no sealed address of this key stays, and ok is false.
func (s *Seal) OpenAddr(ip netip.Addr) (open netip.Addr, ok bool) {
	zone := ip.Zone()
	if plain := ip.WithZone(""); sealed4.Contains(plain) || sealed6.Contains(plain) {
		if p := s.openedPair(plain); p != nil {
			return p.plain.WithZone(zone), true // IPv4 takes none
		}
	}
	return ip, false
}

// preimage opens an address of the sealed ranges.
func (s *Seal) preimage(image netip.Addr) (open netip.Addr, ok bool) {
	switch a := image.As16(); {
	case sealed4.Contains(image):
		var out [4]byte
		s.book.flip(out[:], a[4:8], true)
		open = netip.AddrFrom4(out)
	case s.head.IsValid():
		var out [16]byte
		// The bits of the head are turned over in one way only.
		head := s.head.Addr().As16()
		s.book.flip(out[:], head[:], false)
		copy(a[:4], out[:4])
		s.book.flip(out[:], a[:], true)
		open = netip.AddrFrom16(out)
	}
	return open, open.IsValid() && !open.Is4In6() && s.book.Hides(open) && s.image(open) == image // zeros stand behind
}

// Prefixes returns where the hidden addresses of a network are once they are sealed.
func (s *Seal) Prefixes(p netip.Prefix) (out []netip.Prefix) {
	p = unmapped(p)
	mapped := p.Addr().Is6() && p.Overlaps(mappedRange) // all of IPv4 too
	for _, n := range s.book.networks {
		switch {
		case n.Bits() <= p.Bits() && n.Contains(p.Addr()):
			return []netip.Prefix{s.imageOf(p)}
		case p.Contains(n.Addr()), mapped && n.Addr().Is4():
			out = append(out, s.imageOf(n))
		}
	}
	return out
}

var mappedRange = netip.MustParsePrefix("::ffff:0:0/96")

// unmapped returns a network of IPv4 as one of IPv4, without bits behind its prefix.
func unmapped(p netip.Prefix) netip.Prefix {
	p = p.Masked()
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p
}

// imageOf is the sealed form of a network whose addresses are all hidden.
func (s *Seal) imageOf(p netip.Prefix) netip.Prefix {
	bits := p.Bits()
	switch {
	case p.IsSingleIP():
		return netip.PrefixFrom(s.image(p.Addr()), 128)
	case p.Addr().Is4():
		bits += headBits
	}
	return netip.PrefixFrom(s.image(p.Addr()), bits).Masked()
}

// Plain returns a network without the addresses that are sealed ones: they mean others. Who asks for sealed addresses only
// gets what was asked for.
func (s *Seal) Plain(p netip.Prefix) []netip.Prefix {
	switch {
	case !p.Overlaps(sealed4) && !p.Overlaps(sealed6) || p.Bits() >= headBits:
		return []netip.Prefix{p}
	}
	return halves(nil, p.Masked())
}

// halves appends the parts of a network that hold no sealed address.
func halves(out []netip.Prefix, p netip.Prefix) []netip.Prefix {
	switch {
	case !p.Overlaps(sealed4) && !p.Overlaps(sealed6):
		return append(out, p)
	case p.Bits() >= headBits:
		return out
	}
	a := p.Addr().As16()
	out = halves(out, netip.PrefixFrom(p.Addr(), p.Bits()+1))
	a[p.Bits()/8] |= 0x80 >> (p.Bits() % 8)
	return halves(out, netip.PrefixFrom(netip.AddrFrom16(a), p.Bits()+1))
}

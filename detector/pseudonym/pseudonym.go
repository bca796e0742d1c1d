// Package pseudonym puts names in place of the addresses of people. A Book holds a key and the networks whose addresses are
// hidden; addresses and text go in and come out with each such address replaced by its pseudonym, and back. Both ways need
// the key and nothing else: there is no table of who is who.
//
// The pseudonym of an address is the same everywhere and at all times, so that what belongs together stays together, and the
// pseudonyms of two addresses share as many leading bits as the addresses do, so that networks stay networks (Xu, Fan, Ammar,
// Moon: Prefix-Preserving IP Address Anonymization, ICNP 2002). Who knows some addresses and their pseudonyms can narrow
// others down to a network; that is the price.
package pseudonym

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// KeySize is the length of a key in bytes: 16 for the cipher, 16 for what it fills up with.
const KeySize = 32

// Limits.
const (
	NetworksMax = 64
	// The narrowest prefix that text may name as it is: one that is longer points at people.
	widestBits4, widestBits6 = 24, 64
)

// Book replaces addresses. Safe for concurrent use.
type Book struct {
	networks []netip.Prefix
	key      []byte
	block    cipher.Block
	pad      [16]byte
	work     sync.Pool // of *work
}

// New returns a Book for the addresses of networks.
func New(key []byte, networks []netip.Prefix) (*Book, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("pseudonym: a key of %d bytes, want %d", len(key), KeySize)
	}
	if len(networks) == 0 || len(networks) > NetworksMax {
		return nil, fmt.Errorf("pseudonym: %d networks, want 1 to %d", len(networks), NetworksMax)
	}
	for _, p := range networks {
		if !p.IsValid() || p.Masked() != p || p.Addr().Is4In6() {
			return nil, fmt.Errorf("pseudonym: network %v: want an address with zeros behind the prefix", p)
		}
	}
	block, err := aes.NewCipher(key[:16])
	if err != nil {
		return nil, fmt.Errorf("pseudonym: %w", err)
	}
	b := &Book{networks: slices.Clone(networks), key: slices.Clone(key), block: block}
	b.work.New = func() any { return new(work) }
	block.Encrypt(b.pad[:], key[16:])
	return b, nil
}

// Hides reports whether an address is one of those that are hidden.
func (b *Book) Hides(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	for _, p := range b.networks {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// Name returns the pseudonym of an address: K- and eight hexadecimal digits for IPv4, thirty-two for IPv6.
func (b *Book) Name(ip netip.Addr) string {
	bits := b.shuffle(ip.Unmap().WithZone("").AsSlice(), false)
	return "K-" + strings.ToUpper(fmt.Sprintf("%x", bits))
}

// Names of addresses.
const (
	mark       = "K-"
	digits4    = 8
	digits6    = 32
	reversing4 = ".in-addr.arpa" // RFC 1035, 3.5
	reversing6 = ".ip6.arpa"     // RFC 3596, 2.5
)

var errName = errors.New("pseudonym: not a pseudonym of a hidden address")

// Address returns the address of a pseudonym.
func (b *Book) Address(name string) (netip.Addr, error) {
	digits, ok := strings.CutPrefix(name, mark)
	if !ok || len(digits) != digits4 && len(digits) != digits6 {
		return netip.Addr{}, errName
	}
	bits := make([]byte, len(digits)/2)
	for i := range bits {
		n, err := strconv.ParseUint(digits[2*i:2*i+2], 16, 8)
		if err != nil {
			return netip.Addr{}, errName
		}
		bits[i] = byte(n)
	}
	ip, _ := netip.AddrFromSlice(b.shuffle(bits, true))
	if ip.Is4In6() || !b.Hides(ip) {
		return netip.Addr{}, errName
	}
	return ip, nil
}

// shuffle turns an address into its pseudonym's bits, or back.
func (b *Book) shuffle(in []byte, back bool) []byte {
	out := make([]byte, len(in))
	b.flip(out, in, back)
	return out
}

// flip writes the bits of an address's pseudonym, or of the address of a pseudonym. Each bit is turned over by the cipher's
// word on those of the address before it.
func (b *Book) flip(out, in []byte, back bool) {
	w := b.work.Get().(*work)
	defer b.work.Put(w)
	before := b.pad // the bits of the address that are known, the rest of pad behind them
	for i := range len(in) * 8 {
		at, bit := i/8, byte(0x80>>(i%8))
		w.block = before
		// IPv4 and IPv6 have words of their own.
		w.block[15] ^= byte(len(in))
		b.block.Encrypt(w.word[:], w.block[:])
		known := in[at] & bit
		flipped := known ^ w.word[0]&0x80>>(i%8)
		out[at] = out[at]&^bit | flipped
		if back {
			known = flipped
		}
		before[at] = before[at]&^bit | known
	}
}

// work is memory for the cipher, which would be made anew for each bit's word.
type work struct{ block, word [16]byte }

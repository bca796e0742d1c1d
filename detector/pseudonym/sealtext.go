package pseudonym

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/netip"
	"strings"
)

// In text a sealed address is a word: an address of IPv6 could not be told from a port or a colon that follows it. The
// digits are those of the sealed address behind its prefix.
const (
	sealMark     = "sealed-"
	sealDigits4  = 8
	sealDigits6  = 24
	spellingMark = 'x'
	spellingTag  = 16 // bytes
)

// Text seals the hidden addresses in a text, exactly: OpenText gives back each byte. A text that is nothing but an address
// or a community id is one when it is sealed, too; within a text an address becomes a word. Networks that hold many people
// stay as they are.
func (s *Seal) Text(text string) string {
	if ip, ok := whole(text); ok && s.book.Hides(ip) && !ip.Is4In6() && ip.String() == text {
		if ip.Zone() == "" {
			return s.sealedPair(ip).addrText
		}
		return s.Addr(ip).String()
	}
	if id := s.CommunityID(text); id != text {
		return id
	}
	return s.Words(text)
}

// Words seals the hidden addresses in a text as Text does those that stand within one.
func (s *Seal) Words(text string) string { return s.replace(text, s.word) }

// Addrs seals the hidden addresses in a text as Addr does.
func (s *Seal) Addrs(text string) string {
	return s.replace(text, func(t token, _ string) string { return s.sealedPair(t.ip).addrText })
}

// replace writes a text with other words for its hidden addresses; word is told how an address is spelled.
func (s *Seal) replace(text string, word func(t token, spelled string) string) string {
	var few [4]token // for what most texts hold
	tokens := s.book.appendTokens(few[:0], text)
	if len(tokens) == 0 {
		return text
	}
	return replace(text, tokens, func(t token) (string, bool) { return word(t, text[t.from:t.to]), true })
}

// word is a sealed address within a text.
func (s *Seal) word(t token, spelled string) string {
	p := s.sealedPair(t.ip)
	if p.plainText == spelled || t.reversed && reversedText(t.ip) == spelled {
		return p.word
	}
	return sealMark + string(spellingMark) + hex.EncodeToString(s.hideSpelling(spelled))
}

// OpenText opens what Text has sealed.
func (s *Seal) OpenText(text string) string {
	if strings.HasPrefix(text, sealedStart) {
		if ip, ok := whole(text); ok {
			if open, ok := s.OpenAddr(ip); ok {
				return open.String()
			}
		}
	}
	if id := s.OpenCommunityID(text); id != text {
		return id
	}
	if !strings.Contains(text, sealMark) {
		return text
	}
	return replace(text, named(text, sealMark, s.readWord), func(t token) (string, bool) {
		if t.spelled != "" {
			return t.spelled, true
		}
		return t.ip.String(), true
	})
}

// sealedStart is how every sealed address begins.
const sealedStart = "fd4b:683"

// whole reads a text that is nothing but an address.
func whole(text string) (netip.Addr, bool) {
	const longest = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")
	if len(text) < 2 || len(text) > longest || !hexDigit(text[0]) && text[0] != ':' {
		return netip.Addr{}, false
	}
	ip, err := netip.ParseAddr(text)
	return ip, err == nil
}

// readWord reads the sealed word that text begins with.
func (s *Seal) readWord(text string) (t token, ok bool) {
	digits := text[len(sealMark):]
	if digits != "" && digits[0] == spellingMark {
		n := digitsOf(digits[1:])
		raw, err := hex.DecodeString(digits[1 : 1+n])
		if err != nil {
			return t, false
		}
		t.spelled, ok = s.openSpelling(raw)
		t.to = len(sealMark) + 1 + n
		return t, ok
	}
	n := digitsOf(digits)
	prefix := sealed4
	switch n {
	case sealDigits4:
	case sealDigits6:
		prefix = sealed6
	default:
		return t, false
	}
	a := prefix.Addr().As16()
	if _, err := hex.Decode(a[4:], []byte(digits[:n])); err != nil {
		return t, false
	}
	t.ip, ok = s.OpenAddr(netip.AddrFrom16(a))
	t.to = len(sealMark) + n
	return t, ok
}

func digitsOf(s string) (n int) {
	for n < len(s) && hexDigit(s[n]) {
		n++
	}
	return n
}

// hideSpelling encrypts an address as it was written, where that is not the usual way. The same is always the same: the
// counter begins with a keyed hash of the text, which also shows on opening that nothing was changed (RFC 5297 in small).
func (s *Seal) hideSpelling(text string) []byte {
	tag := s.spellingTag([]byte(text))
	out := append(tag, text...)
	cipher.NewCTR(s.spelling, tag).XORKeyStream(out[spellingTag:], out[spellingTag:])
	return out
}

func (s *Seal) openSpelling(raw []byte) (string, bool) {
	if len(raw) <= spellingTag {
		return "", false
	}
	tag, text := raw[:spellingTag], raw[spellingTag:]
	cipher.NewCTR(s.spelling, tag).XORKeyStream(text, text)
	return string(text), hmac.Equal(tag, s.spellingTag(text))
}

func (s *Seal) spellingTag(text []byte) []byte {
	h := hmac.New(sha256.New, s.check)
	h.Write(text)
	return h.Sum(nil)[:spellingTag:spellingTag]
}

// Community ids: what version 1 begins with, what it does when it is sealed, and how many bytes of hash stand behind in
// base64.
const (
	flowMark       = "1:"
	sealedFlowMark = "k1:"
	flowHash       = 20
	flowText       = (flowHash + 2) / 3 * 4
	flowRounds     = 4
)

// CommunityID seals a community id: it is a hash of addresses and ports without a key, so that whoever has it can try all
// addresses out. What is no community id stays.
func (s *Seal) CommunityID(id string) string { return s.turn(id, flowMark, sealedFlowMark, false) }

// OpenCommunityID opens what CommunityID has sealed.
func (s *Seal) OpenCommunityID(id string) string { return s.turn(id, sealedFlowMark, flowMark, true) }

func (s *Seal) turn(id, from, to string, back bool) string {
	if len(id) != len(from)+flowText || id[:len(from)] != from {
		return id
	}
	hash, err := base64.StdEncoding.Strict().DecodeString(id[len(from):])
	if err != nil || len(hash) != flowHash {
		return id
	}
	s.permute((*[flowHash]byte)(hash), back)
	return to + base64.StdEncoding.EncodeToString(hash)
}

// permute is a permutation of hashes that nobody without the key can tell from a random one: a balanced Feistel network of
// four rounds (Luby, Rackoff: How to Construct Pseudorandom Permutations from Pseudorandom Functions, SIAM J. Comput. 17,
// 1988) whose functions are the cipher's word on the round and half of the bits.
func (s *Seal) permute(hash *[flowHash]byte, back bool) {
	const half = flowHash / 2
	left, right := hash[:half], hash[half:]
	var in, out [16]byte
	for i := range flowRounds {
		round := i
		if back {
			round = flowRounds - 1 - i
		}
		// Each round changes one half by the other; which one alternates, in place of swapping.
		change, by := left, right
		if round%2 == 1 {
			change, by = right, left
		}
		in[15] = byte(round)
		copy(in[:], by)
		s.flow.Encrypt(out[:], in[:])
		for j := range change {
			change[j] ^= out[j]
		}
	}
}

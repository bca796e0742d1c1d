package ike

import (
	"encoding/binary"
	"strconv"

	"khien/sensor"
)

// attribute is a property of a security association. class is numbered as in version 1; those of version 2 that have no
// number there stand from 1000 on.
type attribute struct {
	class uint16
	value uint64
	v2    bool
}

// proposals1 reads the transforms of a security association of version 1 (RFC 2408, 3.4 to 3.6).
func (p *parser) proposals1(b []byte) (list [][]attribute) {
	if len(b) < 8 {
		return nil
	}
	p.doi = binary.BigEndian.Uint32(b)
	for b = b[8:]; len(b) >= 8 && len(list) < transformsMax; {
		n, spi, count := int(binary.BigEndian.Uint16(b[2:])), int(b[6]), int(b[7])
		if n < 8+spi || n > len(b) {
			break
		}
		t := b[8+spi : n]
		for ; count > 0 && len(t) >= 8 && len(list) < transformsMax; count-- {
			k := int(binary.BigEndian.Uint16(t[2:]))
			if k < 8 || k > len(t) {
				break
			}
			list = append(list, attributes(t[8:k]))
			t = t[k:]
		}
		b = b[n:]
	}
	return list
}

// attributes reads data attributes (RFC 2408, 3.3).
func attributes(b []byte) (list []attribute) {
	for len(b) >= 4 && len(list) < attributesMax {
		class, v := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
		b = b[4:]
		a := attribute{class: class & 0x7fff, value: uint64(v)}
		if class&0x8000 == 0 {
			if int(v) > len(b) {
				break
			}
			a.value = 0
			for _, c := range b[:min(int(v), 8)] {
				a.value = a.value<<8 | uint64(c)
			}
			b = b[v:]
		}
		list = append(list, a)
	}
	return list
}

// Classes that version 2 has and version 1 has not.
const (
	classInteg = sensor.IKEInteg
	classESN   = 1005
)

// proposals2 reads a security association of version 2 (RFC 7296, 3.3).
func proposals2(b []byte) (list []proposal2) {
	for len(b) >= 8 && len(list) < transformsMax {
		n, spi, count := int(binary.BigEndian.Uint16(b[2:])), int(b[6]), int(b[7])
		if n < 8+spi || n > len(b) {
			break
		}
		t := b[8+spi : n]
		p := proposal2{protocol: b[5]}
		for ; count > 0 && len(t) >= 8 && len(p.transforms) < attributesMax; count-- {
			k := int(binary.BigEndian.Uint16(t[2:]))
			if k < 8 || k > len(t) {
				break
			}
			classes := [...]uint16{1: 1, 2: 13, 3: classInteg, 4: 4, 5: classESN}
			if kind := int(t[4]); kind == 0 || kind >= len(classes) {
				p.unknown = true
			} else {
				p.transforms = append(p.transforms, attribute{class: classes[kind], value: uint64(binary.BigEndian.Uint16(t[6:])), v2: true})
				p.transforms = append(p.transforms, attributes(t[8:k])...)
			}
			t = t[k:]
		}
		list = append(list, p)
		b = b[n:]
	}
	return list
}

// classNames are EVE's names of the classes (RFC 2409, appendix A).
var classNames = map[uint16]string{1: "alg_enc", 2: "alg_hash", 3: "alg_auth", 4: "alg_dh", 5: "sa_group_type",
	6: "sa_group_prime", 7: "sa_group_generator_one", 8: "sa_group_generator_two", 9: "sa_group_curve_a",
	10: "sa_group_curve_b", 11: "sa_life_type", 12: "sa_life_duration", 13: "alg_prf", 14: "sa_key_length",
	15: "sa_field_size", 16: "sa_group_order", classInteg: "alg_auth", classESN: "alg_esn"}

func className(c uint16) string {
	if n, ok := classNames[c]; ok {
		return n
	}
	return strconv.Itoa(int(c))
}

// values1 are EVE's names of values of version 1 (RFC 2409, appendix A and IANA's registry).
var values1 = map[uint16][]string{
	1: {1: "EncDesCbc", "EncIdeaCbc", "EncBlowfishCbc", "EncRc5R16B64Cbc", "EncTripleDesCbc", "EncCastCbc", "EncAesCbc",
		"EncCamelliaCbc"},
	2: {1: "HashMd5", "HashSha", "HashTiger", "HashSha2_256", "HashSha2_384", "HashSha2_512"},
	3: {1: "AuthPreSharedKey", "AuthDssSignatures", "AuthRsaSignatures", "AuthEncryptionWithRsa",
		"AuthRevisedEncryptionWithRsa"},
	4: {1: "GroupDefault768BitModp", "GroupAlternate1024BitModpGroup", "GroupEc2nOnGp2p155", "GroupEc2nOnGp2p185",
		"GroupModp1536Bit", 14: "GroupModp2048Bit", "GroupModp3072Bit", "GroupModp4096Bit", "GroupModp6144Bit",
		"GroupModp8192Bit", "GroupRandomEcp256", "GroupRandomEcp384", "GroupRandomEcp521", "GroupModp1024With160BitPrime",
		"GroupModp2048With224BitPrime", "GroupModp2048With256BitPrime", "GroupRandomEcp192", "GroupRandomEcp224"},
	5:  {1: "GroupTypeModp", "GroupTypeEcp", "GroupTypeEc2n"},
	11: {1: "LifeTypeSeconds", "LifeTypeKilobytes"},
}

// values2 are names of transforms of version 2 (RFC 7296, 3.3.2 and IANA's registry).
var values2 = map[uint16][]string{
	1: {2: "ENCR_DES", "ENCR_3DES", "ENCR_RC5", "ENCR_IDEA", "ENCR_CAST", "ENCR_BLOWFISH", "ENCR_3IDEA", 11: "ENCR_NULL",
		"ENCR_AES_CBC", "ENCR_AES_CTR", "ENCR_AES_CCM_8", "ENCR_AES_CCM_12", "ENCR_AES_CCM_16", 18: "ENCR_AES_GCM_8",
		"ENCR_AES_GCM_12", "ENCR_AES_GCM_16", 23: "ENCR_CAMELLIA_CBC", 28: "ENCR_CHACHA20_POLY1305"},
	13: {1: "PRF_HMAC_MD5", "PRF_HMAC_SHA1", "PRF_HMAC_TIGER", "PRF_AES128_XCBC", "PRF_HMAC_SHA2_256", "PRF_HMAC_SHA2_384",
		"PRF_HMAC_SHA2_512", "PRF_AES128_CMAC"},
	classInteg: {"NONE", "AUTH_HMAC_MD5_96", "AUTH_HMAC_SHA1_96", "AUTH_DES_MAC", "AUTH_KPDK_MD5", "AUTH_AES_XCBC_96",
		12: "AUTH_HMAC_SHA2_256_128", "AUTH_HMAC_SHA2_384_192", "AUTH_HMAC_SHA2_512_256"},
	4: {"None", "Modp768", "Modp1024", 5: "Modp1536", 14: "Modp2048", "Modp3072", "Modp4096", "Modp6144", "Modp8192", "Ecp256",
		"Ecp384", "Ecp521", "Modp1024s160", "Modp2048s224", "Modp2048s256", "Ecp192", "Ecp224", "BrainpoolP224r1",
		"BrainpoolP256r1", "BrainpoolP384r1", "BrainpoolP512r1", "Curve25519", "Curve448"},
	classESN: {"NoESN", "ESN"},
}

// name returns EVE's name of an attribute's value.
func (a attribute) name() string {
	names := values1
	if a.v2 {
		names = values2
	}
	if list := names[a.class]; a.value < uint64(len(list)) && list[a.value] != "" {
		return list[a.value]
	}
	return "Unknown"
}

package tls

import "errors"

// Extensions that are read (IANA TLS ExtensionType Values).
const (
	extServerName    = 0
	extGroups        = 10
	extPointFormats  = 11
	extSigAlgs       = 13
	extALPN          = 16
	extSessionTicket = 35
	extPSK           = 41
	extVersions      = 43
	extKeyShare      = 51
	extECH           = 0xfe0d // RFC 9849
)

// Limits of a hello. Real ones list tens of suites and extensions.
const (
	listMax = 512 // entries kept of each list
	alpnMax = 64  // protocol names kept
)

var errHello = errors.New("tls: malformed hello")

// Extension is an extension of a hello. Data is valid as long as the hello's.
type Extension struct {
	Type uint16
	Data []byte
}

// helloFlags are oddities of a hello that can be read all the same.
type helloFlags uint8

const (
	oddSNITwice helloFlags = 1 << iota
	oddSNIType
	oddSNILength
)

// ClientHello is a decoded ClientHello (RFC 8446, 4.1.2) or SSL 2 CLIENT-HELLO. The zero value is ready for Parse and may
// be used again; slices are valid until then.
type ClientHello struct {
	Version       uint16 // legacy_version
	Random        []byte // 32 bytes
	SessionID     []byte
	Ciphers       []uint16
	Extensions    []Extension
	SNI           []byte // host name; nil without one
	HasSNI        bool   // the extension is there
	ALPN          [][]byte
	Groups        []uint16 // supported_groups
	Points        []byte   // ec_point_formats
	SigAlgs       []uint16
	Versions      []uint16 // supported_versions
	KeyShares     []uint16 // groups of the key shares
	Ticket        bool     // a session ticket that is not empty
	PSK           bool
	ECH           bool
	SSL2          bool
	raw           []byte
	odd           helloFlags
	hasExtensions bool
}

// Parse decodes the body of a ClientHello, without the handshake header, and keeps a copy of it. After an error what was
// read stays.
func (h *ClientHello) Parse(body []byte) error {
	h.reset()
	h.raw = append(h.raw, body...)
	r := reader{b: h.raw}
	h.Version = uint16(r.u16())
	h.Random = r.bytes(32)
	h.SessionID = r.vec8()
	h.Ciphers = appendU16s(h.Ciphers, r.vec16())
	r.vec8() // compression methods
	if r.bad {
		return errHello
	}
	if len(r.b) == 0 {
		return nil
	}
	h.hasExtensions = true
	return h.extensions(r.vec16(), r.bad)
}

func (h *ClientHello) reset() {
	*h = ClientHello{raw: h.raw[:0], Ciphers: h.Ciphers[:0], Extensions: h.Extensions[:0], ALPN: h.ALPN[:0],
		Groups: h.Groups[:0], SigAlgs: h.SigAlgs[:0], Versions: h.Versions[:0], KeyShares: h.KeyShares[:0]}
}

func (h *ClientHello) extensions(b []byte, bad bool) error {
	r := reader{b: b, bad: bad}
	for len(r.b) > 0 {
		kind, data := uint16(r.u16()), r.vec16()
		if r.bad {
			break
		}
		if len(h.Extensions) < listMax {
			h.Extensions = append(h.Extensions, Extension{kind, data})
		}
		h.extension(kind, data)
	}
	if r.bad {
		return errHello
	}
	return nil
}

func (h *ClientHello) extension(kind uint16, data []byte) {
	r := reader{b: data}
	switch kind {
	case extServerName:
		h.serverName(data)
	case extGroups:
		h.Groups = appendU16s(h.Groups, r.vec16())
	case extPointFormats:
		h.Points = r.vec8()
	case extSigAlgs:
		h.SigAlgs = appendU16s(h.SigAlgs, r.vec16())
	case extALPN:
		h.ALPN = appendALPN(h.ALPN, r.vec16())
	case extVersions:
		h.Versions = appendU16s(h.Versions, r.vec8())
	case extKeyShare:
		for s := (reader{b: r.vec16()}); len(s.b) > 0 && len(h.KeyShares) < listMax; {
			group := uint16(s.u16())
			if s.vec16(); s.bad {
				break
			}
			h.KeyShares = append(h.KeyShares, group)
		}
	case extSessionTicket:
		h.Ticket = len(data) > 0
	case extPSK:
		h.PSK = true
	case extECH:
		h.ECH = true
	}
}

// serverName reads the host name (RFC 6066, 3).
func (h *ClientHello) serverName(data []byte) {
	if h.HasSNI {
		h.odd |= oddSNITwice
		return
	}
	h.HasSNI = true
	if len(data) == 0 {
		return
	}
	r := reader{b: data}
	list := reader{b: r.vec16(), bad: r.bad}
	kind, name := list.u8(), list.vec16()
	switch {
	case list.bad:
		h.odd |= oddSNILength
	case kind != 0:
		h.odd |= oddSNIType
	case len(name) == 0:
		h.odd |= oddSNILength
	default:
		h.SNI = name
	}
}

// appendALPN appends the protocol names of a list (RFC 7301, 3.1).
func appendALPN(dst [][]byte, b []byte) [][]byte {
	r := reader{b: b}
	for len(r.b) > 0 && len(dst) < alpnMax {
		name := r.vec8()
		if r.bad {
			break
		}
		dst = append(dst, name)
	}
	return dst
}

// parseSSL2 decodes the body of an SSL 2 CLIENT-HELLO behind its message type (RFC 6101, E.1).
func (h *ClientHello) parseSSL2(body []byte) error {
	h.reset()
	h.SSL2 = true
	h.raw = append(h.raw, body...)
	r := reader{b: h.raw}
	h.Version = uint16(r.u16())
	specs, id, challenge := r.u16(), r.u16(), r.u16()
	list := reader{b: r.bytes(specs)}
	h.SessionID = r.bytes(id)
	h.Random = r.bytes(challenge)
	for len(list.b) >= 3 && len(h.Ciphers) < listMax {
		// Suites of SSL 3 and TLS have a zero in front; those of SSL 2 have no number of 16 bits.
		if s := list.u24(); s <= 0xffff {
			h.Ciphers = append(h.Ciphers, uint16(s))
		}
	}
	if r.bad {
		return errHello
	}
	return nil
}

// MaxVersion returns the highest version that the client offers, without GREASE.
func (h *ClientHello) MaxVersion() uint16 {
	var v uint16
	for _, o := range h.Versions {
		if !grease(o) && o > v {
			v = o
		}
	}
	if v == 0 {
		v = h.Version
	}
	return v
}

// ServerHello is a decoded ServerHello (RFC 8446, 4.1.3). The zero value is ready for Parse and may be used again; slices
// are valid until then.
type ServerHello struct {
	LegacyVersion uint16
	Version       uint16 // the version in force: supported_versions where it is there, else legacy_version
	Random        []byte // 32 bytes
	SessionID     []byte
	Cipher        uint16
	Extensions    []Extension
	ALPN          [][]byte // at most one where the server keeps to the RFC
	KeyShare      uint16   // group, 0 without one
	Retry         bool     // HelloRetryRequest
	raw           []byte
}

// retryRandom is the random of a HelloRetryRequest (RFC 8446, 4.1.3).
const retryRandom = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91" +
	"\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"

// Parse decodes the body of a ServerHello, without the handshake header, and keeps a copy of it. After an error what was
// read stays.
func (h *ServerHello) Parse(body []byte) error {
	*h = ServerHello{raw: append(h.raw[:0], body...), Extensions: h.Extensions[:0], ALPN: h.ALPN[:0]}
	r := reader{b: h.raw}
	h.LegacyVersion = uint16(r.u16())
	h.Version = h.LegacyVersion
	h.Random = r.bytes(32)
	// The drafts of TLS 1.3 before 22 have neither session id nor compression method.
	old := h.Version >= 0x7f00 && h.Version < 0x7f16
	if !old {
		h.SessionID = r.vec8()
	}
	h.Cipher = uint16(r.u16())
	if !old {
		r.u8()
	}
	if r.bad {
		return errHello
	}
	h.Retry = string(h.Random) == retryRandom
	if len(r.b) == 0 {
		return nil
	}
	for e := (reader{b: r.vec16(), bad: r.bad}); ; {
		if e.bad {
			return errHello
		}
		if len(e.b) == 0 {
			return nil
		}
		kind, data := uint16(e.u16()), e.vec16()
		if e.bad {
			return errHello
		}
		if len(h.Extensions) < listMax {
			h.Extensions = append(h.Extensions, Extension{kind, data})
		}
		v := reader{b: data}
		switch kind {
		case extALPN:
			h.ALPN = appendALPN(h.ALPN, v.vec16())
		case extVersions:
			if s := v.u16(); !v.bad {
				h.Version = uint16(s)
			}
		case extKeyShare:
			h.KeyShare = uint16(v.u16())
		}
	}
}

// grease reports whether v is one of the values that clients send to keep servers tolerant (RFC 8701).
func grease(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

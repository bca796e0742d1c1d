package tls

import (
	"encoding/binary"

	"khien/sensor"
)

// Fingerprints that are made when first asked for.
const (
	fpJA3 = iota
	fpJA3Hash
	fpJA4
	fpJA3S
	fpJA3SHash
	fingerprints
)

// chain is what a direction showed of its certificates.
type chain struct {
	seen  bool     // the message came, be it empty
	certs [][]byte // DER
	total int      // certificates in the message, also those past chainMax
	leaf  certificate
}

// add keeps a copy of a certificate.
func (c *chain) add(raw []byte) {
	c.total++
	if len(c.certs) < chainMax {
		c.certs = append(c.certs, append([]byte(nil), raw...))
	}
}

// tx is one connection.
type tx struct {
	sensor.TxBase
	states      [2]uint8 // bits of messages that are not read
	client      ClientHello
	server      ServerHello
	clientSeen  bool
	serverSeen  bool
	chain       [2]chain
	resumed     bool // the session goes on from an earlier connection
	complete    bool // both sides have come to encrypted data
	ready       bool // the record is final
	from        sensor.Proto
	fingerprint [fingerprints][]byte
}

// LogReady reports whether the record is complete: the server has shown all that it shows in clear, or nothing more comes.
func (t *tx) LogReady(dir sensor.Dir) bool {
	return dir == sensor.ToServer && t.ready && (t.clientSeen || t.serverSeen)
}

// Buffer returns value i of a buffer.
func (t *tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if i < 0 {
		return nil, false
	}
	switch b {
	case sensor.TLSALPN:
		if list := t.alpn(dir); i < len(list) {
			return list[i], true
		}
		return nil, false
	case sensor.TLSCerts:
		if c := t.chain[dir].certs; i < len(c) {
			return c[i], true
		}
		return nil, false
	case sensor.TLSSAN:
		if s := t.chain[dir].leaf.sans; i < len(s) {
			return s[i], true
		}
		return nil, false
	}
	if i > 0 {
		return nil, false
	}
	v := t.single(b, dir)
	return v, v != nil
}

// single returns the value of a buffer that has one.
func (t *tx) single(b sensor.Buffer, dir sensor.Dir) []byte {
	client := dir == sensor.ToServer && t.clientSeen
	server := dir == sensor.ToClient && t.serverSeen
	leaf := &t.chain[dir].leaf
	switch b {
	case sensor.TLSSNI:
		if client {
			return t.client.SNI
		}
	case sensor.TLSJA3String:
		if client && !t.client.SSL2 {
			return t.print(fpJA3)
		}
	case sensor.TLSJA3Hash:
		if client && !t.client.SSL2 {
			return t.print(fpJA3Hash)
		}
	case sensor.TLSJA4:
		if client && !t.client.SSL2 {
			return t.print(fpJA4)
		}
	case sensor.TLSJA3SString:
		if server && t.server.raw != nil {
			return t.print(fpJA3S)
		}
	case sensor.TLSJA3SHash:
		if server && t.server.raw != nil {
			return t.print(fpJA3SHash)
		}
	case sensor.TLSVersion:
		if v := t.version(dir); v != 0 {
			return []byte(versionNumber(v))
		}
	case sensor.TLSRandom, sensor.TLSRandomTime, sensor.TLSRandomBytes:
		r := t.server.Random
		if dir == sensor.ToServer {
			r = t.client.Random
		}
		if len(r) != 32 {
			return nil
		}
		switch b {
		case sensor.TLSRandomTime:
			r = r[:4]
		case sensor.TLSRandomBytes:
			r = r[4:]
		}
		return r
	case sensor.TLSCertSubject:
		return present(leaf.subject)
	case sensor.TLSCertIssuer:
		return present(leaf.issuer)
	case sensor.TLSCertSerial:
		return present(leaf.serial)
	case sensor.TLSCertFP:
		return present(leaf.fingerprint)
	}
	return nil
}

// present returns nil for an empty slice.
func present(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// Number returns value i of a number.
func (t *tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	if i != 0 {
		return 0, false
	}
	c := &t.chain[dir]
	switch b {
	case sensor.TLSECH:
		if dir == sensor.ToServer && t.clientSeen && t.client.ECH {
			return 1, true
		}
	case sensor.TLSState:
		v := t.state(dir)
		return v, v != 0
	case sensor.TLSVersion:
		v := t.version(dir)
		return uint64(v), v != 0
	case sensor.TLSCertChainLen:
		return uint64(c.total), c.seen
	case sensor.TLSNotBefore:
		return uint64(c.leaf.notBefore), c.leaf.notBefore != 0
	case sensor.TLSNotAfter:
		return uint64(c.leaf.notAfter), c.leaf.notAfter != 0
	case sensor.TLSHandshakeDone:
		return 1, t.complete
	case sensor.TLSRandomTime:
		if r := t.single(b, dir); r != nil {
			return uint64(binary.BigEndian.Uint32(r)), true
		}
	}
	return 0, false
}

func (t *tx) alpn(dir sensor.Dir) [][]byte {
	if dir == sensor.ToServer {
		return t.client.ALPN
	}
	return t.server.ALPN
}

// version returns the version in force or, while only the client has spoken, the highest that it offers.
func (t *tx) version(dir sensor.Dir) uint16 {
	switch {
	case t.serverSeen:
		return t.server.Version
	case t.clientSeen && dir == sensor.ToServer:
		return t.client.MaxVersion()
	}
	return 0
}

// print returns a fingerprint.
func (t *tx) print(which int) []byte {
	if v := t.fingerprint[which]; v != nil {
		return v
	}
	var v []byte
	switch which {
	case fpJA3:
		v = t.client.AppendJA3(nil)
	case fpJA3Hash:
		v = AppendMD5(nil, t.print(fpJA3))
	case fpJA4:
		v = t.client.AppendJA4(nil, 't')
	case fpJA3S:
		v = t.server.AppendJA3S(nil)
	case fpJA3SHash:
		v = AppendMD5(nil, t.print(fpJA3S))
	}
	t.fingerprint[which] = v
	return v
}

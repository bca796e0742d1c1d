package zeeklog

import (
	"bytes"

	"github.com/cespare/xxhash/v2"

	"khien/sensor"
	"khien/sensor/record"
)

// Joint is what the decoders of one Zeek know in common: tables that forget by overwriting, made when they are needed. It is
// not safe for concurrent use.
type Joint struct {
	addrs record.Addrs
	hosts []host
	certs []cert
	waits []wait
}

// Limits of what is remembered. What another one pushes out is a name less.
const (
	jointSize = 1 << 12 // connections; a power of two
	certsMax  = 1 << 10 // certificates; a power of two
	hostMax   = 255     // bytes of a host's name
	nameMax   = 1024    // bytes of the names in a certificate
)

// slot returns the place of a key in a table of a size, which is a power of two.
func slot[T any](table *[]T, size int, key uint64) *T {
	if *table == nil {
		*table = make([]T, size)
	}
	return &(*table)[key&uint64(size-1)]
}

func clip(v []byte, n int) []byte { return v[:min(len(v), n)] }

// host is the name that an HTTP connection was for.
type host struct {
	uid  uint64
	name []byte
}

// cert is a certificate of x509.log.
type cert struct {
	id     uint64
	values record.Tx
}

// wait is a handshake whose certificate has not come.
type wait struct {
	id   uint64
	flow sensor.Flow
	time int64
	sni  []byte
}

// NewJoint returns an empty Joint.
func NewJoint() *Joint { return &Joint{} }

func hash(b []byte) uint64 { return xxhash.Sum64(b) }

// flowID makes the number of a flow of Zeek's uid: 53 bits, as EVE's are.
func flowID(uid []byte) uint64 {
	if len(uid) == 0 {
		return 0
	}
	return hash(uid) & (1<<53 - 1)
}

// setHost remembers the name of a connection.
func (j *Joint) setHost(uid uint64, name []byte) {
	if uid == 0 || len(name) == 0 {
		return
	}
	h := slot(&j.hosts, jointSize, uid)
	h.uid, h.name = uid, append(h.name[:0], clip(name, hostMax)...)
}

func (j *Joint) hostOf(uid uint64) []byte {
	if h := slot(&j.hosts, jointSize, uid); uid != 0 && h.uid == uid {
		return h.name
	}
	return nil
}

// await remembers a handshake until its certificate comes.
func (j *Joint) await(id uint64, r *record.Record, sni []byte) {
	w := slot(&j.waits, jointSize, id)
	w.id, w.flow, w.time, w.sni = id, r.Flow, r.Time, append(w.sni[:0], bytes.ToLower(clip(sni, hostMax))...)
}

// certValues are the buffers of a certificate.
var certValues = [...]sensor.Buffer{sensor.TLSCertSubject, sensor.TLSCertIssuer, sensor.TLSCertSerial, sensor.TLSCertFP, sensor.TLSSAN}

// addCert adds what is known of a certificate to a handshake; false when nothing is.
func (j *Joint) addCert(id uint64, tx *record.Tx) bool {
	c := slot(&j.certs, certsMax, id)
	if id == 0 || c.id != id {
		return false
	}
	copyCert(tx, &c.values)
	return true
}

func copyCert(to, from *record.Tx) {
	for _, b := range certValues {
		for i := range listMax {
			v, ok := from.Buffer(b, sensor.ToClient, i)
			if !ok {
				break
			}
			to.Add(b, sensor.ToClient, v)
		}
	}
	for _, b := range [...]sensor.Buffer{sensor.TLSNotBefore, sensor.TLSNotAfter} {
		if n, ok := from.Number(b, sensor.ToClient, 0); ok {
			to.AddNumber(b, sensor.ToClient, n)
		}
	}
}

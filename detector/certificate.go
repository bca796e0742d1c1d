package detector

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"khien/sensor"
)

// Certificate is what a server showed to say who it is, in clear up to TLS 1.2. The zero Certificate is none.
type Certificate struct {
	Fingerprint         string // as Fingerprint writes it: of SHA-1, of SHA-256 where the one that reports it has no other
	Subject, Issuer     string // "C=VN, O=…, CN=…"
	NotBefore, NotAfter time.Time
}

// Fingerprint brings the hash of a certificate, with or without colons, into the one form that is compared: capital
// hexadecimal digits, as the Elastic Common Schema asks for in tls.server.hash. What is neither SHA-1 nor SHA-256 is "".
func Fingerprint(s string) string {
	s = strings.ToUpper(strings.ReplaceAll(s, ":", ""))
	if b, err := hex.DecodeString(s); err != nil || len(b) != 20 && len(b) != 32 {
		return ""
	}
	return s
}

// yearsMax bounds what a certificate says of its time, in seconds since 1970: the end of the year 9999, which GeneralizedTime
// cannot pass (RFC 5280, 4.1.2.5.2).
const yearsMax = 253402300799

// observeCertificate takes the certificate of a TLS transaction, where it was shown before the finding was made.
func (f *Finding) observeCertificate(tx sensor.Transaction) {
	print, ok := tx.Buffer(sensor.TLSCertFP, sensor.ToClient, 0)
	if !ok {
		return
	}
	c := Certificate{Fingerprint: Fingerprint(string(print))}
	if c.Fingerprint == "" {
		return
	}
	if v, ok := tx.Buffer(sensor.TLSCertSubject, sensor.ToClient, 0); ok {
		c.Subject = clip(v)
	}
	if v, ok := tx.Buffer(sensor.TLSCertIssuer, sensor.ToClient, 0); ok {
		c.Issuer = clip(v)
	}
	if n, ok := tx.Number(sensor.TLSNotBefore, sensor.ToClient, 0); ok && n <= yearsMax {
		c.NotBefore = time.Unix(int64(n), 0).UTC()
	}
	if n, ok := tx.Number(sensor.TLSNotAfter, sensor.ToClient, 0); ok && n <= yearsMax {
		c.NotAfter = time.Unix(int64(n), 0).UTC()
	}
	f.Certificate = c
}

// ecsCertificate is a certificate as tls.server of the Elastic Common Schema.
func ecsCertificate(c *Certificate) *ecsTLSServer {
	if c.Fingerprint == "" {
		return nil
	}
	d := &ecsTLSServer{Subject: c.Subject, Issuer: c.Issuer, NotBefore: ecsTimeOrNil(c.NotBefore), NotAfter: ecsTimeOrNil(c.NotAfter)}
	if len(c.Fingerprint) == 2*sha256.Size {
		d.Hash.SHA256 = c.Fingerprint
	} else {
		d.Hash.SHA1 = c.Fingerprint
	}
	return d
}

// certificate is what ecsCertificate wrote.
func (d *ecsTLSServer) certificate() (c Certificate) {
	if d == nil {
		return Certificate{}
	}
	c = Certificate{Fingerprint: cmp.Or(d.Hash.SHA1, d.Hash.SHA256), Subject: d.Subject, Issuer: d.Issuer}
	if d.NotBefore != nil {
		c.NotBefore = d.NotBefore.UTC()
	}
	if d.NotAfter != nil {
		c.NotAfter = d.NotAfter.UTC()
	}
	return c
}

package sensortest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// certificate returns the DER of a certificate with the subject and issuer that the line asks for. The key and the
// serial number follow from the names, and Ed25519 signs without randomness: the same line gives the same bytes.
func certificate(d *directive) ([]byte, error) {
	cn, ok := d.options["cn"]
	if !ok {
		cn = d.options["sni"]
	}
	issuer, ok := d.options["issuer"]
	if !ok {
		issuer = "Example Root"
	}
	days, err := d.number("days", 90, 1, 36500)
	if err != nil {
		return nil, err
	}
	from := Start.AddDate(0, 0, -30).UTC()
	if s, ok := d.options["notbefore"]; ok {
		if from, err = time.Parse(time.DateOnly, s); err != nil {
			return nil, fmt.Errorf("notbefore=%s: want a date like 2026-11-21", s)
		}
	}
	seed := sha256.Sum256([]byte(cn + "\x00" + issuer))
	key := ed25519.NewKeyFromSeed(seed[:])
	subject := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(seed[:8]),
		Subject:      name(cn),
		NotBefore:    from,
		NotAfter:     from.AddDate(0, 0, days),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	if san, ok := d.options["san"]; ok {
		subject.DNSNames = strings.Split(san, ",")
	}
	by := &x509.Certificate{Subject: name(issuer)}
	der, err := x509.CreateCertificate(nil, subject, by, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return der, nil
}

// name reads "CN" or "C=VN/O=Example/CN=name".
func name(s string) pkix.Name {
	var n pkix.Name
	if !strings.Contains(s, "/") {
		n.CommonName = s
		return n
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(s, "/"), "/") {
		switch key, value, _ := strings.Cut(part, "="); key {
		case "C":
			n.Country = []string{value}
		case "ST":
			n.Province = []string{value}
		case "L":
			n.Locality = []string{value}
		case "O":
			n.Organization = []string{value}
		case "OU":
			n.OrganizationalUnit = []string{value}
		case "CN":
			n.CommonName = value
		}
	}
	return n
}

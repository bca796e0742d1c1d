package bus

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"khien/detector/wholefile"
)

// Files of a hub's folder. The hub's certificate is what tokens name as the one to trust; clients' certificates are of an
// authority of their own, so that none of them can pass for a hub.
const (
	certName        = "hub.crt"
	keyName         = "hub.key"
	clientsCertName = "clients.crt"
	clientsKeyName  = "clients.key"
)

// certificateYears is how long certificates hold. Who shall not connect any more is revoked, not waited for.
const certificateYears = 10

// hubCertificate reads the hub's certificate, and makes it first when there is none. Tokens carry it: whoever connects
// trusts it alone.
func hubCertificate(dir string) (tls.Certificate, error) {
	return ownCertificate(dir, certName, keyName, &x509.Certificate{Subject: pkix.Name{CommonName: tlsName}, DNSNames: []string{tlsName},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
}

// clientsCA is the authority of the certificates of sensors and cores.
func clientsCA(dir string) (tls.Certificate, error) {
	return ownCertificate(dir, clientsCertName, clientsKeyName, &x509.Certificate{Subject: pkix.Name{CommonName: "khien clients"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
}

// ownCertificate reads a certificate that signs itself and others, and makes it first when there is none. A hub that starts
// and a token that is made at the same time get the same one.
func ownCertificate(dir, cert, key string, template *x509.Certificate) (tls.Certificate, error) {
	certFile, keyFile := filepath.Join(dir, cert), filepath.Join(dir, key)
	unlock, err := lockFolder(dir)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("bus: certificate: %w", err)
	}
	defer unlock()
	if _, err := os.Stat(keyFile); errors.Is(err, os.ErrNotExist) {
		template.IsCA, template.BasicConstraintsValid = true, true
		template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign
		certPEM, keyPEM, _, err := makeCertificate(template, nil)
		if err == nil {
			err = wholefile.Write(certFile, certPEM, 0o644)
		}
		if err == nil {
			err = wholefile.Write(keyFile, keyPEM, 0o600)
		}
		if err != nil {
			return tls.Certificate{}, fmt.Errorf("bus: certificate: %w", err)
		}
	}
	c, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return c, fmt.Errorf("bus: certificate: %w", err)
	}
	return c, nil
}

// clientCertificate makes the certificate of a sensor or core. print is its SHA-256.
func clientCertificate(dir, name string) (cert, key, print string, err error) {
	ca, err := clientsCA(dir)
	if err != nil {
		return "", "", "", err
	}
	certPEM, keyPEM, der, err := makeCertificate(&x509.Certificate{Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, &ca)
	if err != nil {
		return "", "", "", fmt.Errorf("bus: certificate of %s: %w", name, err)
	}
	return string(certPEM), string(keyPEM), fingerprint(der), nil
}

func fingerprint(der []byte) string {
	h := sha256.Sum256(der)
	return hex.EncodeToString(h[:])
}

// shownBy is the fingerprint of the certificate that a client has shown and the handshake has verified; empty without.
func shownBy(c server.ClientAuthentication) string {
	if s := c.GetTLSConnectionState(); s != nil && len(s.VerifiedChains) > 0 {
		return fingerprint(s.PeerCertificates[0].Raw)
	}
	return ""
}

// makeCertificate makes a certificate and its key, signed by parent or by itself.
func makeCertificate(c *x509.Certificate, parent *tls.Certificate) (certPEM, keyPEM, der []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, nil, err
	}
	if c.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return nil, nil, nil, err
	}
	now := time.Now()
	c.NotBefore, c.NotAfter = now.Add(-24*time.Hour), now.AddDate(certificateYears, 0, 0)
	by, signer := c, any(key)
	if parent != nil {
		by, signer = parent.Leaf, parent.PrivateKey
	}
	if der, err = x509.CreateCertificate(rand.Reader, c, by, &key.PublicKey, signer); err != nil {
		return nil, nil, nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), der, nil
}

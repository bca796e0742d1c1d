package evidence

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
)

// authority is a time-stamping authority of its own.
func authority(t *testing.T) (*httptest.Server, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	// RFC 3161, 2.3: the extended key usage is critical and the only one.
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "TSA of a test"}, NotBefore: at.Add(-time.Hour),
		NotAfter: at.Add(1000 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		q, err := timestamp.ParseRequest(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		ts := timestamp.Timestamp{HashAlgorithm: q.HashAlgorithm, HashedMessage: q.HashedMessage, Time: at.Add(time.Minute),
			SerialNumber: big.NewInt(7), Policy: asn1.ObjectIdentifier{1, 2, 3}, AddTSACertificate: true, Nonce: q.Nonce}
		answer, err := ts.CreateResponseWithOpts(cert, key, crypto.SHA256)
		if err != nil {
			t.Error(err)
		}
		w.Write(answer)
	}))
	t.Cleanup(srv.Close)
	return srv, cert
}

func TestStamp(t *testing.T) {
	srv, cert := authority(t)
	key, public, _ := testKey(t)
	stamp := func(m []byte) ([]byte, error) { return Stamp(context.Background(), srv.Client(), srv.URL, m) }
	pack := testPack(t, key, stamp)
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	v, err := Verify(save(t, pack), public, roots)
	if err != nil || !v.Stamped.Equal(at.Add(time.Minute)) {
		t.Fatalf("%+v, %v", v, err)
	}
	if _, err := Verify(save(t, pack), public, x509.NewCertPool()); err == nil {
		t.Error("a stamp of an unknown authority passed")
	}
	dir := t.TempDir()
	unzip(t, pack, dir)
	opensslTS(t, dir, cert)
	tsr, err := os.ReadFile(filepath.Join(dir, StampName))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := CheckStamp(tsr, []byte("something else"), nil); err == nil {
		t.Error("a stamp passed for something else")
	}
	srv.Close()
	if _, err := stamp([]byte("x")); !errors.Is(err, ErrOffline) {
		t.Errorf("an authority that is gone: %v", err)
	}
}

// opensslTS lets openssl check the stamp of an unpacked pack.
func opensslTS(t *testing.T, dir string, cert *x509.Certificate) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is missing: apt-get install openssl")
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), ca, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("openssl", "ts", "-verify", "-data", ManifestName, "-in", StampName, "-CAfile", "ca.pem", "-attime", "1795914123")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("openssl ts: %s %v", out, err)
	}
}

func unzip(t *testing.T, pack []byte, dir string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(pack), int64(len(pack)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err == nil {
			err = os.MkdirAll(filepath.Join(dir, filepath.Dir(f.Name)), 0o700)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, f.Name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

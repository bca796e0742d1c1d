package evidence

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"aead.dev/minisign"
	"github.com/digitorus/timestamp"
)

const (
	stampMax  = 1 << 20 // bytes of an authority's answer
	stampWait = 20 * time.Second
)

// ErrOffline is wrapped by errors about an authority that cannot be reached: ask again later.
var ErrOffline = errors.New("evidence: the time-stamping authority cannot be reached")

// StampRequest returns what is sent to a time-stamping authority for a message (RFC 3161, 2.4.1).
func StampRequest(message []byte) ([]byte, error) {
	q, err := timestamp.CreateRequest(bytes.NewReader(message), &timestamp.RequestOptions{Hash: crypto.SHA256, Certificates: true})
	if err != nil {
		return nil, fmt.Errorf("evidence: time-stamp request: %w", err)
	}
	return q, nil
}

// Stamp asks the authority at a URL for a stamp of a message and checks the answer.
func Stamp(ctx context.Context, client *http.Client, url string, message []byte) ([]byte, error) {
	q, err := StampRequest(message)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, stampWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(q))
	if err != nil {
		return nil, fmt.Errorf("evidence: time stamp: %w", err)
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOffline, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, stampMax+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrOffline, err)
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%w: it answered %s", ErrOffline, res.Status)
	case len(answer) > stampMax:
		return nil, fmt.Errorf("evidence: time stamp: an answer of more than %d bytes", stampMax)
	}
	if _, err := CheckStamp(answer, message, nil); err != nil {
		return nil, err
	}
	return answer, nil
}

// CheckStamp checks an answer of an authority against the message and returns the time in it. With roots, the authority's
// certificate has to lead to one of them.
func CheckStamp(answer, message []byte, roots *x509.CertPool) (time.Time, error) {
	ts, err := timestamp.ParseResponse(answer) // checks the signature over the stamp
	if err != nil {
		return time.Time{}, fmt.Errorf("evidence: time stamp: %w", err)
	}
	sum := sha256.Sum256(message)
	if ts.HashAlgorithm != crypto.SHA256 || !bytes.Equal(ts.HashedMessage, sum[:]) {
		return time.Time{}, errors.New("evidence: the time stamp is for something else")
	}
	if roots != nil {
		if err := chain(ts, roots); err != nil {
			return time.Time{}, err
		}
	}
	return ts.Time.UTC(), nil
}

// chain looks for a certificate of the stamp that is for time stamping and leads to a root.
func chain(ts *timestamp.Timestamp, roots *x509.CertPool) error {
	between := x509.NewCertPool()
	for _, c := range ts.Certificates {
		between.AddCert(c)
	}
	err := errors.New("the stamp brings no certificate")
	for _, c := range ts.Certificates {
		if _, err = c.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: ts.Time,
			KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}}); err == nil {
			return nil
		}
	}
	return fmt.Errorf("evidence: time stamp: %w", err)
}

// verifyStamp checks the stamp of a pack, when it has one.
func verifyStamp(files map[string]*zip.File, manifest []byte, key minisign.PublicKey, roots *x509.CertPool) (time.Time, error) {
	if files[StampName] == nil && files[StampSigned] == nil {
		return time.Time{}, nil
	}
	tsr, err := content(files, StampName)
	if err != nil {
		return time.Time{}, err
	}
	sig, err := content(files, StampSigned)
	if err != nil {
		return time.Time{}, err
	}
	if _, err := verifySignature(StampSigned, tsr, sig, key); err != nil {
		return time.Time{}, err
	}
	at, err := CheckStamp(tsr, manifest, roots)
	if err != nil {
		return time.Time{}, &Changed{StampName, err.Error()}
	}
	return at, nil
}

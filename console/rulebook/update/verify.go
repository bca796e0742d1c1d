package update

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"aead.dev/minisign"
)

// verify checks what was sent against a SHA-256 and a minisign signature; either may be empty.
func verify(data []byte, sha, key string, signature []byte) error {
	if sha != "" {
		sum := sha256.Sum256(data)
		if got := hex.EncodeToString(sum[:]); !strings.EqualFold(got, strings.TrimSpace(sha)) {
			return fmt.Errorf("SHA-256 is %s, not %s", got, sha)
		}
	}
	if key == "" {
		return nil
	}
	var pub minisign.PublicKey
	if err := pub.UnmarshalText([]byte(key)); err != nil {
		return fmt.Errorf("public key: %w", err)
	}
	if !minisign.Verify(pub, data, signature) {
		return errors.New("the signature is not of this file by this key")
	}
	return nil
}

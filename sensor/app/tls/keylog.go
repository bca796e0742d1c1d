package tls

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits of a key log.
const (
	keyLogLine = 1 << 10
	keyLogMax  = 1 << 20 // connections
	secretMax  = 64      // bytes; 48 are the most that a cipher suite has
)

// Secrets of a connection, by their label in a key log (draft-ietf-tls-keylogfile).
const (
	secretMaster          = iota // TLS 1.2
	secretClientHandshake        // TLS 1.3
	secretServerHandshake
	secretClientTraffic
	secretServerTraffic
	secretKinds
)

var secretLabels = map[string]int{
	"CLIENT_RANDOM":                   secretMaster,
	"CLIENT_HANDSHAKE_TRAFFIC_SECRET": secretClientHandshake,
	"SERVER_HANDSHAKE_TRAFFIC_SECRET": secretServerHandshake,
	"CLIENT_TRAFFIC_SECRET_0":         secretClientTraffic,
	"SERVER_TRAFFIC_SECRET_0":         secretServerTraffic,
}

// Keys are the secrets of connections, as browsers write them to the file that SSLKEYLOGFILE names. They do not change:
// safe for concurrent use.
type Keys struct {
	byRandom map[[32]byte]*[secretKinds][]byte
}

// ReadKeys reads a key log. Labels that it does not know are passed over, as the format wants it. An error says the line
// and never shows a secret.
func ReadKeys(r io.Reader) (*Keys, error) {
	k := &Keys{byRandom: map[[32]byte]*[secretKinds][]byte{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, keyLogLine), keyLogLine)
	n := 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		f := strings.Fields(string(line))
		kind, known := secretLabels[f[0]]
		if !known {
			continue
		}
		if len(f) != 3 {
			return nil, fmt.Errorf("tls: key log: line %d: %s has %d fields, want 3", n, f[0], len(f))
		}
		random, err := hex.DecodeString(f[1])
		if err != nil || len(random) != 32 {
			return nil, fmt.Errorf("tls: key log: line %d: the client's random is not 64 hexadecimal digits", n)
		}
		secret, err := hex.DecodeString(f[2])
		if err != nil || len(secret) == 0 || len(secret) > secretMax {
			return nil, fmt.Errorf("tls: key log: line %d: the secret is not hexadecimal, or not from 1 to %d bytes", n, secretMax)
		}
		id := [32]byte(random)
		s := k.byRandom[id]
		if s == nil {
			if len(k.byRandom) == keyLogMax {
				return nil, fmt.Errorf("tls: key log: line %d: more than %d connections", n, keyLogMax)
			}
			s = new([secretKinds][]byte)
			k.byRandom[id] = s
		}
		s[kind] = secret
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("tls: key log: line %d: more than %d bytes", n+1, keyLogLine)
	} else if err != nil {
		return nil, fmt.Errorf("tls: key log: %w", err)
	}
	return k, nil
}

// Len returns of how many connections there are secrets.
func (k *Keys) Len() int { return len(k.byRandom) }

// of returns the secrets of a connection; nil when there are none.
func (k *Keys) of(random []byte) *[secretKinds][]byte {
	if k == nil || len(random) != 32 {
		return nil
	}
	return k.byRandom[[32]byte(random)]
}

// Package passkeytest is an authenticator in software, with a browser that says what it is told to: options come in as the
// console gives them, answers go out as JSON.
package passkeytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
)

// Authenticator holds one key of P-256. The fields may be changed at any time, to answer wrongly.
type Authenticator struct {
	Origin   string // that the browser says
	Party    string // whose hash is signed
	Verifies bool   // its owner, with a PIN
	Absent   bool   // nobody touches it
	Count    uint32 // of its signatures, the next is one more; counts only when Counts
	Counts   bool
	ID       []byte
	Handle   []byte // that it keeps of the account, from Create

	key *ecdsa.PrivateKey
}

// New returns an authenticator with a key for a place.
func New(origin, party string) *Authenticator {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic("BUG: no randomness: " + err.Error())
	}
	id := make([]byte, 32)
	rand.Read(id)
	return &Authenticator{Origin: origin, Party: party, Verifies: true, Counts: true, ID: id, key: key}
}

var base64url = base64.RawURLEncoding

// options are the parts of both kinds of options that an authenticator reads.
type options struct {
	Challenge string
	User      struct{ ID string }
}

func (a *Authenticator) clientData(kind string, raw json.RawMessage) ([]byte, options, error) {
	var o options
	if err := json.Unmarshal(raw, &o); err != nil || o.Challenge == "" {
		return nil, o, fmt.Errorf("passkeytest: options without a challenge: %.200s (%v)", raw, err)
	}
	b, err := json.Marshal(map[string]any{"type": kind, "challenge": o.Challenge, "origin": a.Origin, "crossOrigin": false})
	return b, o, err
}

// data is the authenticator data (Web Authentication, 6.1).
func (a *Authenticator) data(flags byte, attested []byte) []byte {
	if !a.Absent {
		flags |= 1
	}
	if a.Verifies {
		flags |= 4
	}
	if a.Counts {
		a.Count++
	}
	sum := sha256.Sum256([]byte(a.Party))
	return slices.Concat(sum[:], []byte{flags}, binary.BigEndian.AppendUint32(nil, a.Count), attested)
}

// Create makes the answer to options for a new key.
func (a *Authenticator) Create(raw json.RawMessage) (json.RawMessage, error) {
	client, o, err := a.clientData("webauthn.create", raw)
	if err != nil {
		return nil, err
	}
	if a.Handle, err = base64url.DecodeString(o.User.ID); err != nil {
		return nil, fmt.Errorf("passkeytest: user.id: %w", err)
	}
	point, err := a.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		return nil, fmt.Errorf("passkeytest: %w", err)
	}
	// COSE_Key in CBOR: kty EC2, alg ES256, crv P-256, x, y.
	cose := slices.Concat([]byte{0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32}, point[1:33], []byte{0x22, 0x58, 32}, point[33:])
	data := a.data(0x40, slices.Concat(make([]byte, 16), binary.BigEndian.AppendUint16(nil, uint16(len(a.ID))), a.ID, cose))
	object := slices.Concat([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59"), binary.BigEndian.AppendUint16(nil, uint16(len(data))), data)
	return a.answer(map[string]any{"clientDataJSON": base64url.EncodeToString(client), "attestationObject": base64url.EncodeToString(object), "transports": []string{"usb", "nfc"}},
		map[string]any{"credProps": map[string]bool{"rk": true}})
}

// Get makes the answer to options for a login.
func (a *Authenticator) Get(raw json.RawMessage) (json.RawMessage, error) {
	client, _, err := a.clientData("webauthn.get", raw)
	if err != nil {
		return nil, err
	}
	data, sum := a.data(0, nil), sha256.Sum256(client)
	digest := sha256.Sum256(slices.Concat(data, sum[:]))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		return nil, fmt.Errorf("passkeytest: %w", err)
	}
	return a.answer(map[string]any{"clientDataJSON": base64url.EncodeToString(client), "authenticatorData": base64url.EncodeToString(data),
		"signature": base64url.EncodeToString(signature), "userHandle": base64url.EncodeToString(a.Handle)}, map[string]any{})
}

func (a *Authenticator) answer(response, extensions map[string]any) (json.RawMessage, error) {
	id := base64url.EncodeToString(a.ID)
	return json.Marshal(map[string]any{"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": extensions})
}

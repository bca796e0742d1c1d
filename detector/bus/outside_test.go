package bus

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
)

// outsideServer starts a server of NATS whose certificate is of the authority in the file ca.
func outsideServer(t *testing.T, o *server.Options) (url, ca string) {
	t.Helper()
	dir := t.TempDir()
	certPEM, keyPEM, _, err := makeCertificate(&x509.Certificate{Subject: pkix.Name{CommonName: "nats"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	ca = filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, certPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	o.Host, o.Port, o.NoSigs, o.NoLog, o.JetStream, o.StoreDir, o.TLS = "127.0.0.1", -1, true, true, true, filepath.Join(dir, "streams"), true
	if o.TLSConfig == nil {
		o.TLSConfig = &tls.Config{}
	}
	o.TLSConfig.Certificates = []tls.Certificate{cert}
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the server does not start")
	}
	return "tls://" + s.Addr().String(), ca
}

var smallStreams = Streams{FindingsBytes: 16 << 20, EventsBytes: 16 << 20, Replicas: 1}

// connectOutside makes the streams, or says why not.
func connectOutside(t *testing.T, c Outside) error {
	t.Helper()
	nc, err := c.Dial(func(err error) { t.Log(err) })
	if err != nil {
		return err
	}
	defer nc.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	return SetUp(ctx, nc, smallStreams, func(err error) { t.Log(err) })
}

func TestOutsideWithCertificate(t *testing.T) {
	dir := t.TempDir()
	authority, err := clientsCA(dir)
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AddCert(authority.Leaf)
	url, ca := outsideServer(t, &server.Options{MaxPayload: messageMax, TLSVerify: true,
		TLSConfig: &tls.Config{ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert}})
	certPEM, keyPEM, _, err := clientCertificate(dir, "core-1")
	if err != nil {
		t.Fatal(err)
	}
	c := Outside{URLs: []string{url}, CA: ca, Cert: filepath.Join(dir, "core.crt"), Key: filepath.Join(dir, "core.key")}
	if err := errors.Join(os.WriteFile(c.Cert, []byte(certPEM), 0o600), os.WriteFile(c.Key, []byte(keyPEM), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := connectOutside(t, c); err != nil {
		t.Error(err)
	}
	c.Cert, c.Key = "", ""
	if err := connectOutside(t, c); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without a certificate: %v", err)
	}
	for want, bad := range map[string]Outside{"want tls://": {URLs: []string{"nats://127.0.0.1:1"}}, "no such file": {URLs: []string{url}, CA: "none.pem"},
		"client certificate": {URLs: []string{url}, Cert: ca}} {
		if _, err := bad.Dial(nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestOutsideWithSmallMessages(t *testing.T) {
	url, ca := outsideServer(t, &server.Options{})
	if err := connectOutside(t, Outside{URLs: []string{url}, CA: ca}); !errors.Is(err, errMessageMax) {
		t.Errorf("a server that takes a megabyte: %v", err)
	}
}

// TestOutsideWithCredentials: a server in operator mode knows accounts and users by what the operator has signed.
func TestOutsideWithCredentials(t *testing.T) {
	pair := func(create func() (nkeys.KeyPair, error)) (nkeys.KeyPair, string) {
		t.Helper()
		k, err := create()
		if err != nil {
			t.Fatal(err)
		}
		public, err := k.PublicKey()
		if err != nil {
			t.Fatal(err)
		}
		return k, public
	}
	encode := func(text string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	operator, operatorID := pair(nkeys.CreateOperator)
	account, accountID := pair(nkeys.CreateAccount)
	user, userID := pair(nkeys.CreateUser)
	_, systemID := pair(nkeys.CreateAccount)
	op := jwt.NewOperatorClaims(operatorID)
	op.SystemAccount = systemID
	ac := jwt.NewAccountClaims(accountID)
	ac.Limits.JetStreamLimits = jwt.JetStreamLimits{DiskStorage: -1, MemoryStorage: -1, Streams: -1, Consumer: -1}
	resolver := &server.MemAccResolver{}
	for id, text := range map[string]string{accountID: encode(ac.Encode(operator)), systemID: encode(jwt.NewAccountClaims(systemID).Encode(operator))} {
		if err := resolver.Store(id, text); err != nil {
			t.Fatal(err)
		}
	}
	trusted, err := jwt.DecodeOperatorClaims(encode(op.Encode(operator)))
	if err != nil {
		t.Fatal(err)
	}
	url, ca := outsideServer(t, &server.Options{MaxPayload: messageMax, TrustedOperators: []*jwt.OperatorClaims{trusted}, AccountResolver: resolver, SystemAccount: systemID})
	seed, err := user.Seed()
	if err != nil {
		t.Fatal(err)
	}
	creds, err := jwt.FormatUserConfig(encode(jwt.NewUserClaims(userID).Encode(account)), seed)
	if err != nil {
		t.Fatal(err)
	}
	c := Outside{URLs: []string{url}, CA: ca, Creds: filepath.Join(t.TempDir(), "core.creds")}
	if err := os.WriteFile(c.Creds, creds, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := connectOutside(t, c); err != nil {
		t.Error(err)
	}
	c.Creds = ""
	if err := connectOutside(t, c); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without credentials: %v", err)
	}
}

func TestUsersOfAServer(t *testing.T) {
	a := Accounts{t.TempDir()}
	ca := anyCertificate(t, a)
	for name, role := range map[string]string{"so-y-te": RoleSensor, "core-1": RoleCore, "trung-tam": RoleConsole} {
		token, err := a.EnrollOutside(name, role, []string{"tls://a:4222"}, ca)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseToken(token.String()); err != nil || !got.Outside || got.Secret != "" || got.Cert == "" {
			t.Errorf("%+v, %v", got, err)
		}
	}
	var out bytes.Buffer
	if err := a.WriteUsers(&out); err != nil {
		t.Fatal(err)
	}
	want := `authorization {
  users: [
    {user: "core-1"}
    {user: "so-y-te", permissions: {publish: {allow: ["khien.findings.*.so-y-te", "khien.events.so-y-te", "khien.status.so-y-te", "khien.clock.so-y-te", "$JS.API.DIRECT.GET.VERSIONS.khien.version.>", "khien.answer.so-y-te.>"]}, subscribe: {allow: ["_INBOX.so-y-te.>", "khien.version.head", "khien.ask.so-y-te"]}}}
    {user: "trung-tam", permissions: {publish: {allow: ["khien.ask.*"]}, subscribe: {allow: ["khien.answer.*.trung-tam.>"]}}}
  ]
}
`
	if out.String() != want {
		t.Errorf("%s", out.String())
	}
	if _, err := a.EnrollOutside("x", RoleSensor, nil, []byte("no certificate")); err == nil {
		t.Error("a token without an authority was made")
	}
}

// anyCertificate returns some certificate.
func anyCertificate(t *testing.T, a Accounts) []byte {
	t.Helper()
	if _, err := hubCertificate(a.Dir); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(a.Dir, certName))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"khien/detector"
	"khien/detector/bus"
	"khien/detector/store/embedded"
	"khien/sensor"
)

// natsCluster is three servers of NATS, each a process.
type natsCluster struct {
	dir, binary string
	ports       [3]int // of clients; those of the cluster follow
	routes      [3]int
	running     [3]*exec.Cmd
	users       string // authorization block
	clients     string // authority of the clients
}

func newNATSCluster(t *testing.T) *natsCluster {
	t.Helper()
	c := &natsCluster{dir: t.TempDir()}
	c.binary = filepath.Join(c.dir, "nats-server")
	if out, err := exec.Command("go", "build", "-o", c.binary, "github.com/nats-io/nats-server/v2").CombinedOutput(); err != nil {
		t.Skipf("nats-server cannot be built (is its module there? go mod download): %v: %s", err, out)
	}
	for _, ports := range []*[3]int{&c.ports, &c.routes} {
		for i := range ports {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			ports[i] = l.Addr().(*net.TCPAddr).Port
		}
	}
	if err := c.certificate(); err != nil {
		t.Fatal(err)
	}
	return c
}

// certificate makes the one that all servers show.
func (c *natsCluster) certificate() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	x := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "nats"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, x, x, &key.PublicKey, key)
	if err != nil {
		return err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(c.ca(), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(filepath.Join(c.dir, "server.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
}

func (c *natsCluster) ca() string { return filepath.Join(c.dir, "server.crt") }

func (c *natsCluster) urls() (out []string) {
	for _, p := range c.ports {
		out = append(out, fmt.Sprintf("tls://127.0.0.1:%d", p))
	}
	return out
}

// start starts a server until the test ends.
func (c *natsCluster) start(t *testing.T, i int) {
	t.Helper()
	var routes []string
	for _, p := range c.routes {
		routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", p))
	}
	name := filepath.Join(c.dir, fmt.Sprintf("n%d", i))
	conf := fmt.Sprintf(`server_name: n%d
listen: 127.0.0.1:%d
max_payload: 9437184
jetstream { store_dir: %q, max_file_store: 2GB }
cluster { name: khien, listen: 127.0.0.1:%d, routes: [%s] }
tls { cert_file: %q, key_file: %q, ca_file: %q, verify_and_map: true }
%s`, i, c.ports[i], name, c.routes[i], strings.Join(routes, ", "), c.ca(), filepath.Join(c.dir, "server.key"), c.clients, c.users)
	if err := os.WriteFile(name+".conf", []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // once it has ended
		if t.Failed() {
			if text, err := os.ReadFile(name + ".log"); err == nil {
				t.Logf("server %d: …%s", i, text[max(0, len(text)-2000):])
			}
		}
	})
	c.running[i] = launch(t, exec.Command(c.binary, "-c", name+".conf", "-l", name+".log"))
}

// TestOutsideCluster: three servers of NATS carry what a sensor finds to a core. The one that leads is killed while it does.
func TestOutsideCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs three servers")
	}
	c := newNATSCluster(t)
	s := &sites{}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	token := func(role, name string) string {
		args := []string{"--data", at("core"), "--role", role, "--nats-ca", c.ca()}
		for _, u := range c.urls() {
			args = append(args, "--url", u)
		}
		return newToken(t, append(args, name)...)
	}
	if err := os.WriteFile(at("core.token"), []byte(token("core", "core-1")), 0o600); err != nil {
		t.Fatal(err)
	}
	watcher, err := bus.ParseToken(token("core", "watcher"))
	if err != nil {
		t.Fatal(err)
	}
	khien(t, "sensor", "enroll", "--data", at("sensor"), token("sensor", "so-y-te"))
	c.users, c.clients = khien(t, "core", "users", "--data", at("core")), at("core/hub/clients.crt")
	for i := range c.ports {
		c.start(t, i)
	}
	rules := at("names.rules")
	if err := os.WriteFile(rules, []byte(`alert dns any any -> any any (msg:"lookup"; dns.query; content:"tin.example"; sid:1; rev:1;)`), 0o600); err != nil {
		t.Fatal(err)
	}
	var captures []string
	for i := range 6 { // ten victims each
		captures = append(captures, traffic(t, dir, i, func(*sensor.Packet) bool { return false })...)
	}
	made := map[string]bool{}
	args := []string{"replay", "--rules", rules, "--no-default-rules", "--findings", "-"}
	for line := range strings.Lines(khien(t, append(args, captures...)...)) {
		var f detector.Finding
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		made[f.ID] = true
	}
	s.start(t, 0, "core", "--data", at("core"), "--store", "embedded:"+at("store"), "--join", at("core.token"), "--rules", rules, "--no-default-rules", "--findings-mb", "256", "--events-mb", "256")
	nc, err := bus.Dial(watcher, func(err error) { t.Log(err) })
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	leader := func() (i, replicas int, taken uint64) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		st, err := js.Stream(ctx, "FINDINGS")
		if err != nil {
			return -1, 0, 0
		}
		info := st.CachedInfo()
		if info.Cluster == nil {
			return -1, 0, 0
		}
		if _, err := fmt.Sscanf(info.Cluster.Leader, "n%d", &i); err != nil {
			return -1, 0, 0
		}
		return i, info.Config.Replicas, info.State.LastSeq
	}
	waitFor(t, 90*time.Second, "the streams have three replicas", func() bool { _, n, _ := leader(); return n == 3 })
	st, err := embedded.Open(at("store"))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	stored := func() int { return findingsOf(t, st) }
	// The rules are the core's: a first start, that finds nothing of its own, fetches them.
	silence := newPacketSource(t, "nothing")
	first := s.start(t, 0, "sensor", "--data", at("sensor"), "--no-default-rules", "-r", silence.addr)
	waitFor(t, 90*time.Second, "the version is there", func() bool {
		_, err := os.Stat(at("sensor/release/good"))
		return err == nil
	})
	silence.end()
	if err := first.Wait(); err != nil {
		t.Fatal(err)
	}
	sensorArgs := []string{"sensor", "--data", at("sensor"), "--no-default-rules", "--workers", "1"}
	for _, name := range captures {
		sensorArgs = append(sensorArgs, "-r", name)
	}
	watching := s.start(t, 0, sensorArgs...)
	waitFor(t, 90*time.Second, "the sensor sends", func() bool { _, _, n := leader(); return n > 200 })
	i, _, taken := leader()
	if i < 0 || taken >= uint64(len(made)) {
		t.Fatalf("server %d leads; %d of %d findings are taken", i, taken, len(made))
	}
	t.Logf("server %d, which leads, is killed with %d of %d findings taken and %d stored", i, taken, len(made), stored())
	kill(t, c.running[i])
	if err := watching.Wait(); err != nil {
		t.Fatalf("the sensor: %v", err)
	}
	waitFor(t, 120*time.Second, "all findings are stored", func() bool { return stored() >= len(made) })
	time.Sleep(time.Second) // for what may come twice
	checkStored(t, st, made)
	if n := stored(); n != len(made) {
		t.Errorf("%d findings of %d", n, len(made))
	}
}

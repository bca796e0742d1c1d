package main

import (
	"bytes"
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"khien/detector"
	"khien/detector/cli"
	"khien/sensor"
	"khien/sensor/sensortest"
)

// writePlaces writes a database in which 203.0.113.0/24 belongs to a network of this number.
func writePlaces(t *testing.T, name string, as uint32) {
	t.Helper()
	w, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "Example", RecordSize: 24, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	_, network, err := net.ParseCIDR("203.0.113.0/24")
	if err != nil {
		t.Fatal(err)
	}
	err = w.Insert(network, mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(as), "autonomous_system_organization": mmdbtype.String("Example Hosting"),
		"country": mmdbtype.Map{"iso_code": mmdbtype.String("NL")}})
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestPlacesFollowAReload: what is found after a reload tells places from the databases that were loaded then.
func TestPlacesFollowAReload(t *testing.T) {
	name := filepath.Join(t.TempDir(), "places.mmdb")
	writePlaces(t, name, 64500)
	o := detectionOptions{noDefault: true, places: cli.List{name}}
	det, ok := loadDetection(o, os.Stderr)
	if !ok {
		t.Fatal("not loaded")
	}
	rules := newReloader(o, det)
	var found []uint32
	engine := det.engine(1, func(r detector.Record) { found = append(found, r.Finding.DstPlace.AS) })
	tell := func() {
		engine.Recorder(0).Found(&detector.Finding{DstIP: netip.MustParseAddr("203.0.113.7")}, &sensor.Event{})
		engine.RoundDone(0)
	}
	tell()
	writePlaces(t, name, 64501)
	if res := rules.reload(); !res.OK {
		t.Fatal(res.Errors)
	}
	tell()
	if !slices.Equal(found, []uint32{64500, 64501}) {
		t.Errorf("%v", found)
	}
}

// TestPlaces: a finding tells the network of its ends, a rule asks for the country and the reputation of an address.
func TestPlaces(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	writePlaces(t, at("places.mmdb"), 64500)
	for name, text := range map[string]string{
		"cat":     "3,Spam,senders\n",
		"rep":     "203.0.113.0/24,3,80\n",
		"a.rules": `alert udp any any -> any any (msg:"abroad"; geoip:dst,NL; iprep:dst,Spam,>,50; sid:1;)` + "\n",
	} {
		if err := os.WriteFile(at(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script, err := sensortest.Parse("udp 10.1.1.1:4000 > 203.0.113.7:9000\n> x\n")
	if err != nil {
		t.Fatal(err)
	}
	var capture bytes.Buffer
	if err := sensortest.WritePCAP(&capture, script.Packets()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("a.pcap"), capture.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := []string{"replay", "--no-default-rules", "--rules", at("a.rules"), "--places", at("places.mmdb"), "--reputation-categories", at("cat"), "--reputation", at("rep")}
	out, err := exec.Command("khien", append(flags, "--findings", "-", at("a.pcap"))...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var found detector.Finding
	if err := json.Unmarshal([]byte(strings.SplitN(string(out), "\n", 2)[0]), &found); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if want := (detector.Place{AS: 64500, Org: "Example Hosting", Country: "NL"}); found.DstPlace != want || found.SrcPlace != (detector.Place{}) {
		t.Errorf("%+v, %+v", found.SrcPlace, found.DstPlace)
	}
}

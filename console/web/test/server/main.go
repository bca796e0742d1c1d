// Command server is a console with made-up findings for the tests of the pages and of the interface. It prints its address
// the first password and the address of the page for citizens as one JSON line. A line "more" on standard input brings one new finding, "spoil" a rule file that does
// not load, "mend" takes that away; the end of the input ends it. It runs on the store that teststore opens; -empty leaves that empty, -hide hides addresses, -rate sets the requests a minute of an
// account, -host is the name in the address.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"khien/console"
	"khien/console/api"
	"khien/console/oidc"
	"khien/console/passkey"
	"khien/console/reveal"
	"khien/detector"
	"khien/detector/store/teststore"
)

func main() {
	empty, hide, rate := flag.Bool("empty", false, ""), flag.Bool("hide", false, ""), flag.Int("rate", 0, "")
	host := flag.String("host", "127.0.0.1", "")
	flag.Parse()
	if err := run(*empty, *hide, *rate, *host); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(empty, hide bool, rate int, host string) error {
	dir, err := os.MkdirTemp("", "khien-console-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	st, err := teststore.Open(context.Background(), dir)
	if err != nil {
		return err
	}
	defer st.Close()
	if !empty {
		if err := st.Write(context.Background(), append(findings(time.Now()), many(time.Now())...)); err != nil {
			return err
		}
	}
	if err := telemetry(st, time.Now()); err != nil {
		return err
	}
	if err := sensors(st, time.Now()); err != nil {
		return err
	}
	// A provider that is away: the login page offers it, and says that it does not answer.
	if err := os.WriteFile(filepath.Join(dir, oidc.FileName), []byte("issuer: http://127.0.0.1:9\nclient_id: khien\nurl: http://127.0.0.1:8686\n"+
		"title: Cổng định danh tỉnh\nrole_claim: groups\nroles: {soc: analyst}\n"), 0o600); err != nil {
		return err
	}
	if hide {
		policy := "networks: [10.0.0.0/8]\nsecond_person: true\n"
		if err := os.WriteFile(filepath.Join(dir, reveal.FileName), []byte(policy), 0o600); err != nil {
			return err
		}
	}
	if err := profile(dir); err != nil {
		return err
	}
	rules, err := openRules(filepath.Join(dir, "rules"))
	if err != nil {
		return err
	}
	kept, err := files(filepath.Join(dir, "files"))
	if err != nil {
		return err
	}
	defer kept.Close()
	gate, err := blocking(dir, st)
	if err != nil {
		return err
	}
	defer gate.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	citizens, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer citizens.Close()
	srv, err := console.New(console.Config{URL: passkey.Local(l.Addr()), DataDir: dir, Version: "test", Stats: stats, Sensor: sensorHere, Rules: rules.Live(window), FlowPackets: packets, Files: sensorFiles{api.LocalFiles{Store: kept}}, Blocking: gate, Rate: rate}, st)
	if err != nil {
		return err
	}
	defer srv.Close()
	h := srv.HTTPServer(context.Background())
	go h.Serve(l)
	defer h.Close()
	page := http.Server{Handler: appeals(gate)}
	go page.Serve(citizens)
	defer page.Close()
	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{"url": fmt.Sprintf("http://%s:%d", host, l.Addr().(*net.TCPAddr).Port), "password": srv.FirstPassword(), "appeal": "http://" + citizens.Addr().String() + "/appeal"}); err != nil {
		return err
	}
	in := bufio.NewScanner(os.Stdin)
	for n := 0; in.Scan(); n++ {
		if err := spoil(filepath.Join(dir, "rules"), in.Text()); err != nil {
			return err
		}
		if in.Text() != "more" {
			continue
		}
		f := []detector.Finding{arriving(time.Now(), n)}
		if err := st.Write(context.Background(), f); err != nil {
			return err
		}
		srv.Notify(f)
	}
	return in.Err()
}

func stats() any {
	return map[string]any{"mirror0": map[string]any{"packets": 18_234_551, "dropped": 0, "flows": 41_220}}
}

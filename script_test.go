package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"khien/console/hook/gate"
	"khien/detector/cli"
	"khien/sensor/sensortest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"khien": main})
}

// TestScripts runs the real program as the scripts in deploy/testdata say. Beside the usual commands they have
//
//	capture OUT.pcap TRAFFIC      writes the capture of a file of readable traffic (sensor/sensortest)
//	cut FILE BYTES                shortens a file to its first bytes
//	flip PACK NAME                changes one byte of a file in an archive that does not compress
//	freeport NAME                 sets an environment variable to an address that nobody listens on
//	fetch URL FILE                gets a page as soon as somebody answers
//	waitfile GLOB BYTES           waits until the files that the pattern names have so many bytes together
//	samefinding A B RULE [NAME]   compares the finding of a rule in two files of --findings; NAME is set to its community id
//	decision NAME DIR VALUE       sets an environment variable to the id of a decision about a value
//	hooks FILE ADDR               writes a hooks.yaml with a text list pa on an address; its token is $TOKEN
//
// $DEMO is the folder of the demo's traffic.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "deploy/testdata",
		Setup: demoFolder,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"capture": writeCapture, "cut": cutFile, "flip": flipByte, "freeport": freePort, "fetch": fetch, "waitfile": waitFile,
			"samefinding": sameFinding, "decision": decisionID, "hooks": writeHooks},
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

func demoFolder(env *testscript.Env) error {
	dir, err := filepath.Abs("deploy/demo-scripts")
	env.Setenv("DEMO", dir)
	return err
}

func writeCapture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture OUT.pcap TRAFFIC")
	}
	s, err := sensortest.Parse(ts.ReadFile(args[1]))
	ts.Check(err)
	var b bytes.Buffer
	ts.Check(sensortest.WritePCAP(&b, s.Packets()))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o600))
}

func cutFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cut FILE BYTES")
	}
	n := 0
	for _, c := range args[1] {
		if c < '0' || c > '9' {
			ts.Fatalf("cut: %q is not a number", args[1])
		}
		n = n*10 + int(c-'0')
	}
	ts.Check(os.Truncate(ts.MkAbs(args[0]), int64(n)))
}

// waitFile waits for a program that writes; ten seconds are enough on a busy machine.
func waitFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: waitfile GLOB BYTES")
	}
	want, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	have := int64(0)
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		names, err := filepath.Glob(ts.MkAbs(args[0]))
		ts.Check(err)
		have = 0
		for _, n := range names {
			if info, err := os.Stat(n); err == nil { // it may have got another name
				have += info.Size()
			}
		}
		if have >= want {
			return
		}
	}
	ts.Fatalf("waitfile %s: %d bytes", args[0], have)
}

// sameFinding leaves out what tells the captures apart: their names, and what is computed from them.
func sameFinding(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: samefinding A B RULE [NAME]")
	}
	var told [2]string
	var id string
	for i, name := range args[:2] {
		for line := range strings.Lines(ts.ReadFile(name)) {
			var f struct {
				Time                            string `json:"@timestamp"`
				Rule, Source, Destination, HTTP any
				Network                         struct {
					CommunityID string `json:"community_id"`
				}
			}
			ts.Check(json.Unmarshal([]byte(line), &f))
			if one, err := json.Marshal(f); err != nil {
				ts.Check(err)
			} else if r, ok := f.Rule.(map[string]any); ok && r["id"] == args[2] {
				told[i] += string(one) + "\n"
				id = f.Network.CommunityID
			}
		}
	}
	if told[0] == "" || told[0] != told[1] {
		ts.Fatalf("findings of %s: %s\nwant: %s", args[2], told[1], told[0])
	}
	if len(args) == 4 {
		ts.Setenv(args[3], id)
	}
}

func flipByte(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip PACK NAME")
	}
	z, err := zip.OpenReader(ts.MkAbs(args[0]))
	ts.Check(err)
	defer z.Close()
	for _, f := range z.File {
		if f.Name != args[1] {
			continue
		}
		at, err := f.DataOffset()
		ts.Check(err)
		b, err := os.ReadFile(ts.MkAbs(args[0]))
		ts.Check(err)
		b[at+int64(f.UncompressedSize64)/2] ^= 1
		ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
		return
	}
	ts.Fatalf("flip: %s holds no %s", args[0], args[1])
}

func freePort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: freeport NAME")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], l.Addr().String())
	ts.Check(l.Close())
}

// fetch waits for a server that is starting; ten seconds are enough on a busy machine.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fetch URL FILE")
	}
	var err error
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		var res *http.Response
		if res, err = http.Get(args[0]); err != nil {
			continue
		}
		var body []byte
		body, err = io.ReadAll(io.LimitReader(res.Body, 1<<20))
		res.Body.Close()
		if err == nil && res.StatusCode == http.StatusOK {
			ts.Check(os.WriteFile(ts.MkAbs(args[1]), body, 0o600))
			return
		}
		err = errors.Join(err, fmt.Errorf("status %s", res.Status))
	}
	ts.Fatalf("fetch %s: %v", args[0], err)
}

func decisionID(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: decision NAME DIR VALUE")
	}
	var out, errs bytes.Buffer
	if status := blockCommand([]string{"list", "--json", "--data", ts.MkAbs(args[1]), args[2]}, nil, &out, &errs); status != cli.Done {
		ts.Fatalf("decision: status %d: %s", status, errs.String())
	}
	var r gate.Response
	ts.Check(json.Unmarshal(out.Bytes(), &r))
	if len(r.Page.Decisions) != 1 {
		ts.Fatalf("decision: %d decisions about %s", len(r.Page.Decisions), args[2])
	}
	ts.Setenv(args[0], r.Page.Decisions[0].ID)
}

func writeHooks(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: hooks FILE ADDR")
	}
	text := fmt.Sprintf("listen: %s\nconsumers:\n  - {name: pa, kind: edl, format: edl-domain, secret_env: TOKEN}\n", args[1])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

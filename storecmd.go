package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"khien/detector"
	"khien/detector/cli"
	"khien/detector/spool"
	"khien/detector/store"
	"khien/detector/store/archive"
	"khien/detector/store/elastic"
	"khien/detector/store/embedded"
)

const storeUsage = `Usage: khien store COMMAND STORE
  migrate STORE               bring an Elasticsearch store to this version's mappings
  verify [FLAGS] STORE        count findings and look for gaps in the sequence numbers of each sensor
  export [FLAGS] STORE FILE   write everything that a store holds as JSON lines (- is standard output)
  import [FLAGS] STORE FILE   write such a file into a store (- is standard input); a repeat changes nothing

STORE is embedded:DIR or elastic:URL[,URL…]. Addresses that it holds sealed stay so, unless --data names a folder with the
policy and the key for them (pseudonyms.yaml that says "stored: true").`

// storeCommand works on stores as a whole.
func storeCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 || args[0] == "-h" || args[0] == "--help" {
		fmt.Fprintln(stderr, storeUsage)
		if len(args) == 0 {
			return cli.Usage
		}
		return cli.Done
	}
	f, operands := map[string]func(storeCall) error{"migrate": migrateStore, "verify": verifyStore, "export": exportStore,
		"import": importStore}[args[0]], 1
	if args[0] == "export" || args[0] == "import" {
		operands = 2
	}
	fs := flag.NewFlagSet("khien store "+args[0], flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() { fmt.Fprintln(stderr, storeUsage); fs.PrintDefaults() }
	c := storeCall{stdin: stdin, stdout: stdout}
	data := ""
	if args[0] != "migrate" {
		fs.StringVar(&data, "data", "", "open and seal addresses by the policy in this `folder`")
	}
	if args[0] == "verify" {
		fs.StringVar(&c.rejected, "rejected", "", "count the findings of this `file` (rejected.jsonl of a data folder) as there")
	}
	if err := fs.Parse(args[1:]); err != nil {
		return cli.FlagStatus(err)
	}
	if f == nil || fs.NArg() != operands {
		fmt.Fprintln(stderr, storeUsage)
		return cli.Usage
	}
	s, err := openSealed(fs.Arg(0), data, embedded.Config{}, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "khien store: %v\n", err)
		return cli.Usage
	}
	c.store, c.file = s, fs.Arg(1)
	if err := errors.Join(f(c), s.Close()); err != nil {
		fmt.Fprintf(stderr, "khien store: %v\n", err)
		return cli.Input
	}
	return cli.Done
}

// storeCall is what a command of khien store works with.
type storeCall struct {
	store    store.Store
	file     string
	rejected string
	stdin    io.Reader
	stdout   io.Writer
}

func migrateStore(c storeCall) error {
	s, ok := c.store.(*elastic.Store)
	if !ok {
		fmt.Fprintln(c.stdout, "an embedded store brings itself up to date when it is opened")
		return nil
	}
	done, err := s.Migrate(context.Background())
	for _, d := range done {
		fmt.Fprintln(c.stdout, d)
	}
	if err == nil && len(done) == 0 {
		fmt.Fprintln(c.stdout, "up to date")
	}
	return err
}

// errGaps makes the exit status of verify tell of gaps.
var errGaps = errors.New("sequence numbers are missing")

func verifyStore(c storeCall) error {
	rejected, err := readRejected(c.rejected)
	if err != nil {
		return err
	}
	sensors, err := archive.Verify(context.Background(), c.store, rejected)
	if err != nil {
		return err
	}
	var missing uint64
	for _, s := range sensors {
		line, err := json.Marshal(s)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "%s\n", line)
		missing += s.Missing
	}
	if missing > 0 {
		return fmt.Errorf("%d %w", missing, errGaps)
	}
	return nil
}

// readRejected reads the findings that a store has refused for good.
func readRejected(name string) (out []detector.Finding, err error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 2*spool.RecordMax)
	for in.Scan() {
		var l spool.DeadLetter
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		var x detector.Finding
		if err := json.Unmarshal(l.Document, &x); err == nil { // telemetry is no finding
			out = append(out, x)
		}
	}
	return out, in.Err()
}

func exportStore(c storeCall) error {
	from, ok := c.store.(archive.Source)
	if !ok {
		panic("BUG: a store that cannot be listed")
	}
	if c.file == "-" {
		_, err := archive.Export(context.Background(), from, c.stdout)
		return err
	}
	f, err := os.OpenFile(c.file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	n, err := archive.Export(context.Background(), from, f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return printCounts(c.stdout, n)
}

func importStore(c storeCall) error {
	r := c.stdin
	if c.file != "-" {
		f, err := os.Open(c.file)
		if err != nil {
			return err
		}
		defer f.Close()
		r = f
	}
	n, err := archive.Import(context.Background(), c.store, r)
	if err != nil {
		return err
	}
	return printCounts(c.stdout, n)
}

func printCounts(w io.Writer, n archive.Counts) error {
	line, err := json.Marshal(n)
	if err == nil {
		_, err = fmt.Fprintf(w, "%s\n", line)
	}
	return err
}

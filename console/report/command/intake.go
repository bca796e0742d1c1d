package command

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"khien/detector/cli"
	"khien/detector/fraud"
)

// textMax bounds what is read of a report from standard input.
const textMax = 64 << 10

// takeReport keeps a report in the data folder, where khien run takes it from, and prints it with what the sensors saw.
func takeReport(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("khien report intake", flag.ContinueOnError)
	fs.SetOutput(stderr)
	data := fs.String("data", "khien-data", "`folder` of khien run")
	kind := fs.String("kind", "", "`kind` of what is reported: url, phone, account, sms, apk (found by itself when left out)")
	by := fs.String("by", "", "`who` took the report in")
	fs.Usage = func() {
		fmt.Fprintln(stderr, "Usage: khien report intake [FLAGS] [TEXT]\n\nTakes a URL, a telephone number, an account number, a text message or the SHA-256 of an application, from the\narguments or from standard input, and prints what the sensors saw of it.")
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		return cli.FlagStatus(err)
	}
	text := strings.Join(fs.Args(), " ")
	if text == "" {
		b, err := io.ReadAll(io.LimitReader(stdin, textMax))
		if err != nil {
			fmt.Fprintf(stderr, "khien report intake: standard input: %v\n", err)
			return cli.Input
		}
		text = string(b)
	}
	r, err := fraud.NewReport(*kind, text, *by, time.Now())
	if err != nil {
		fmt.Fprintf(stderr, "khien report intake: %v\n", err)
		return cli.Usage
	}
	if err := fraud.KeepReport(fraud.ReportsFile(*data), r); err != nil {
		fmt.Fprintf(stderr, "khien report intake: %v\n", err)
		return cli.Input
	}
	out := struct {
		Report fraud.Report     `json:"report"`
		Seen   []fraud.Sighting `json:"seen"`
	}{Report: r, Seen: []fraud.Sighting{}}
	m, err := fraud.NewMemory(fraud.MemoryConfig{Dir: filepath.Join(*data, "fraud")})
	if err != nil {
		fmt.Fprintf(stderr, "khien report intake: %v\n", err)
		return cli.Input
	}
	out.Seen = append(out.Seen, m.Report(r)...)
	enc := json.NewEncoder(stdout)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(&out); err != nil {
		fmt.Fprintf(stderr, "khien report intake: %v\n", err)
		return cli.Input
	}
	return cli.Done
}

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"khien/detector/cli"
	"khien/sensor/capture"
	"khien/sensor/ring"
)

// packetsOptions are the flags of khien packets.
type packetsOptions struct {
	data, dir string
	from, to  string
	flow      string
	hosts     cli.List
	out       string
	caseID    string
	max       byteCount
	query     ring.Query
}

// times are the ways in which a time may be written. One without a zone is local.
var times = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"}

func parseTime(flag, s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	for _, layout := range times {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t.UnixNano(), nil
		}
	}
	return 0, fmt.Errorf("%s %q: want a time as 2026-11-21T14:29:02+07:00 or 2026-11-21 14:29", flag, s)
}

func packetsFlags(args []string, stderr io.Writer) (o packetsOptions, err error) {
	fs := flag.NewFlagSet("khien packets", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintln(stderr, "Usage: khien packets [FLAGS] -o FILE\n\nWrites packets that khien run or khien sensor has kept, as pcapng. All of them without --from, --to, --flow and --host.")
		fs.PrintDefaults()
	}
	fs.StringVar(&o.data, "data", "khien-data", "data `folder` of khien run or khien sensor")
	fs.StringVar(&o.dir, "packets", "", "`folder` of the packets where khien run was given another")
	fs.StringVar(&o.from, "from", "", "first `time`, as 2026-11-21T14:29:02+07:00")
	fs.StringVar(&o.to, "to", "", "last `time`")
	fs.StringVar(&o.flow, "flow", "", "the flow with this `community id` (network.community_id of a finding)")
	fs.Var(&o.hosts, "host", "packets of this `address`; between those named when it is repeated")
	fs.StringVar(&o.out, "o", "", "`file` to write, which must not exist; - is standard output")
	fs.StringVar(&o.caseID, "case", "", "`text` that is written into the capture's comment")
	fs.Var(&o.max, "max", "end after this `size` of packets, as 100MB")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if err = o.read(fs.Args()); err != nil {
		fmt.Fprintf(stderr, "khien packets: %v\n", err)
	}
	return o, err
}

// read turns the flags into a query.
func (o *packetsOptions) read(rest []string) (err error) {
	if len(rest) > 0 {
		return fmt.Errorf("unexpected argument %q", rest[0])
	}
	if o.out == "" {
		return errors.New("name the file to write with -o")
	}
	if o.dir == "" {
		o.dir = filepath.Join(o.data, "packets")
	}
	o.query = ring.Query{CommunityID: o.flow, MaxBytes: max(int64(o.max), 0)}
	if o.query.From, err = parseTime("--from", o.from); err != nil {
		return err
	}
	if o.query.To, err = parseTime("--to", o.to); err != nil {
		return err
	}
	for _, h := range o.hosts {
		a, err := netip.ParseAddr(h)
		if err != nil {
			return fmt.Errorf("--host %q: want an address", h)
		}
		o.query.Hosts = append(o.query.Hosts, a)
	}
	return nil
}

func packetsCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := packetsFlags(args, stderr)
	if err != nil {
		return cli.FlagStatus(err)
	}
	w := stdout
	if o.out != "-" {
		f, err := os.OpenFile(o.out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			fmt.Fprintf(stderr, "khien packets: %v\n", err)
			return cli.Usage
		}
		w = f
	}
	about := ""
	if o.caseID != "" {
		about = "case " + o.caseID
	}
	res, err := ring.Carve(o.dir, w, o.query, packetsSection(about))
	if f, ok := w.(*os.File); ok && o.out != "-" {
		err = errors.Join(err, f.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(o.out)) // half a capture would pass for a whole one
		}
	}
	if err != nil {
		fmt.Fprintf(stderr, "khien packets: %v\n", err)
		return cli.Usage
	}
	return reportCarved(res, stderr)
}

// reportCarved says on standard error what was written.
func reportCarved(res ring.Result, stderr io.Writer) int {
	status := cli.Done
	for _, p := range res.Problems {
		fmt.Fprintf(stderr, "khien packets: %v\n", p)
		status = cli.Input
	}
	fmt.Fprintf(stderr, "%d packets, %d bytes, out of %d files\n", res.Packets, res.Bytes, res.Parts)
	if res.Packets > 0 {
		fmt.Fprintf(stderr, "from %s to %s\n", nanoTime(res.First), nanoTime(res.Last))
	}
	if res.More {
		fmt.Fprintln(stderr, "there are more packets: --max was reached")
	}
	return status
}

func nanoTime(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339Nano) }

// packetsSection is what a carved capture says of itself.
func packetsSection(about string) capture.Section {
	name, err := os.Hostname()
	if err != nil {
		name = "unknown"
	}
	comment := "sensor " + name
	if about != "" {
		comment = about + "; " + comment
	}
	return capture.Section{Comment: comment, Application: "khien " + cli.Version()}
}

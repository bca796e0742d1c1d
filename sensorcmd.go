package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"khien/detector/bus"
	"khien/detector/cli"
	"khien/detector/metric"
	"khien/detector/sink"
	"khien/detector/spool"
	"khien/detector/trouble"
	"khien/sensor/capture/unprivileged"
)

const sensorUsage = `Usage: khien sensor enroll [--data DIR] TOKEN
       khien sensor [FLAGS]

Watches interfaces or reads captures and sends what it finds to the hub of a core. What cannot be sent stays in its data
folder until it can. Packets and files that it keeps it gives to consoles of the core that ask for them. Beside rules of its own it detects with the newest version that the core has published; the last good
one is kept for the next start. enroll takes the token that "khien core token" has printed.`

const (
	tokenName   = "token"          // in the data folder
	statusEvery = 10 * time.Second // how often a sensor tells how it is
	statusRetry = 500 * time.Millisecond
	sentWait    = 10 * time.Minute // for the hub to take what a sensor that only reads captures has found
)

// sensorCommand runs a sensor.
func sensorCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	enroll := len(args) > 0 && args[0] == "enroll"
	if enroll {
		args = args[1:]
	}
	var o runOptions
	fs := flag.NewFlagSet("khien sensor", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() { fmt.Fprintln(stderr, sensorUsage); fs.PrintDefaults() }
	fs.StringVar(&o.data, "data", "khien-sensor", "`folder` of the token and of what is not sent yet")
	if !enroll {
		o.captureFlags(fs)
	}
	if err := fs.Parse(args); err != nil {
		return cli.FlagStatus(err)
	}
	if enroll {
		return enrollSensor(o.data, fs.Args(), stderr)
	}
	if err := o.checkCapture(); err != nil {
		fmt.Fprintf(stderr, "khien sensor: %v\n", err)
		return cli.Usage
	}
	if fs.NArg() > 0 || len(o.interfaces)+len(o.captures)+len(o.mirrors)+len(o.senders)+o.imports.len() == 0 {
		fmt.Fprintf(stderr, "khien sensor: name an interface with -i, a capture with -r, or the logs of another sensor with --eve or --zeek\n")
		return cli.Usage
	}
	sockets, err := unprivileged.Sockets(len(o.interfaces), o.keep)
	if err != nil {
		fmt.Fprintf(stderr, "khien sensor: %v\n", err)
		return cli.Input
	}
	o.detection.folder = filepath.Join(o.data, "rules")
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	lock, err := lockData(o.data)
	if err != nil {
		fmt.Fprintf(stderr, "khien sensor: %v\n", err)
		return cli.Usage
	}
	defer lock.Close()
	token, err := readToken(filepath.Join(o.data, tokenName), bus.RoleSensor, bus.RoleCore)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			err = fmt.Errorf("%w (khien sensor enroll makes it)", err)
		}
		fmt.Fprintf(stderr, "khien sensor: %v\n", err)
		return cli.Input
	}
	versions, err := newFollower(o.data, token, o.detection, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "khien sensor: %v\n", err)
		return cli.Usage
	}
	o.limitMemory()
	go reloadOn(ctx, hup, versions.rules, o.data, "khien sensor", stderr)
	if err := o.sense(ctx, token, versions, sockets, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "khien sensor: %v\n", err)
		return cli.Input
	}
	return cli.Done
}

func enrollSensor(data string, args []string, stderr io.Writer) int {
	if len(args) != 1 {
		fmt.Fprintln(stderr, sensorUsage)
		return cli.Usage
	}
	t, err := bus.ParseToken(args[0])
	if err == nil {
		err = os.MkdirAll(data, 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(data, tokenName), []byte(t.String()+"\n"), 0o600)
	}
	if err != nil {
		fmt.Fprintf(stderr, "khien sensor: %v\n", err)
		return cli.Usage
	}
	return cli.Done
}

// sense captures until ctx ends, or until the captures are read and the hub has everything.
func (o *runOptions) sense(ctx context.Context, token bus.Token, versions *follower, sockets []int, stdout, stderr io.Writer) (err error) {
	start := usageNow()
	teller := &trouble.Teller{Stderr: stderr}
	nc, err := bus.Dial(token, teller.Tell)
	if err != nil {
		return err
	}
	defer nc.Close()
	link, err := bus.NewLink(nc, token.Name)
	if err != nil {
		return err
	}
	metrics, err := metric.Listen(o.metrics)
	if err != nil {
		return err
	}
	if err := o.openStores(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.stores.close(stderr, "khien sensor")) }()
	kept, err := openKept(o.data, versions.rules.inForce())
	if err != nil {
		return fmt.Errorf("%w (remove the file to begin anew)", err)
	}
	into, err := sink.New(sink.Config{Dir: o.data, Quota: o.spoolMB << 20, Sensor: token.Name, Stderr: stderr, Trouble: teller, StoriesElsewhere: true,
		Write: map[spool.Class]func(context.Context, []spool.Record) error{spool.Findings: link.SendFindings, spool.Telemetry: link.SendEvents}})
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, into.Ending)()
	o.sensors = &sensors{stores: o.stores}
	defer o.serveMetrics(metrics, into)()
	keepCtx, endKeeping := context.WithCancel(ctx)
	var keeping sync.WaitGroup
	keeping.Go(func() { kept.keep(keepCtx, into.Record, "khien sensor", stderr) })
	stop := make(chan struct{})
	status := &sensorStatus{started: time.Now().UTC(), sensors: o.sensors, spool: into, rules: versions.status, reach: reach{teller: teller}}
	var telling, following sync.WaitGroup
	telling.Go(func() { status.send(link, stop) })
	followed, unfollow := context.WithCancel(ctx)
	defer unfollow()
	var mu sync.Mutex
	var errs []error
	report := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		errs = append(errs, err)
	}
	following.Go(func() {
		if err := versions.follow(followed, link); err != nil {
			report(err)
		}
	})
	var answering sync.WaitGroup
	answers, endAnswers := context.WithCancel(ctx)
	defer endAnswers()
	answering.Go(func() {
		if err := link.Answer(answers, o.stores.keeps(gaveAway(stderr))); err != nil {
			report(err)
		}
	})
	in := &inputs{o: o, rules: versions.rules, sink: into, warnings: stderr, report: report}
	in.start(ctx, sockets)
	fmt.Fprintf(stdout, "Sensor %s: what it finds goes to %s\n", token.Name, strings.Join(token.URLs, ", "))
	in.wg.Wait()
	endKeeping()
	keeping.Wait()
	if ctx.Err() == nil { // captures only
		into.AwaitOr(ctx, sentWait, func(st spool.Stats) bool { return st.Findings.Records == 0 && st.Telemetry.Records == 0 })
	}
	close(stop)
	telling.Wait()
	unfollow()
	following.Wait()
	endAnswers()
	answering.Wait()
	versions.rules.tellOverruns(stderr)
	return errors.Join(append(errs, into.Close(), kept.close(), writeRunStats(*o, versions.rules, into, start, stdout))...)
}

// gaveAway says on standard error what was given to a console, or why it was not to its end.
func gaveAway(stderr io.Writer) func(asker, what string, bytes int64, err error) {
	return func(asker, what string, bytes int64, err error) {
		if err != nil {
			fmt.Fprintf(stderr, "khien sensor: %s for %s, after %d bytes: %v\n", what, asker, bytes, err)
			return
		}
		fmt.Fprintf(stderr, "khien sensor: %s for %s: %d bytes\n", what, asker, bytes)
	}
}

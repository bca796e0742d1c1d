package main

import (
	"context"
	"encoding/json"
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

	"github.com/nats-io/nats.go"

	"khien/console/tune"
	"khien/detector"
	"khien/detector/bus"
	"khien/detector/bus/release"
	"khien/detector/bus/stories"
	"khien/detector/cli"
	"khien/detector/metric"
	"khien/detector/output/outlets"
	"khien/detector/store"
	"khien/detector/store/embedded"
	"khien/detector/store/intake"
	"khien/detector/trouble"
)

// coreOptions are the flags of khien core.
type coreOptions struct {
	data, listen, store, join string
	findingsMB, eventsMB      int64
	detection                 detectionOptions // of the sensors
	nats                      string           // servers of somebody else in place of a hub, with what it takes to connect
	outside                   bus.Outside
	replicas                  int
	out                       outletOptions
	metrics                   string
	console                   string // address of one; empty for none
	consoleURL                string
}

const coreUsage = `Usage: khien core [FLAGS]
       khien core token [--data DIR] [--role sensor|core|console] --url tls://HOST:PORT NAME
       khien core revoke [--data DIR] NAME
       khien core users [--data DIR]

Takes what sensors find, tells the stories that several of them saw, and stores it. The first core runs the hub that
sensors and further cores connect to; a further one joins it with a token. token makes the account of a sensor, core or
console and prints its token, a secret with a certificate in it: "khien sensor enroll" takes it, and --join of a core or console. revoke ends the account: within a second
or two the hub closes its connections and takes no new one. In place of a hub, servers of NATS that somebody else runs can
carry everything: --nats names them, or --join a token that was made with --nats-ca; users prints the accounts for their
configuration.

The first core also publishes what its sensors detect with: the files that --rules, --yara, --brands, --blocklist, --new-names,
--places and --reputation name and those in the folder "rules" of its data folder, as one signed version. It does so when it starts and at
"khien rules reload --data DIR", if anything has changed and all rules can be loaded.`

// coreCommand runs a core.
func coreCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		for _, c := range coreAccountCommands() {
			if c.name == args[0] {
				return c.run(args[1:], stdin, stdout, stderr)
			}
		}
	}
	var o coreOptions
	fs := flag.NewFlagSet("khien core", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() { fmt.Fprintln(stderr, coreUsage); fs.PrintDefaults() }
	fs.StringVar(&o.data, "data", "khien-core", "`folder` of the hub's streams, accounts and of rejected documents")
	fs.StringVar(&o.listen, "listen", "127.0.0.1:8687", "`address` of the hub (TLS)")
	fs.StringVar(&o.store, "store", "", "`store` of all cores, elastic:URL[,URL…]; embedded:DIR for one core (default: embedded, in the data folder)")
	fs.StringVar(&o.join, "join", "", "join the hub of another core with the token in this `file` (made with --role core)")
	fs.StringVar(&o.nats, "nats", "", "use these servers of NATS, tls://HOST:PORT[,…], in place of a hub")
	fs.StringVar(&o.outside.CA, "nats-ca", "", "`file` of the authority of their certificates (default: those that the system trusts)")
	fs.StringVar(&o.outside.Cert, "nats-cert", "", "`file` of this core's certificate for them")
	fs.StringVar(&o.outside.Key, "nats-key", "", "`file` of its key")
	fs.StringVar(&o.outside.Creds, "nats-creds", "", "`file` of NATS credentials")
	fs.IntVar(&o.replicas, "nats-replicas", 3, "`servers` of them that keep everything, 1 to 5")
	o.detection.flags(fs)
	fs.Int64Var(&o.findingsMB, "findings-mb", 4096, "`megabytes` of findings that the hub keeps until they are stored")
	fs.Int64Var(&o.eventsMB, "events-mb", 16384, "`megabytes` of telemetry that it keeps; the oldest go first")
	o.out.flags(fs)
	fs.StringVar(&o.console, "console", "", "serve the console on this `address`; the rules that it shows and changes are those of all sensors")
	fs.StringVar(&o.consoleURL, "console-url", "", consoleURLUsage)
	fs.StringVar(&o.metrics, "metrics", "", "serve counts of the outputs for Prometheus on this `address`, at /metrics")
	if err := fs.Parse(args); err != nil {
		return cli.FlagStatus(err)
	}
	if err := o.out.check(); err != nil {
		fmt.Fprintf(stderr, "khien core: %v\n", err)
		return cli.Usage
	}
	if o.store == "" {
		o.store = "embedded:" + filepath.Join(o.data, "findings")
	}
	if fs.NArg() > 0 || o.findingsMB < 1 || o.eventsMB < 1 || o.replicas < 1 || o.replicas > 5 || o.join != "" && o.nats != "" {
		fs.Usage()
		return cli.Usage
	}
	o.detection.folder = filepath.Join(o.data, "rules")
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := o.run(ctx, hup, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "khien core: %v\n", err)
		return cli.Input
	}
	return cli.Done
}

func (o *coreOptions) run(ctx context.Context, hup <-chan os.Signal, stdout, stderr io.Writer) (err error) {
	lock, err := lockData(o.data)
	if err != nil {
		return err
	}
	defer lock.Close()
	st, err := openStore(o.store, o.data, embedded.Config{}, stderr)
	if err != nil {
		return err
	}
	defer st.Close()
	outs, err := outlets.OpenRelay(o.out.specs, o.out.mb<<20, o.data, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, outs.Close()) }()
	metrics, err := metric.Listen(o.metrics)
	if err != nil {
		return err
	}
	defer metric.Serve(metrics, outs.WriteMetrics)()
	teller := &trouble.Teller{Stderr: stderr}
	var nc *nats.Conn
	var name string // of this core's account
	dir := filepath.Join(o.data, "hub")
	outside := o.nats != ""
	switch {
	case o.join != "":
		token, err := readToken(o.join, bus.RoleCore)
		if err != nil {
			return err
		}
		outside, name = token.Outside, token.Name
		if nc, err = bus.Dial(token, teller.Tell); err != nil {
			return err
		}
	case outside:
		o.outside.URLs = strings.Split(o.nats, ",")
		if nc, err = o.outside.Dial(teller.Tell); err != nil {
			return err
		}
	default:
		hub, err := bus.StartHub(ctx, bus.HubConfig{Dir: dir, Listen: o.listen, FindingsBytes: o.findingsMB << 20, EventsBytes: o.eventsMB << 20})
		if err != nil {
			return err
		}
		defer hub.Close()
		if nc, err = hub.Connect(); err != nil {
			return err
		}
		fmt.Fprintf(stdout, "Hub: tls://%s\n", hub.Addr())
	}
	defer nc.Close()
	if outside {
		err := bus.SetUp(ctx, nc, bus.Streams{FindingsBytes: o.findingsMB << 20, EventsBytes: o.eventsMB << 20, Replicas: o.replicas}, teller.Tell)
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	var v *versions              // nil where another core publishes
	ready := make(chan struct{}) // closed when a console can tell of rules
	switch {
	case o.join == "" || outside:
		if v, err = o.versions(nc, dir); err != nil {
			return err
		}
		begun, finish := v.start(ctx, hup, o.data, stderr)
		defer finish()
		ready = begun
	case o.detection.named():
		return errNotHere
	default:
		close(ready)
		go o.refuseReloads(ctx, hup, stderr)
	}
	w := intake.New(st, o.data, teller)
	if o.console != "" {
		server, finish, err := o.serveConsole(ctx, st, bus.NewAsker(nc, name), v, ready, teller, stdout, stderr)
		if err != nil {
			return err
		}
		defer finish()
		w.Prepare, w.Notify = server.Prepare, server.Notify
	} else {
		applyTunes(ctx, st, w, teller)
	}
	stories := &stories.Teller{Store: st}
	return bus.Feed(ctx, nc, bus.Taker{
		Findings: func(ctx context.Context, p int, fresh bool, fs []detector.Finding) error {
			all, err := stories.Add(ctx, p, fresh, fs)
			if err == nil {
				err = w.Findings(ctx, all)
			}
			if err == nil {
				err = outs.Findings(ctx, all)
			}
			return err
		},
		Lines: func(ctx context.Context, sensor string, lines [][]byte) error {
			if err := w.Lines(ctx, sensor, lines); err != nil {
				return err
			}
			return outs.Lines(sensor, lines)
		},
		Unreadable: w.Unreadable,
		Status: func(s bus.Status, skew time.Duration) {
			if err := keepStatus(ctx, st, s, skew); err != nil && ctx.Err() == nil {
				teller.Tell(err)
			}
		},
		Trouble: teller.Tell,
	})
}

var errNotHere = errors.New("the core that runs the hub publishes the rules of the sensors: name them there")

// refuseReloads says at each signal that it is not for this core, until ctx ends.
func (o *coreOptions) refuseReloads(ctx context.Context, hup <-chan os.Signal, stderr io.Writer) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
		}
		res := &outcome{Started: time.Now(), PID: os.Getpid(), Errors: fmt.Sprintf("khien core: %v\n", errNotHere)}
		if err := writeOutcome(o.data, res); err != nil {
			fmt.Fprintf(stderr, "khien core: %v\n", err)
		}
	}
}

// versions returns what publishes the rules of the sensors.
func (o *coreOptions) versions(nc *nats.Conn, dir string) (*versions, error) {
	key, err := release.Key(dir)
	if err != nil {
		return nil, err
	}
	to, err := bus.NewPublisher(nc)
	if err != nil {
		return nil, err
	}
	v := &versions{options: o.detection, dir: dir, key: key, to: to}
	if o.console != "" {
		v.all = &rulesOfAll{}
	}
	return v, nil
}

// start publishes now and at each signal, until ctx ends. begun is closed when that was done for the first time; finish waits
// for the end.
func (v *versions) start(ctx context.Context, hup <-chan os.Signal, data string, stderr io.Writer) (begun chan struct{}, finish func()) {
	begun = make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { v.publishOn(ctx, hup, data, func() { close(begun) }, stderr) })
	return begun, wg.Wait
}

// sensorState is the document, of kind "sensor", that tells how a sensor is.
type sensorState struct {
	bus.Status
	Seen   time.Time `json:"seen"`    // by the core's clock
	SkewMS int64     `json:"skew_ms"` // how far the sensor's clock is ahead, within the time that a message takes
}

// keepStatus writes what a sensor tells about itself. The latest wins.
func keepStatus(ctx context.Context, st store.Store, s bus.Status, skew time.Duration) error {
	now := time.Now().UTC()
	body, err := json.Marshal(sensorState{s, now, skew.Milliseconds()})
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		old, err := st.Document(ctx, "sensor", s.Name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		_, err = st.PutDocument(ctx, store.Document{Kind: "sensor", ID: s.Name, Version: old.Version, Updated: now, Body: body})
		if !errors.Is(err, store.ErrConflict) || try == 3 {
			return err
		}
	}
}

// applyTunes makes a writer do what people have decided in a console of the same store: no console is beside a core.
func applyTunes(ctx context.Context, st store.Store, w *intake.Writer, teller *trouble.Teller) {
	book := tune.New(st, time.Now)
	w.Prepare = book.Change
	w.Notify = func(fs []detector.Finding) {
		// What a tune could not close stays open: people then see too much, and not too little.
		if _, err := book.Apply(ctx, fs); err != nil && ctx.Err() == nil {
			teller.Tell(err)
		}
	}
}

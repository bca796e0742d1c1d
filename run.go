package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"khien/console"
	"khien/console/api"
	"khien/detector/cli"
	"khien/detector/metric"
	"khien/detector/sink"
	"khien/detector/store/embedded"
	"khien/detector/store/intake"
	"khien/detector/trouble"
	"khien/sensor/app/tls"
	"khien/sensor/capture"
	"khien/sensor/capture/unprivileged"
)

// runOptions are the flags of khien run.
type runOptions struct {
	sensors    *sensors // counts for the console
	detection  detectionOptions
	interfaces cli.List
	captures   cli.List
	mirrors    cli.List // addresses that receive mirrored packets in tunnels
	senders    cli.List // addresses that programs connect to, to send captures
	imports    importOptions
	packets    packetOptions
	files      fileOptions
	stores     stores
	frozen     byteCount // of all cases
	data       string
	listen     string
	consoleURL string
	store      string
	name       string
	telemetry  bool
	eventDays  int
	eventMB    int64
	spoolMB    int64
	out        outletOptions
	metrics    string
	stats      string
	bpf        string
	keylog     string
	keys       *tls.Keys      // of keylog
	filter     capture.Filter // what bpf names
	ring       int            // MiB
	memory     int            // MiB
	budget     int            // bytes for each pipeline
	follow     bool
	noChecksum bool
	midstream  bool
	workers    int

	noPromiscuous bool
	keep          bool // capabilities
}

func runFlags(args []string, stderr io.Writer) (o runOptions, err error) {
	fs := flag.NewFlagSet("khien run", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintln(stderr, "Usage: khien run [FLAGS]\n\nWatches interfaces or reads captures, stores what is found and shows it in the console.")
		fs.PrintDefaults()
	}
	o.captureFlags(fs)
	fs.StringVar(&o.data, "data", "khien-data", "`folder` of findings, packets, files, accounts and the audit log")
	fs.StringVar(&o.listen, "listen", "127.0.0.1:8686", "`address` of the console")
	fs.StringVar(&o.consoleURL, "console-url", "", consoleURLUsage)
	fs.Var(&o.frozen, "evidence-quota", "`size` of the frozen copies of all cases, as 50GB (default 10GiB); nothing makes room by itself")
	fs.StringVar(&o.store, "store", "", "keep findings in this `store`, embedded:DIR or elastic:URL[,URL…] (default: embedded, in the data folder)")
	fs.IntVar(&o.eventDays, "telemetry-days", 7, "remove telemetry after this many `days` (embedded store)")
	fs.Int64Var(&o.eventMB, "telemetry-mb", 2048, "keep at most this many `megabytes` of telemetry (embedded store)")
	o.out.flags(fs)
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	err = o.checkCapture()
	if err == nil {
		err = o.out.check()
	}
	if err == nil {
		err = checkLimits(limit{"--telemetry-days", int64(o.eventDays), 1, 3650, ""}, limit{"--telemetry-mb", o.eventMB, 16, 1 << 24, ""})
	}
	if fs.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q: captures are named with -r", fs.Arg(0))
	}
	if err != nil {
		fmt.Fprintf(stderr, "khien run: %v\n", err)
	}
	return o, err
}

func runCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := runFlags(args, stderr)
	if err != nil {
		return cli.FlagStatus(err)
	}
	sockets, err := unprivileged.Sockets(len(o.interfaces), o.keep)
	if err != nil {
		fmt.Fprintf(stderr, "khien run: %v\n", err)
		return cli.Input
	}
	start := usageNow()
	o.detection.folder = filepath.Join(o.data, "rules")
	det, ok := loadDetection(o.detection, stderr)
	if !ok {
		return cli.Usage
	}
	o.limitMemory()
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		fmt.Fprintf(stderr, "khien run: %v (choose another address with --listen)\n", err)
		return cli.Usage
	}
	metrics, err := metric.Listen(o.metrics)
	if err != nil {
		listener.Close()
		fmt.Fprintf(stderr, "khien run: %v\n", err)
		return cli.Usage
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP) // before others learn the process id: the signal would end the process
	defer signal.Stop(hup)
	lock, err := lockData(o.data)
	if err != nil {
		listener.Close()
		fmt.Fprintf(stderr, "khien run: %v\n", err)
		return cli.Usage
	}
	defer lock.Close()
	if o.store == "" {
		o.store = "embedded:" + filepath.Join(o.data, "findings")
	}
	st, err := openStore(o.store, o.data, embedded.Config{EventAge: time.Duration(o.eventDays) * 24 * time.Hour, EventBytes: o.eventMB << 20}, stderr)
	if err != nil {
		listener.Close()
		fmt.Fprintf(stderr, "khien run: %v\n", err)
		return cli.Usage
	}
	defer st.Close()
	if err := o.openStores(); err != nil {
		listener.Close()
		fmt.Fprintf(stderr, "khien run: %v\n", err)
		return cli.Usage
	}
	kept, err := openKept(o.data, det)
	if err != nil {
		listener.Close()
		fmt.Fprintf(stderr, "khien run: %v (remove the file to begin anew)\n", err)
		return cli.Usage
	}
	block, err := openBlocking(o.data, st, det.names, stderr)
	if err != nil {
		listener.Close()
		fmt.Fprintf(stderr, "khien run: %v\n", err)
		return cli.Usage
	}
	defer block.close()
	o.sensors = &sensors{stores: o.stores}
	cfg := console.Config{DataDir: o.data, Version: cli.Version(), Stats: o.sensors.value, Blocking: block, Packets: o.packets.folder(o.data),
		FlowPackets: o.stores.packetSource(), FrozenMax: int64(o.frozen), URL: o.consoleURL, Listener: listener.Addr()}
	if o.stores.files != nil {
		cfg.Files = api.LocalFiles{Store: o.stores.files}
	}
	rules := newReloader(o.detection, det)
	var into *sink.Writer // before the first request
	cfg.Sensor = func() api.SensorStatus { return o.status(rules, into) }
	cfg.Rules = rules.live(o.stores.packets, stderr)
	if len(o.out.specs) > 0 {
		cfg.Outputs = func() any { return into.Outputs() }
	}
	if block.On() {
		cfg.Remind, cfg.Trouble = block.Book.Remind, block.tell
	}
	server, err := openConsole(cfg, st, stdout)
	if err != nil {
		listener.Close()
		fmt.Fprintf(stderr, "khien run: %v\n", err)
		return cli.Usage
	}
	defer server.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	block.start(ctx)
	go reloadOn(ctx, hup, rules, o.data, "khien run", stderr)
	teller := &trouble.Teller{Stderr: stderr}
	writer := intake.New(st, o.data, teller)
	writer.Prepare, writer.Notify = server.Prepare, block.notifying(server.Notify)
	into, err = sink.New(sink.Config{Dir: o.data, Quota: o.spoolMB << 20, Sensor: o.name, Stderr: stderr, Trouble: teller,
		Outputs: o.out.specs, OutputQuota: o.out.mb << 20, Write: writer.Functions(o.name)})
	if err != nil {
		listener.Close()
		fmt.Fprintf(stderr, "khien run: %v\n", err)
		return cli.Usage
	}
	defer o.serveMetrics(metrics, into)()
	var keeping sync.WaitGroup
	keeping.Go(func() { kept.keep(ctx, into.Record, "khien run", stderr) })
	status := serve(ctx, o, rules, server, listener, into, sockets, stdout, stderr)
	rules.tellOverruns(stderr)
	stop()
	keeping.Wait()
	if err := kept.close(); err != nil {
		fmt.Fprintf(stderr, "khien run: %v\n", err)
		status = cli.Input
	}
	if err := writeRunStats(o, rules, into, start, stdout); err != nil {
		fmt.Fprintf(stderr, "khien run: %v\n", err)
		status = cli.Input
	}
	return status
}

func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "khien"
	}
	return name
}

// serve runs the console and the captures until ctx ends.
func serve(ctx context.Context, o runOptions, rules *reloader, server *console.Server, l net.Listener, into *sink.Writer, sockets []int, stdout, stderr io.Writer) int {
	web := server.HTTPServer(ctx)
	failed := make(chan error, 1)
	go func() {
		if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
	status := cli.Done
	var mu sync.Mutex
	report := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(stderr, "khien run: %v\n", err)
		status = cli.Input
	}
	in := &inputs{o: &o, rules: rules, sink: into, report: report, warnings: stderr}
	in.start(ctx, sockets)
	fmt.Fprintf(stdout, "Console: http://%s\n", l.Addr())
	select {
	case <-ctx.Done():
	case err := <-failed:
		report(err)
	}
	into.Ending() // the captures end: what they have in hand must not wait for the store
	in.wg.Wait()
	if err := into.Close(); err != nil {
		report(err)
	}
	if err := o.stores.close(stderr, "khien run"); err != nil {
		report(err)
	}
	endPages(web)
	return status
}

// reloadOn loads the rules again at each signal, until ctx ends.
func reloadOn(ctx context.Context, signals <-chan os.Signal, rules *reloader, data, command string, stderr io.Writer) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
		}
		res := rules.reload()
		res.PID = os.Getpid()
		fmt.Fprintf(stderr, "%s%s: %v\n", res.Errors, command, res)
		if err := writeOutcome(data, res); err != nil {
			fmt.Fprintf(stderr, "%s: %v\n", command, err)
		}
	}
}

// openStores opens the stores of packets and files below the data folder.
func (o *runOptions) openStores() (err error) {
	if o.stores.packets, err = o.packets.open(o.data); err != nil {
		return err
	}
	o.stores.files, err = o.files.open(filepath.Join(o.data, "files"))
	o.stores.policy = o.files.policy
	return err
}

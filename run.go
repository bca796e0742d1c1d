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
	"runtime"
	"sync"
	"syscall"
	"time"

	"khien/console"
	"khien/detector/store/embedded"
	"khien/sensor"
	"khien/sensor/capture"
	"khien/sensor/file"
	"khien/sensor/pipeline"
)

// runOptions are the flags of khien run.
type runOptions struct {
	sensors    *sensors // counts for the console
	detection  detectionOptions
	interfaces stringList
	captures   stringList
	packets    packetOptions
	files      fileOptions
	stores     stores
	data       string
	listen     string
	noChecksum bool
	midstream  bool
	workers    int
}

func runFlags(args []string, stderr io.Writer) (o runOptions, err error) {
	fs := flag.NewFlagSet("khien run", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintln(stderr, "Usage: khien run [FLAGS]\n\nWatches interfaces or reads captures, stores what is found and shows it in the console.")
		fs.PrintDefaults()
	}
	o.detection.flags(fs)
	fs.Var(&o.interfaces, "i", "capture from this `interface`; may be repeated (needs CAP_NET_RAW)")
	fs.Var(&o.captures, "r", "read this capture `file` first; may be repeated")
	fs.StringVar(&o.data, "data", "khien-data", "`folder` of findings, packets, files, accounts and the audit log")
	fs.StringVar(&o.listen, "listen", "127.0.0.1:8686", "`address` of the console")
	o.packets.flags(fs)
	o.files.flags(fs, file.KeepMatched)
	fs.BoolVar(&o.noChecksum, "no-checksum", false, "inspect packets with wrong checksums too")
	fs.BoolVar(&o.midstream, "midstream", false, "follow TCP flows whose start was not captured")
	fs.IntVar(&o.workers, "workers", runtime.NumCPU(), "goroutines that inspect")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	switch {
	case fs.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q: captures are named with -r", fs.Arg(0))
	case o.workers < 1 || o.workers > 1024:
		err = fmt.Errorf("--workers %d: from 1 to 1024", o.workers)
	}
	if err != nil {
		fmt.Fprintf(stderr, "khien run: %v\n", err)
	}
	return o, err
}

func runCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := runFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitDone
	}
	if err != nil {
		return exitUsage
	}
	o.detection.folder = filepath.Join(o.data, "rules")
	det, ok := loadDetection(o.detection, stderr)
	if !ok {
		return exitUsage
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		fmt.Fprintf(stderr, "khien run: %v (choose another address with --listen)\n", err)
		return exitUsage
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP) // before others learn the process id: the signal would end the process
	defer signal.Stop(hup)
	lock, err := lockData(o.data)
	if err != nil {
		listener.Close()
		fmt.Fprintf(stderr, "khien run: %v\n", err)
		return exitUsage
	}
	defer lock.Close()
	st, err := embedded.Open(filepath.Join(o.data, "findings"))
	if err != nil {
		listener.Close()
		fmt.Fprintf(stderr, "khien run: %v\n", err)
		return exitUsage
	}
	defer st.Close()
	if err := o.openStores(); err != nil {
		listener.Close()
		fmt.Fprintf(stderr, "khien run: %v\n", err)
		return exitUsage
	}
	o.sensors = &sensors{stores: o.stores}
	cfg := console.Config{DataDir: o.data, Version: buildVersion(), Stats: o.sensors.value}
	server, err := console.New(cfg, st)
	if err != nil {
		listener.Close()
		fmt.Fprintf(stderr, "khien run: %v\n", err)
		return exitUsage
	}
	defer server.Close()
	if p := server.FirstPassword(); p != "" {
		fmt.Fprintf(stdout, "First start: user admin, password %s (shown once; change it after you have logged in)\n", p)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	rules := newReloader(o.detection, det)
	go reloadOn(ctx, hup, rules, o.data, stderr)
	return serve(ctx, o, rules, server, listener, newSinkWriter(st, server.Notify), stdout, stderr)
}

// serve runs the console and the captures until ctx ends.
func serve(ctx context.Context, o runOptions, rules *reloader, server *console.Server, l net.Listener, sink *sinkWriter, stdout, stderr io.Writer) int {
	web := &http.Server{Handler: server.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return ctx }}
	failed := make(chan error, 1)
	go func() {
		if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
	status := exitDone
	var wg sync.WaitGroup
	var mu sync.Mutex
	report := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(stderr, "khien run: %v\n", err)
		status = exitInput
	}
	wg.Add(1)
	go func() { // captures are read one after the other
		defer wg.Done()
		for _, name := range o.captures {
			if ctx.Err() != nil {
				return
			}
			if err := o.readFile(name, rules, sink); err != nil {
				report(err)
			}
		}
	}()
	for _, name := range o.interfaces {
		live, err := capture.OpenLive(name, capture.LiveConfig{Promiscuous: true})
		if err != nil {
			report(err)
			continue
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := o.readLive(ctx, name, live, rules, sink); err != nil {
				report(err)
			}
		}()
	}
	fmt.Fprintf(stdout, "Console: http://%s\n", l.Addr())
	select {
	case <-ctx.Done():
	case err := <-failed:
		report(err)
	}
	wg.Wait()
	if err := sink.close(); err != nil {
		report(err)
	}
	if err := o.stores.close(stderr); err != nil {
		report(err)
	}
	end, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := web.Shutdown(end); err != nil {
		web.Close()
	}
	return status
}

// reloadOn loads the rules again at each signal, until ctx ends.
func reloadOn(ctx context.Context, signals <-chan os.Signal, rules *reloader, data string, stderr io.Writer) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
		}
		res := rules.reload()
		res.PID = os.Getpid()
		fmt.Fprintf(stderr, "%skhien run: %v\n", res.Errors, res)
		if err := writeOutcome(data, res); err != nil {
			fmt.Fprintf(stderr, "khien run: %v\n", err)
		}
	}
}

// newPipeline makes a pipeline whose findings go to sink. end is to be called after its Close. name is where the packets
// come from.
func (o *runOptions) newPipeline(name string, rules *reloader, sink *sinkWriter) (p *pipeline.Pipeline, end func(), err error) {
	var ends []func()
	others := func(int) []sensor.Handler {
		hs, end := o.stores.handlers(name)
		ends = append(ends, end)
		return hs
	}
	p, stop, err := rules.pipeline(replayOptions{workers: o.workers, noChecksum: o.noChecksum, midstream: o.midstream}, sink.record, others)
	return p, func() {
		for _, end := range ends {
			end()
		}
		stop()
	}, err
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

func (o *runOptions) readFile(name string, rules *reloader, sink *sinkWriter) error {
	p, end, err := o.newPipeline(filepath.Base(name), rules, sink)
	if err != nil {
		return err
	}
	defer end()
	defer p.Close()
	o.sensors.add(filepath.Base(name), p, nil)
	return replayOne(p, name)
}

// readLive captures until ctx ends. A mirror port shows a flow's start only from then on, so midstream flows are followed.
func (o *runOptions) readLive(ctx context.Context, name string, live *capture.Live, rules *reloader, sink *sinkWriter) error {
	p, end, err := o.newPipeline(name, rules, sink)
	if err != nil {
		return errors.Join(err, live.Close())
	}
	defer end()
	defer p.Close()
	o.sensors.add(name, p, live)
	stop := context.AfterFunc(ctx, live.Stop)
	defer stop()
	err = p.Run(live, name)
	if s, statsErr := live.Stats(); statsErr == nil && s.Dropped > 0 {
		err = errors.Join(err, fmt.Errorf("interface %s: the kernel dropped %d of %d packets: its ring was full", name, s.Dropped, s.Received))
	}
	return errors.Join(err, live.Close())
}

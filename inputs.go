package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"khien/detector"
	"khien/detector/sink"
	"khien/sensor"
	"khien/sensor/capture"
	"khien/sensor/pipeline"
)

// input is a source of packets that come while the program runs.
type input interface {
	pipeline.Reader
	Stop() // makes Next return io.EOF soon
	Close() error
}

// sendersMax is how many connections may send captures at a time.
const sendersMax = 64

// inputs runs everything that khien run reads from. Their errors go to report.
type inputs struct {
	o      *runOptions
	rules  *reloader
	sink   *sink.Writer
	report func(error)
	wg     sync.WaitGroup

	warnings io.Writer
}

// start begins to read everything that the flags name. What cannot be opened is reported, and the rest goes on.
func (in *inputs) start(ctx context.Context, sockets []int) {
	in.captures(ctx)
	for i, name := range in.o.interfaces {
		warnOffloads(name, in.warnings)
		live, err := capture.OpenLive(name, capture.LiveConfig{Promiscuous: !in.o.noPromiscuous, Filter: in.o.filter, Socket: sockets[i],
			RingBytes: in.o.ring << 20})
		in.run(ctx, name, live, err)
	}
	for _, addr := range in.o.mirrors {
		m, err := capture.ListenMirror(addr)
		in.run(ctx, "mirror "+addr, m, err)
	}
	for _, addr := range in.o.senders {
		in.accept(ctx, addr)
	}
	in.imports(ctx)
}

// imports follows the logs of other sensors.
func (in *inputs) imports(ctx context.Context) {
	list := in.o.imports.open(in.o.data, func(err error) { fmt.Fprintf(in.warnings, "khien: %v\n", err) }, in.report)
	in.o.sensors.follow(list)
	bad := &badLines{command: "khien", stderr: in.warnings}
	for _, im := range list {
		in.wg.Go(func() {
			det, end, err := in.rules.records(im, in.o.telemetry, in.sink.Record)
			if err == nil {
				im.run(ctx, det, in.sink.Sync, bad.tell, in.report)
				end()
				bad.end()
			}
			if err = errors.Join(err, im.stream.Close()); err != nil {
				in.report(err)
			}
		})
	}
}

// captures reads the named captures one after the other. Folders that grow and connections never end, so each is read
// beside the others.
func (in *inputs) captures(ctx context.Context) {
	var files []string
	for _, name := range in.o.captures {
		switch s, err := os.Stat(name); {
		case strings.HasPrefix(name, capture.SchemeOverIP):
			in.wg.Go(func() {
				stream, err := capture.Dial(ctx, name)
				in.run(ctx, name, stream, err)
			})
		case err == nil && s.IsDir() && in.o.follow:
			dir, err := capture.OpenDir(name, true)
			in.run(ctx, name, dir, err)
		default:
			files = append(files, name)
		}
	}
	in.wg.Go(func() {
		for _, name := range files {
			if ctx.Err() != nil {
				return
			}
			if err := in.o.readFile(name, in.rules, in.sink); err != nil {
				in.report(err)
			}
		}
	})
}

// run reads an input until ctx ends, beside the others.
func (in *inputs) run(ctx context.Context, name string, src input, err error) {
	if err != nil {
		in.report(err)
		return
	}
	in.wg.Go(func() {
		if _, err := in.read(ctx, name, src); err != nil {
			in.report(err)
		}
	})
}

// read reads an input until it or ctx ends. c is nil when it could not begin.
func (in *inputs) read(ctx context.Context, name string, src input) (c *sensorCount, err error) {
	found := func(f *detector.Finding) { in.sink.Record(detector.Record{Finding: f}) }
	p, end, err := in.o.newPipeline(name, in.rules, func(r detector.Record) {
		if r.Finding != nil {
			c.mark(r.Finding, found)
		}
		in.sink.Record(r)
	})
	if err != nil {
		return nil, errors.Join(err, src.Close())
	}
	defer end()
	defer p.Close()
	c = in.o.sensors.add(name, p, true)
	over, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		c.watched(over, found)
	}()
	stop := context.AfterFunc(ctx, src.Stop)
	defer stop()
	err = p.Run(src, name)
	close(over)
	<-told
	if l := p.Live().Lost; l.Packets() > 0 {
		err = errors.Join(err, fmt.Errorf("%s: %d packets were lost before the ring and %d as it was full, of %d", name,
			l.InterfacePackets, l.RingPackets, p.Live().Packets+l.Packets()))
	}
	if dir, ok := src.(*capture.Dir); ok {
		err = errors.Join(err, dir.Err())
	}
	return c, errors.Join(err, src.Close())
}

// accept takes connections of programs that send captures, each of which is one of its own.
func (in *inputs) accept(ctx context.Context, addr string) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		in.report(err)
		return
	}
	context.AfterFunc(ctx, func() { l.Close() })
	room := make(chan struct{}, sendersMax)
	in.wg.Go(func() {
		for {
			conn, err := l.Accept()
			switch {
			case ctx.Err() != nil:
				if err == nil {
					conn.Close()
				}
				return
			case err != nil:
				in.report(fmt.Errorf("%s%s: %w", capture.SchemeOverIP, addr, err))
				return
			}
			select {
			case room <- struct{}{}:
			default:
				in.report(fmt.Errorf("%s%s: %s is the %dth sender, and is not listened to", capture.SchemeOverIP, addr, conn.RemoteAddr(), sendersMax+1))
				conn.Close()
				continue
			}
			in.wg.Go(func() {
				defer func() { <-room }()
				name := capture.SchemeOverIP + conn.RemoteAddr().String()
				stream, err := capture.NewStream(ctx, conn, name)
				if err == nil {
					var c *sensorCount
					if c, err = in.read(ctx, name, stream); c != nil {
						in.o.sensors.end(c)
					}
				}
				if err != nil && ctx.Err() == nil {
					in.report(err)
				}
			})
		}
	})
}

// warnOffloads tells of what joins packets before they are captured.
func warnOffloads(name string, w io.Writer) {
	on, err := capture.Offloads(name)
	if err == nil && len(on) > 0 {
		fmt.Fprintf(w, "khien run: interface %s: %s on: packets are joined before they are captured, which hides overlaps (khien doctor -i %[1]s says how to change it)\n",
			name, strings.Join(on, " and "))
	}
}

// newPipeline makes a pipeline whose findings go to out. end is to be called after its Close. name is where the packets
// come from.
func (o *runOptions) newPipeline(name string, rules *reloader, out func(detector.Record)) (p *pipeline.Pipeline, end func(), err error) {
	var ends []func()
	others := func(int) []sensor.Handler {
		hs, end := o.stores.handlers(name)
		ends = append(ends, end)
		return hs
	}
	p, stop, err := rules.pipeline(replayOptions{workers: o.workers, noChecksum: o.noChecksum, midstream: o.midstream, budget: o.budget, keys: o.keys, telemetry: o.telemetry}, out, others)
	return p, func() {
		for _, end := range ends {
			end()
		}
		stop()
	}, err
}

// readFile reads a capture, or all captures of a folder as one.
func (o *runOptions) readFile(name string, rules *reloader, into *sink.Writer) error {
	p, end, err := o.newPipeline(filepath.Base(name), rules, into.Record)
	if err != nil {
		return err
	}
	defer end()
	defer p.Close()
	o.sensors.add(filepath.Base(name), p, false)
	if s, err := os.Stat(name); err == nil && s.IsDir() {
		dir, err := capture.OpenDir(name, false)
		if err != nil {
			return err
		}
		return errors.Join(p.Run(dir, name), dir.Err(), dir.Close())
	}
	return replayOne(p, name)
}

package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"runtime"

	"khien/detector/metric"
	"khien/detector/sink"
	"khien/sensor/capture"
	"khien/sensor/file"
)

// captureFlags are those of everything that captures.
func (o *runOptions) captureFlags(fs *flag.FlagSet) {
	o.detection.flags(fs)
	fs.Var(&o.interfaces, "i", "capture from this `interface`; may be repeated (needs CAP_NET_RAW)")
	fs.Var(&o.captures, "r", "read this capture `file`, folder or pcap-over-ip://host:port; may be repeated")
	o.imports.flags(fs)
	fs.BoolVar(&o.follow, "follow", false, "go on reading folders that are named with -r as captures in them grow and come")
	fs.Var(&o.mirrors, "mirror-listen", "receive mirrored packets in VXLAN or GENEVE on this UDP `address`; may be repeated")
	fs.Var(&o.senders, "pcap-over-ip-listen", "take captures from programs that connect to this TCP `address`; may be repeated")
	fs.StringVar(&o.bpf, "bpf", "", "capture from interfaces only what the filter in this `file` lets pass (the output of tcpdump -ddd)")
	memoryFlag(fs, &o.memory)
	fs.StringVar(&o.keylog, "keylog", "", "decrypt TLS with the secrets in this `file`, as SSLKEYLOGFILE names it")
	fs.IntVar(&o.ring, "ring", 64, "`MiB` of packets that the kernel holds for each interface")
	fs.BoolVar(&o.noPromiscuous, "no-promiscuous", false, "leave out frames for other stations")
	fs.BoolVar(&o.keep, "keep-capabilities", false, "do not give up the capabilities of root after the interfaces were opened")
	fs.StringVar(&o.metrics, "metrics", "", "serve counts for Prometheus on this `address`, at /metrics")
	fs.StringVar(&o.stats, "stats", "", "at the end, write counts as one JSON object to this `file` (- is standard output)")
	o.packets.flags(fs)
	o.files.flags(fs, file.KeepMatched)
	fs.StringVar(&o.name, "name", hostName(), "`name` of this sensor in what it reports")
	fs.BoolVar(&o.telemetry, "telemetry", true, "store DHCP, DNS, HTTP, TLS, QUIC, SSH, flow and file records too")
	fs.Int64Var(&o.spoolMB, "spool-mb", 1024, "keep at most this many `megabytes` on disk that the store has not taken yet")
	fs.BoolVar(&o.noChecksum, "no-checksum", false, "inspect packets with wrong checksums too")
	fs.BoolVar(&o.midstream, "midstream", false, "follow TCP flows whose start was not captured")
	fs.IntVar(&o.workers, "workers", runtime.NumCPU(), "goroutines that inspect")
}

// limit is what a number among the flags may be.
type limit struct {
	flag       string
	n, min, hi int64
	unit       string // with a space before it
}

func checkLimits(limits ...limit) error {
	for _, l := range limits {
		if l.n < l.min || l.n > l.hi {
			return fmt.Errorf("%s %d: from %d to %d%s", l.flag, l.n, l.min, l.hi, l.unit)
		}
	}
	return nil
}

// checkCapture checks the flags of captureFlags and reads the files that they name.
func (o *runOptions) checkCapture() error {
	err := checkLimits(limit{"--workers", int64(o.workers), 1, 1024, ""}, limit{"--spool-mb", o.spoolMB, 1, 1 << 24, ""},
		limit{"--ring", int64(o.ring), 2, 4096, " MiB"})
	if err == nil {
		err = checkMemoryFlag(o.memory)
	}
	if err == nil && o.bpf != "" {
		o.filter, err = capture.ReadFilter(o.bpf)
	}
	if err == nil {
		o.keys, err = readKeyLog(o.keylog)
	}
	return err
}

// limitMemory divides the memory among the pipelines, of which each input that lasts has one. It is called when the rules
// are loaded.
func (o *runOptions) limitMemory() {
	o.budget = limitMemory(o.memory) / max(1, len(o.interfaces)+len(o.mirrors)+len(o.senders))
}

// serveMetrics answers Prometheus until the result is called, which closes l. l may be nil.
func (o *runOptions) serveMetrics(l net.Listener, into *sink.Writer) (stop func()) {
	return metric.Serve(l, func(w io.Writer) error { return writeMetrics(w, o.sensors, into) })
}

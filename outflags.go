package main

import (
	"flag"
	"fmt"

	"khien/detector/cli"
	"khien/detector/output"
)

// outletOptions are the flags of outputs to other systems.
type outletOptions struct {
	texts cli.List
	mb    int64
	specs []output.Spec
}

func (o *outletOptions) flags(fs *flag.FlagSet) {
	fs.Var(&o.texts, "out", "send what is found to this `output` too: file:PATH, syslog+tls://HOST:PORT or kafka://HOST:PORT,…/TOPIC, with options behind ?; may be repeated")
	fs.Int64Var(&o.mb, "out-mb", 1024, "keep at most this many `megabytes` on disk that only outputs have not taken yet")
}

// check reads the outputs that were named.
func (o *outletOptions) check() error {
	err := checkLimits(limit{"--out-mb", o.mb, 1, 1 << 24, ""})
	if err == nil {
		if o.specs, err = output.ParseAll(o.texts); err != nil {
			err = fmt.Errorf("--out: %w", err)
		}
	}
	return err
}

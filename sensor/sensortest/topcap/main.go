// Command topcap writes traffic that is written as text as a pcap file.
//
//	topcap [-end now] TRAFFIC OUT.pcap
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"khien/sensor"
	"khien/sensor/sensortest"
)

func main() {
	end := flag.String("end", "", "move all packets so that the last is at this `time` (RFC 3339, or now)")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "Usage: topcap [-end TIME] TRAFFIC OUT.pcap")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}
	if err := write(flag.Arg(0), flag.Arg(1), *end); err != nil {
		fmt.Fprintf(os.Stderr, "topcap: %v\n", err)
		os.Exit(1)
	}
}

func write(from, to, end string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	s, err := sensortest.Parse(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	packets := s.Packets()
	if err := move(packets, end); err != nil {
		return err
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	return errors.Join(sensortest.WritePCAP(f, packets), f.Close())
}

// move shifts the packets so that the last one is at end.
func move(packets []sensor.Packet, end string) error {
	if end == "" || len(packets) == 0 {
		return nil
	}
	last := time.Now()
	if end != "now" {
		var err error
		if last, err = time.Parse(time.RFC3339, end); err != nil {
			return err
		}
	}
	by := last.UnixNano() - packets[len(packets)-1].Time
	for i := range packets {
		packets[i].Time += by
	}
	return nil
}

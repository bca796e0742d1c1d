package main

import (
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"khien/detector/cli"
)

// usageAt is what the process has used at a moment.
type usageAt struct {
	wall time.Time
	cpu  float64 // seconds, user and system
	peak int64   // bytes of resident memory
}

func usageNow() usageAt {
	u := usageAt{wall: time.Now()}
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err == nil {
		u.cpu = float64(r.Utime.Sec+r.Stime.Sec) + float64(r.Utime.Usec+r.Stime.Usec)/1e6
		u.peak = r.Maxrss << 10 // Linux gives kilobytes
	}
	return u
}

func versionCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fmt.Fprintln(stdout, "khien", cli.Version())
	return cli.Done
}

// residentNow returns the resident memory of the process in bytes, 0 when the system does not tell.
func residentNow() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		return 0
	}
	return resident * int64(os.Getpagesize())
}

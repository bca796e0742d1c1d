package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"syscall"
	"time"
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
	fmt.Fprintln(stdout, "khien", buildVersion())
	return exitDone
}

// buildVersion returns the revision that the program was built from, as the Go toolchain recorded it.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	rev, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			rev = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+"
		}
	}
	if rev == "" {
		return info.Main.Version
	}
	return rev + dirty
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

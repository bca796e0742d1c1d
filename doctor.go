package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/cpu"
	"golang.org/x/sys/unix"

	"khien/detector/cli"
	"khien/sensor/capture"
)

// grade is how well a host serves in one respect.
type grade uint8

const (
	gradeGood    grade = iota
	gradeAdvice        // works, not as well as it could
	gradeMissing       // something does not work
)

func (g grade) String() string { return [...]string{"ok", "advice", "missing"}[g] }

// check is one thing that was looked at: what is there, and what to do when it is not enough.
type check struct {
	grade  grade
	what   string
	is     string
	advice string
}

// doctorCommand says what is missing on this host and how to get it. It changes nothing.
func doctorCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("khien doctor", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintln(stderr, "Usage: khien doctor [FLAGS]\n\nSays what is missing on this host and how to get it. The status is 1 when something is missing.")
		fs.PrintDefaults()
	}
	data := fs.String("data", "khien-data", "data `folder` that khien run is to use")
	var interfaces cli.List
	fs.Var(&interfaces, "i", "`interface` to capture from; all that are up when none is named; may be repeated")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return cli.Done
	} else if err != nil || fs.NArg() > 0 {
		fmt.Fprintln(stderr, "khien doctor: bad arguments (khien doctor -h)")
		return cli.Usage
	}
	checks := []check{checkKernel(), checkCPU(), checkMemory(), checkClock(), checkCapture()}
	checks = append(checks, checkInterfaces(interfaces)...)
	checks = append(checks, checkDisk(*data))
	status := cli.Done
	for _, c := range checks {
		fmt.Fprintf(stdout, "%-8s %-12s %s\n", c.grade, c.what, cli.Visible(c.is))
		if c.advice != "" {
			fmt.Fprintf(stdout, "%22s%s\n", "", cli.Visible(c.advice))
		}
		if c.grade == gradeMissing {
			status = cli.Input
		}
	}
	return status
}

// Least versions and sizes.
const (
	kernelMajor, kernelMinor = 4, 18    // the oldest that distributions still care for
	memoryMin                = 4 << 30  // with a large rule set
	diskMin                  = 10 << 30 // findings of some months
)

func checkKernel() check {
	c := check{what: "kernel"}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return check{gradeAdvice, c.what, err.Error(), ""}
	}
	c.is = unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
	var major, minor int
	if _, err := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &major, &minor); err != nil || major < kernelMajor ||
		major == kernelMajor && minor < kernelMinor {
		c.grade, c.advice = gradeAdvice, fmt.Sprintf("%d.%d or later is what distributions still care for", kernelMajor, kernelMinor)
	}
	return c
}

func checkCPU() check {
	c := check{what: "processor", is: fmt.Sprintf("%d CPUs, %s", runtime.NumCPU(), runtime.GOARCH)}
	if runtime.GOARCH != "amd64" {
		return c
	}
	for _, f := range []struct {
		name string
		has  bool
	}{{"SSE4.2", cpu.X86.HasSSE42}, {"POPCNT", cpu.X86.HasPOPCNT}, {"AVX2", cpu.X86.HasAVX2}} {
		if f.has {
			c.is += ", " + f.name
			continue
		}
		switch f.name {
		case "AVX2":
			c.grade, c.advice = max(c.grade, gradeAdvice), "without AVX2 patterns are searched for more slowly; virtual machines need the host's CPU type"
		default:
			c.grade, c.advice = gradeMissing, f.name+" is missing: pattern matching does not run on this processor"
		}
	}
	return c
}

func checkMemory() check {
	c := check{what: "memory"}
	var s unix.Sysinfo_t
	if err := unix.Sysinfo(&s); err != nil {
		return check{gradeAdvice, c.what, err.Error(), ""}
	}
	total := uint64(s.Totalram) * uint64(s.Unit)
	c.is = fmt.Sprintf("%.1f GiB", float64(total)/(1<<30))
	if total < memoryMin {
		c.grade, c.advice = gradeAdvice, fmt.Sprintf("%d GiB are needed with a large rule set", memoryMin>>30)
	}
	return c
}

// checkClock asks the kernel whether something keeps the clock right. Findings of several hosts are put together by time.
func checkClock() check {
	c := check{what: "clock", is: time.Now().Format(time.RFC3339)}
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	switch {
	case err != nil:
		c.grade, c.advice = gradeAdvice, "whether it is synchronised cannot be told: "+err.Error()
	case state == unix.TIME_ERROR || t.Status&unix.STA_UNSYNC != 0:
		c.grade, c.is = gradeAdvice, c.is+", not synchronised"
		c.advice = "findings carry wrong times when the clock drifts: apt install chrony (in a container it is the host's matter)"
	default:
		c.is += ", synchronised"
	}
	return c
}

// checkCapture tries what capturing does first: to open a packet socket.
func checkCapture() check {
	c := check{what: "capturing"}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
		c.is = "packet sockets can be opened"
		return c
	}
	c.grade, c.is = gradeMissing, "packet sockets cannot be opened: "+err.Error()
	exe, exeErr := os.Executable()
	if exeErr != nil {
		exe = "khien"
	}
	c.advice = "setcap cap_net_raw,cap_net_admin=ep " + exe + "  (reading captures works without)"
	return c
}

// checkInterfaces looks at the named interfaces, or at all that are up.
func checkInterfaces(names []string) (out []check) {
	all, err := net.Interfaces()
	if err != nil {
		return []check{{gradeMissing, "interface", err.Error(), ""}}
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(i net.Interface) bool { return i.Name == name }) {
			out = append(out, check{gradeMissing, "interface", name + " does not exist", "ip link shows those that do"})
		}
	}
	for _, i := range all {
		if len(names) > 0 && !slices.Contains(names, i.Name) || len(names) == 0 && i.Flags&(net.FlagUp|net.FlagLoopback) != net.FlagUp {
			continue
		}
		out = append(out, checkInterface(i))
	}
	if len(out) == 0 {
		out = append(out, check{gradeAdvice, "interface", "none is up but the loopback", "ip link set NAME up"})
	}
	return out
}

func checkInterface(i net.Interface) check {
	c := check{what: "interface", is: fmt.Sprintf("%s, MTU %d", i.Name, i.MTU)}
	if i.Flags&net.FlagUp == 0 {
		c.grade, c.is, c.advice = gradeMissing, c.is+", down", "ip link set "+i.Name+" up"
		return c
	}
	on, err := capture.Offloads(i.Name)
	switch {
	case err != nil:
		c.is += ", offloads unknown: " + err.Error()
	case len(on) > 0:
		c.grade, c.is = gradeAdvice, c.is+", "+strings.Join(on, " and ")+" on"
		c.advice = "joined packets are larger than those on the wire and hide overlaps: ethtool -K " + i.Name + " " + strings.ToLower(strings.Join(on, " off ")) + " off"
	default:
		c.is += ", GRO and LRO off"
	}
	return c
}

// checkDisk looks at the file system of the data folder, or of the nearest folder above it that exists.
func checkDisk(dir string) check {
	c := check{what: "disk"}
	at, err := filepath.Abs(dir)
	if err != nil {
		return check{gradeMissing, c.what, err.Error(), ""}
	}
	for {
		if _, err = os.Stat(at); err == nil || filepath.Dir(at) == at {
			break
		}
		at = filepath.Dir(at)
	}
	var s unix.Statfs_t
	if err := unix.Statfs(at, &s); err != nil {
		return check{gradeMissing, c.what, at + ": " + err.Error(), ""}
	}
	free := s.Bavail * uint64(s.Bsize)
	c.is = fmt.Sprintf("%.1f GiB free for %s", float64(free)/(1<<30), dir)
	if err := unix.Access(at, unix.W_OK); err != nil {
		return check{gradeMissing, c.what, at + " cannot be written: " + err.Error(), "choose another folder with --data, or chown it"}
	}
	if free < diskMin {
		c.grade, c.advice = gradeAdvice, fmt.Sprintf("%d GiB leave room for the findings of some months", diskMin>>30)
	}
	return c
}

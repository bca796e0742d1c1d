package main

import (
	"flag"
	"fmt"
	"io"
	"syscall"
	"time"

	"khien/detector/cli"
)

// reloadCommand makes a running khien load its rule files again, and says how that ended.
func reloadCommand(args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("khien rules reload", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintln(stderr, "Usage: khien rules reload [FLAGS]\n\nMakes the khien run of a data folder load its rule files again, without losing a packet or a flow.\n"+
			"Rules with an error are refused as a whole; those from before then stay. The status is 2.")
		fs.PrintDefaults()
	}
	data := fs.String("data", "khien-data", "data `folder` of the running process")
	wait := fs.Duration("wait", 5*time.Minute, "how long to wait for the outcome")
	if err := fs.Parse(args); err != nil {
		return cli.FlagStatus(err)
	}
	if fs.NArg() > 0 {
		fmt.Fprintf(stderr, "khien rules reload: unexpected argument %q: the folder is named with --data\n", fs.Arg(0))
		return cli.Usage
	}
	res, err := requestReload(*data, *wait)
	if err != nil {
		fmt.Fprintf(stderr, "khien rules reload: %v\n", err)
		return cli.Input
	}
	fmt.Fprint(stderr, res.Errors)
	fmt.Fprintln(stdout, res)
	if !res.OK {
		return cli.Usage
	}
	return cli.Done
}

// reloadPoll is how often the outcome is looked for.
const reloadPoll = 50 * time.Millisecond

// requestReload asks the process of a data folder for a reload and waits for an outcome that began later than that.
func requestReload(dir string, wait time.Duration) (*outcome, error) {
	pid, err := runningPID(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	asked := time.Now()
	if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
		return nil, fmt.Errorf("process %d: %w", pid, err)
	}
	for time.Since(asked) < wait {
		if res, err := readOutcome(dir); err == nil && res.PID == pid && !res.Started.Before(asked) {
			return res, nil
		}
		time.Sleep(reloadPoll)
		if now, err := runningPID(dir); err != nil || now != pid {
			return nil, fmt.Errorf("process %d has ended", pid)
		}
	}
	return nil, fmt.Errorf("no outcome within %v: process %d is still at it", wait, pid)
}

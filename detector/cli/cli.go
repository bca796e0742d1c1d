// Package cli is what the program's commands have in common: exit statuses, flags that may be repeated, files that users name,
// and text that is fit for a terminal.
package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
)

// Exit statuses of every command.
const (
	Done  = 0
	Input = 1 // the input could not be read to its end; what was read has been reported
	Usage = 2 // bad usage, rules or configuration
)

// RulesMax bounds what users name to detect with, in bytes: a file or archive of rules, and the lists that they look things up in.
const RulesMax = 256 << 20

// List is the value of a flag that may be repeated.
type List []string

// String implements flag.Value.
func (l *List) String() string { return fmt.Sprint(*l) }

// Set implements flag.Value.
func (l *List) Set(s string) error { *l = append(*l, s); return nil }

// FlagStatus is the exit status of a command whose flags flag.FlagSet.Parse did not read: Done when help was asked for, which
// has been printed then.
func FlagStatus(err error) int {
	if errors.Is(err, flag.ErrHelp) {
		return Done
	}
	return Usage
}

// ReadFile reads a file of at most n bytes.
func ReadFile(name string, n int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, n+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if int64(len(data)) > n {
		return nil, fmt.Errorf("%s: larger than %d MiB", name, n>>20)
	}
	return data, nil
}

// Visible replaces control characters, so that a capture cannot write to the terminal.
func Visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '·'
		}
		return r
	}, s)
}

// Version is the revision that the program was built from, as the Go toolchain recorded it.
func Version() string {
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

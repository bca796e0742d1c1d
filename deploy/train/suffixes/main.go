// Command suffixes writes the public suffixes that golang.org/x/net/publicsuffix knows, in the form that detector/fraud
// embeds. Run it from the root of the repository after golang.org/x/net was raised:
//
//	go run ./deploy/train/suffixes >detector/fraud/suffixes.txt
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/net").Output()
	if err != nil {
		return fmt.Errorf("suffixes: find golang.org/x/net: %w", err)
	}
	base := filepath.Join(strings.TrimSpace(string(dir)), "publicsuffix")
	part := make(map[string][]byte)
	for _, name := range []string{"table.go", "data/text", "data/nodes", "data/children"} {
		if part[name], err = os.ReadFile(filepath.Join(base, name)); err != nil {
			return fmt.Errorf("suffixes: %w", err)
		}
	}
	// The table's layout as table.go has it: 40-bit nodes, 32-bit rows of children.
	layout := map[string]int{"nodesBits": 40, "nodesBitsChildren": 10, "nodesBitsICANN": 1, "nodesBitsTextOffset": 16, "nodesBitsTextLength": 6,
		"childrenBitsWildcard": 1, "childrenBitsNodeType": 2, "childrenBitsHi": 14, "childrenBitsLo": 14}
	value := func(name string) (int, error) {
		m := regexp.MustCompile(`(?m)^(?:const )?\s*` + name + `\s*=\s*(\d+)$`).FindSubmatch(part["table.go"])
		if m == nil {
			return 0, fmt.Errorf("suffixes: %s: no %s", base, name)
		}
		return strconv.Atoi(string(m[1]))
	}
	for name, want := range layout {
		if got, err := value(name); err != nil || got != want {
			return fmt.Errorf("suffixes: the layout of golang.org/x/net/publicsuffix has changed: %s is %d, not %d (%v)", name, got, want, err)
		}
	}
	tlds, err := value("numTLD")
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	fmt.Fprintln(out, "# Public suffixes: a rule, a parent of rules (p) or an exception (x); i: of ICANN; *: so is every label below.")
	fmt.Fprintln(out, "# Made by deploy/train/suffixes from the table of golang.org/x/net/publicsuffix. Data: publicsuffix.org, MPL-2.0.")
	var lines []string
	var walk func(lo, hi uint32, under string)
	walk = func(lo, hi uint32, under string) {
		for i := lo; i < hi; i++ {
			b := part["data/nodes"][5*i:]
			x := uint64(b[0])<<32 | uint64(binary.BigEndian.Uint32(b[1:]))
			n, at, icann, row := x&63, x>>6&0xffff, x>>22&1, uint32(x>>23&1023)
			c := binary.BigEndian.Uint32(part["data/children"][4*row:])
			name := string(part["data/text"][at:at+n]) + under
			flags := []string{"", "x", "p"}[c>>28&3]
			if icann == 1 {
				flags += "i"
			}
			if c>>30&1 == 1 {
				flags += "*"
			}
			lines = append(lines, strings.TrimRight(name+" "+flags, " "))
			walk(c&0x3fff, c>>14&0x3fff, "."+name)
		}
	}
	walk(0, uint32(tlds), "")
	sort.Strings(lines)
	for _, l := range lines {
		fmt.Fprintln(out, l)
	}
	return out.Flush()
}

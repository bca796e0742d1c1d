package capture

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Filter is a program of the kernel's packet filter (bpf(4)): a packet for which it returns 0 is not captured.
type Filter []unix.SockFilter

// maxFilter is what the kernel takes (BPF_MAXINSNS).
const maxFilter = 4096

// ReadFilter reads the program that `tcpdump -ddd EXPRESSION` prints: the number of instructions, then one instruction a
// line as four decimal numbers. A program that the kernel would refuse, for it jumps or reads outside, is refused.
func ReadFilter(name string) (Filter, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("capture: filter: %w", err)
	}
	defer f.Close()
	return parseFilter(f, name)
}

func parseFilter(r io.Reader, name string) (Filter, error) {
	lines := bufio.NewScanner(r)
	var out Filter
	want, n := -1, 0
	bad := func(format string, args ...any) error {
		return fmt.Errorf("capture: filter: %s:%d: %s (want the output of tcpdump -ddd EXPRESSION)", name, n, fmt.Sprintf(format, args...))
	}
	for lines.Scan() {
		n++
		f := strings.Fields(lines.Text())
		switch {
		case len(f) == 0:
		case want < 0:
			k, err := strconv.Atoi(f[0])
			if err != nil || len(f) != 1 || k < 1 || k > maxFilter {
				return nil, bad("%q is not a number of instructions from 1 to %d", lines.Text(), maxFilter)
			}
			want = k
		case len(f) != 4:
			return nil, bad("%d numbers, want 4", len(f))
		default:
			var v [4]uint64
			for i, bits := range [...]int{16, 8, 8, 32} {
				var err error
				if v[i], err = strconv.ParseUint(f[i], 10, bits); err != nil {
					return nil, bad("%q is not a number of %d bits", f[i], bits)
				}
			}
			if len(out) == want {
				return nil, bad("more than %d instructions", want)
			}
			out = append(out, unix.SockFilter{Code: uint16(v[0]), Jt: uint8(v[1]), Jf: uint8(v[2]), K: uint32(v[3])})
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("capture: filter: %s: %w", name, err)
	}
	if len(out) != want {
		return nil, bad("%d instructions, want %d", len(out), max(want, 1))
	}
	if _, err := out.vm(); err != nil {
		return nil, fmt.Errorf("capture: filter: %s: %w", name, err)
	}
	return out, nil
}

// vm returns the filter as a program that runs here.
func (f Filter) vm() (*bpf.VM, error) {
	raw := make([]bpf.RawInstruction, len(f))
	for i, x := range f {
		raw[i] = bpf.RawInstruction{Op: x.Code, Jt: x.Jt, Jf: x.Jf, K: x.K}
	}
	prog, ok := bpf.Disassemble(raw)
	if !ok {
		return nil, errors.New("an instruction is not known")
	}
	return bpf.NewVM(prog)
}

// attach gives the filter to a socket.
func (f Filter) attach(fd int) error {
	if len(f) == 0 {
		return nil
	}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]})
}

package capture

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// device reads what the kernel counts for a network interface. The file belongs to the network namespace of the thread
// that has opened it, whoever reads it later.
type device struct {
	name  string
	f     *os.File
	start uint64 // lost before the capture began
	last  uint64
}

// deviceText bounds what is read: a host has some tens of interfaces, of 120 bytes each.
const deviceText = 1 << 20

func openDevice(name string) (*device, error) {
	f, err := os.Open("/proc/thread-self/net/dev")
	if err != nil {
		return nil, err
	}
	d := &device{name: name, f: f}
	if d.start, err = d.read(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	d.last = d.start
	return d, nil
}

// lost returns how many received packets were lost since the start before a program could have them. After an error it
// is what was counted last.
func (d *device) lost() (uint64, error) {
	n, err := d.read()
	if err == nil {
		d.last = max(n, d.last) // some drivers begin anew when the interface is set down and up
	}
	return d.last - d.start, err
}

func (d *device) read() (uint64, error) {
	if _, err := d.f.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	text, err := io.ReadAll(io.LimitReader(d.f, deviceText))
	if err != nil {
		return 0, err
	}
	return receiveLoss(string(text), d.name)
}

// receiveLoss finds an interface in the text of proc(5)'s net/dev: name, a colon, and of what was received bytes, packets,
// errors, dropped, overruns of the card's queue, …. Dropped includes what the card had no room for.
func receiveLoss(text, name string) (uint64, error) {
	for line := range strings.Lines(text) {
		which, counts, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(which) != name {
			continue
		}
		f := strings.Fields(counts)
		if len(f) < 5 {
			break
		}
		dropped, err := strconv.ParseUint(f[3], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("net/dev: %w", err)
		}
		overruns, err := strconv.ParseUint(f[4], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("net/dev: %w", err)
		}
		return dropped + overruns, nil
	}
	return 0, fmt.Errorf("net/dev does not tell of it")
}

func (d *device) close() error { return d.f.Close() }

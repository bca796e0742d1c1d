package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"khien/sensor"
	"khien/sensor/file"
	"khien/sensor/ring"
)

// packetOptions say which packets khien run keeps.
type packetOptions struct {
	where            string // on, off, or a folder
	quota            byteCount
	age              time.Duration
	plain, encrypted byteCount
}

// Defaults of the packet store: enough for some minutes of a full gigabit and some days of an office, and never more than
// a tenth of what is free, as nobody has asked for it.
const (
	packetsQuota = 10 << 30
	packetsShare = 10
)

func (o *packetOptions) flags(fs *flag.FlagSet) {
	fs.StringVar(&o.where, "packets", "on", "keep packets for khien packets: on (below the data folder), off, or a `folder`")
	fs.Var(&o.quota, "packets-quota", "`size` of the packets that are kept, as 50GB (default 10GiB, or a tenth of what is free)")
	fs.DurationVar(&o.age, "packets-age", 0, "delete packets that were kept for this `time`, as 72h (default: when the quota is full)")
	o.plain, o.encrypted = 10<<20, 64<<10
	fs.Var(&o.plain, "packets-flow", "`size` that is kept of a flow, as 10MiB, or all")
	fs.Var(&o.encrypted, "packets-encrypted", "`size` that is kept of a flow once it is encrypted, as 64KiB, or all")
}

// folder returns where packets are kept; empty when they are not.
func (o *packetOptions) folder(data string) string {
	switch o.where {
	case "on":
		return filepath.Join(data, "packets")
	case "off":
		return ""
	}
	return o.where
}

// open opens the store; nil when packets are not kept.
func (o *packetOptions) open(data string) (*ring.Store, error) {
	dir := o.folder(data)
	if dir == "" {
		return nil, nil
	}
	if err := lockFolder(dir); err != nil {
		return nil, fmt.Errorf("--packets: %w", err)
	}
	quota := int64(o.quota)
	if quota == 0 {
		var err error
		if quota, err = shareOf(dir, packetsQuota, packetsShare); err != nil {
			return nil, fmt.Errorf("--packets: %w", err)
		}
	}
	s, err := ring.Open(ring.Config{Dir: dir, Quota: quota, MaxAge: o.age, Plain: int64(o.plain), Encrypted: int64(o.encrypted)})
	if err != nil {
		return nil, fmt.Errorf("--packets: %w", err)
	}
	return s, nil
}

// fileOptions say which transferred files are kept.
type fileOptions struct {
	policy file.Policy
	dir    string
	quota  byteCount
}

func (o *fileOptions) flags(fs *flag.FlagSet, policy file.Policy) {
	o.policy = policy
	fs.Var(&o.policy, "store-files", "keep transferred files: all, `matched` by a rule with filestore, or none")
	fs.Var(&o.quota, "files-quota", "`size` of the files that are kept, as 5GB (default 1GiB)")
}

// open opens the store in dir; nil when no files are kept.
func (o *fileOptions) open(dir string) (*file.Store, error) {
	if o.policy == file.KeepNone {
		return nil, nil
	}
	if o.quota < 0 {
		return nil, fmt.Errorf("--files-quota: want a size as 5GB")
	}
	if err := lockFolder(dir); err != nil {
		return nil, fmt.Errorf("--store-files: %w", err)
	}
	s, err := file.OpenStore(file.StoreConfig{Dir: dir, Quota: int64(o.quota)})
	if err != nil {
		return nil, fmt.Errorf("--store-files: %w", err)
	}
	return s, nil
}

// stores are what khien run keeps beside findings; both may be missing.
type stores struct {
	packets *ring.Store
	files   *file.Store
	policy  file.Policy
}

// handlers makes the handlers of a worker that store, and what ends them.
func (s *stores) handlers(name string) (hs []sensor.Handler, end func()) {
	var ends []func()
	if s.packets != nil {
		r := s.packets.Recorder(name)
		hs, ends = append(hs, r), append(ends, r.Close)
	}
	if s.files != nil {
		k := s.files.Keeper(s.policy)
		hs, ends = append(hs, k), append(ends, k.Close)
	}
	return hs, func() {
		for _, f := range ends {
			f()
		}
	}
}

// counts adds the counts of what is kept, as numbers beside the sensors.
func (s *stores) counts(out map[string]any) {
	if s.packets != nil {
		n := s.packets.Stats()
		out["packets_stored"], out["packets_cut"], out["packets_dropped"], out["packets_full"] = n.Stored, n.Cut, n.Dropped, n.Full
		out["packets_disk_bytes"] = n.DiskBytes
	}
	if s.files != nil {
		n := s.files.Stats()
		out["files_stored"], out["files_dropped"], out["files_full"], out["files_late"] = n.Stored, n.Dropped, n.Full, n.Late
		out["files_disk_bytes"] = n.Bytes
	}
}

// close writes what waits and says what was not kept.
func (s *stores) close(stderr io.Writer, command string) error {
	var err error
	if s.packets != nil {
		err = s.packets.Close()
		if n := s.packets.Stats(); n.Dropped+n.Full > 0 {
			fmt.Fprintf(stderr, "%s: %d packets were not kept because the disk was too slow, %d because it had no room\n", command, n.Dropped, n.Full)
		}
	}
	if s.files != nil {
		s.files.Close()
		reportFiles(s.files.Stats(), stderr, command)
	}
	return err
}

// reportFiles says which files that were to be kept were not.
func reportFiles(n file.StoreStats, stderr io.Writer, command string) {
	if n.Large+n.Late+n.Dropped+n.Full > 0 {
		fmt.Fprintf(stderr, "%s: files that were not kept: %d too large, %d asked for too late, %d because the disk was too slow, %d because it had no room\n",
			command, n.Large, n.Late, n.Dropped, n.Full)
	}
}

// lockFolder makes this process the one that writes to a folder, which is made. The lock goes with the process: two that
// write would each take the other's open files for those of a process that was killed.
func lockFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: dir, Err: err}
	}
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return errors.Join(fmt.Errorf("%s is in use by another khien", dir), unix.Close(fd))
	}
	return nil
}

// shareOf returns the default quota of a folder: most, or one part of what is free, what lies in the folder
// counted as free.
func shareOf(dir string, most int64, part int64) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, os.NewSyscallError("statfs", err)
	}
	free := int64(s.Bavail) * int64(s.Bsize)
	err := filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			free += info.Size()
		}
		return err
	})
	return max(min(most, free/part), 16<<20), err
}

// byteCount is a flag that holds a number of bytes. -1 means all.
type byteCount int64

// units of sizes, longer names first.
var units = []struct {
	name string
	size int64
}{{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40}, {"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}, {"b", 1}}

// String writes the largest unit that loses nothing.
func (b *byteCount) String() string {
	n := int64(*b)
	switch {
	case n < 0:
		return "all"
	case n == 0:
		return ""
	}
	out := strconv.FormatInt(n, 10) + "B"
	for i, name := range [...]string{"KiB", "MiB", "GiB", "TiB"} {
		if size := int64(1) << (10 * (i + 1)); n%size == 0 {
			out = strconv.FormatInt(n/size, 10) + name
		}
	}
	return out
}

// Set reads a size.
func (b *byteCount) Set(s string) error {
	if s == "all" {
		*b = -1
		return nil
	}
	low := strings.ToLower(strings.TrimSpace(s))
	size := int64(1)
	for _, u := range units {
		if head, ok := strings.CutSuffix(low, u.name); ok {
			low, size = strings.TrimSpace(head), u.size
			break
		}
	}
	n, err := strconv.ParseFloat(low, 64)
	if err != nil || !(n > 0) || n*float64(size) >= math.MaxInt64 {
		return fmt.Errorf("want a size as 50GB or 512MiB")
	}
	*b = byteCount(n * float64(size))
	return nil
}

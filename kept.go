package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"khien/console"
	"khien/console/api"
	"khien/detector"
	"khien/detector/bus"
	"khien/sensor/ring"
)

// packetsMargin is how long before and behind a finding its flow's packets are looked for.
const packetsMargin = time.Minute

// packetsOf says which packets are those of a finding, wherever they are kept.
func packetsOf(f *detector.Finding, max int64) (bus.PacketsWanted, error) {
	first, last := f.Time, f.Time
	if !f.First.IsZero() && f.First.Before(first) {
		first = f.First
	}
	if f.Last.After(last) {
		last = f.Last
	}
	q := ring.Around(first, last, packetsMargin, f.CommunityID)
	p := bus.PacketsWanted{Finding: f.ID, From: q.From, To: q.To, Flow: f.CommunityID, MaxBytes: max}
	if p.Flow == "" {
		if !f.SrcIP.IsValid() || !f.DstIP.IsValid() {
			return p, api.ErrNoFlow
		}
		p.Hosts = []netip.Addr{f.SrcIP, f.DstIP}
	}
	return p, nil
}

// carve writes packets that are kept here.
func (s *stores) carve(w io.Writer, p bus.PacketsWanted) (bus.Given, error) {
	q := ring.Query{From: p.From, To: p.To, CommunityID: p.Flow, Hosts: p.Hosts, MaxBytes: p.MaxBytes}
	res, err := ring.Carve(s.packets.Dir(), w, q, packetsSection("finding "+p.Finding))
	return bus.Given{Packets: res.Packets, More: res.More, Damaged: len(res.Problems) > 0}, err
}

func packetCount(g bus.Given) api.PacketCount {
	return api.PacketCount{Packets: g.Packets, More: g.More, Damaged: g.Damaged}
}

// packetSource is what the console of this process gets packets from; nil when none are kept.
func (s *stores) packetSource() api.Packets {
	if s.packets == nil {
		return nil
	}
	return func(_ context.Context, w io.Writer, f *detector.Finding, max int64) (api.PacketCount, error) {
		p, err := packetsOf(f, max)
		if err != nil {
			return api.PacketCount{}, err
		}
		given, err := s.carve(w, p)
		return packetCount(given), err
	}
}

// keeps is what a sensor gives to consoles that ask for it.
func (s *stores) keeps(told func(asker, what string, bytes int64, err error)) bus.Keeps {
	k := bus.Keeps{Told: told}
	if s.packets != nil {
		k.Packets = func(w io.Writer, p bus.PacketsWanted) (bus.Given, error) {
			if err := yieldToCapture(); err != nil {
				return bus.Given{}, err
			}
			return s.carve(w, p)
		}
	}
	if s.files != nil {
		k.File = s.files.Open
	}
	return k
}

// ioBestEffortLast is the lowest priority of the best-effort class (ioprio_set(2)): the idle class would starve while a
// capture is written.
const ioBestEffortLast = 2<<13 | 7

// yieldToCapture makes the caller's goroutine, until it ends, one that gets processor and disk behind those that capture.
// The thread ends with it, and its priority too.
func yieldToCapture() error {
	runtime.LockOSThread()
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, 10); err != nil {
		return os.NewSyscallError("setpriority", err)
	}
	const thisThread = 1 // IOPRIO_WHO_PROCESS, of id 0
	if _, _, errno := unix.Syscall(unix.SYS_IOPRIO_SET, thisThread, 0, ioBestEffortLast); errno != 0 && errno != unix.ENOSYS {
		return os.NewSyscallError("ioprio_set", errno)
	}
	return nil
}

// elsewhere is what sensors on a hub keep.
type elsewhere struct{ asker *bus.Asker }

// give makes it what a console gets packets and files from.
func (e elsewhere) give(cfg *console.Config) {
	cfg.FlowPackets, cfg.Files, cfg.Remote = e.packets, e, true
}

// unavailable are the errors of the bus that pass.
var unavailable = []struct {
	err error
	why string
}{{bus.ErrSensorAway, api.SensorAway}, {bus.ErrSensorBusy, api.SensorBusy}, {bus.ErrBroken, api.SensorBroken}, {bus.ErrHubAway, api.HubAway}}

// told turns an error of the bus into one of the console.
func (e elsewhere) told(err error) error {
	if errors.Is(err, bus.ErrNotKept) {
		return api.ErrNotKept
	}
	for _, u := range unavailable {
		if errors.Is(err, u.err) {
			return &api.Unavailable{Why: u.why, Err: err}
		}
	}
	return err
}

// packets is an api.Packets.
func (e elsewhere) packets(ctx context.Context, w io.Writer, f *detector.Finding, max int64) (api.PacketCount, error) {
	p, err := packetsOf(f, max)
	if err != nil {
		return api.PacketCount{}, err
	}
	given, err := e.asker.Packets(ctx, f.Sensor, w, p)
	return packetCount(given), e.told(err)
}

// Kept implements api.Files.
func (e elsewhere) Kept(ctx context.Context, f *detector.Finding) error {
	return e.told(e.asker.HasFile(ctx, f.Sensor, f.SHA256))
}

// Open implements api.Files: the file is fetched as a whole and checked before anybody sees a byte of it.
func (e elsewhere) Open(ctx context.Context, f *detector.Finding) (out *os.File, err error) {
	t, err := os.CreateTemp("", "khien-file-")
	if err != nil {
		return nil, fmt.Errorf("file of sensor %s: %w", f.Sensor, err)
	}
	defer func() {
		if err = errors.Join(err, os.Remove(t.Name())); err != nil { // it stays readable while it is open
			err = errors.Join(err, t.Close())
			out = nil
		}
	}()
	given, err := e.asker.File(ctx, f.Sensor, f.SHA256, t)
	if err != nil {
		return nil, e.told(err)
	}
	if err := os.Chtimes(t.Name(), given.Time, given.Time); err != nil {
		return nil, err
	}
	_, err = t.Seek(0, io.SeekStart)
	return t, err
}

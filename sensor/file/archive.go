package file

import (
	"bytes"
	"strings"

	"khien/sensor"
	"khien/sensor/app/content"
)

// ArchiveConfig bounds what is taken out of archives. Zero fields take the defaults.
type ArchiveConfig struct {
	Off     bool // archives are not opened
	Members int  // members of a file, those of archives within it included; 2048 when 0
	Member  int  // bytes of a member that are kept; 1 MiB when 0
	Total   int  // bytes that are kept of all members of a file; 8 MiB when 0
	Depth   int  // archives within archives; 3 when 0
	Ratio   int  // how many times its packed size a member of more than 64 KiB may be; 200 when 0
}

// Anomalies of archives. A member that is refused is listed without Data.
const (
	BombRatio   = "archive_bomb_ratio"   // a member unpacks to more than Ratio times its size
	BombTotal   = "archive_bomb_total"   // the members are larger than Total
	BombMembers = "archive_bomb_members" // there are more than Members
	BombDepth   = "archive_bomb_depth"   // archives lie in archives deeper than Depth
	Malformed   = "archive_malformed"    // headers contradict each other or data cannot be unpacked
)

// bombFrom is the size from which a member's ratio counts: small files may be all blanks.
const bombFrom = 64 << 10

// maxPath bounds the path of a member, those of the archives around it included.
const maxPath = 1024

// Archive opens archives: zip with its kin (APK, JAR, OOXML, OpenDocument), tar, gzip. Not safe for concurrent use.
type Archive struct {
	cfg  ArchiveConfig
	z    content.Inflater
	run  extraction
	work int    // bytes that the call has unpacked, those that were not kept included
	buf  []byte // what is unpacked before it is known how much it is
}

// extraction is the state of one call of Members.
type extraction struct {
	members   []sensor.Member
	anomalies []string
	total     int
	prefix    string
	depth     int
}

// NewArchive makes a reader of archives.
func NewArchive(c ArchiveConfig) *Archive {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&c.Members, 2048)
	set(&c.Member, 1<<20)
	set(&c.Total, 8<<20)
	set(&c.Depth, 3)
	set(&c.Ratio, 200)
	return &Archive{cfg: c}
}

// Members returns what lies in an archive and what was odd about it; nothing when data is no archive. When complete is
// false, data is only the beginning of the file, and the members that begin in it are returned.
func (a *Archive) Members(data []byte, complete bool) ([]sensor.Member, []string) {
	if a.cfg.Off || !isArchive(data) {
		return nil, nil
	}
	a.run, a.work = extraction{}, 0
	a.open(data, complete)
	members, anomalies := a.run.members, a.run.anomalies
	a.run = extraction{}
	return members, anomalies
}

func isZIP(d []byte) bool { return bytes.HasPrefix(d, []byte("PK\x03\x04")) }
func isGzip(d []byte) bool {
	return len(d) > 10 && d[0] == 0x1f && d[1] == 0x8b && d[2] == 8
}
func isTar(d []byte) bool { return len(d) >= tarBlock && bytes.HasPrefix(d[257:], []byte("ustar")) }

func isArchive(d []byte) bool { return isZIP(d) || isGzip(d) || isTar(d) }

func (a *Archive) open(data []byte, complete bool) {
	switch {
	case isZIP(data):
		a.zip(data, complete)
	case isGzip(data):
		a.gzip(data)
	case isTar(data):
		a.tar(data)
	}
}

func (a *Archive) odd(name string) {
	for _, n := range a.run.anomalies {
		if n == name {
			return
		}
	}
	a.run.anomalies = append(a.run.anomalies, name)
}

// list adds a member without its data. False means that there are too many.
func (a *Archive) list(path string, size uint64) bool {
	if len(a.run.members) >= a.cfg.Members {
		a.odd(BombMembers)
		return false
	}
	if path = a.run.prefix + path; len(path) > maxPath {
		path = path[:maxPath]
	}
	a.run.members = append(a.run.members, sensor.Member{Path: strings.Clone(path), Size: size})
	return true
}

// fill gives data to the member at index i, and opens it when it is an archive itself. data belongs to the member.
func (a *Archive) fill(i int, data []byte) {
	m := &a.run.members[i]
	if m.Data = data; uint64(len(data)) > m.Size {
		m.Size = uint64(len(data))
	}
	a.run.total += len(data)
	if !isArchive(data) {
		return
	}
	if a.run.depth+1 >= a.cfg.Depth {
		a.odd(BombDepth)
		return
	}
	prefix := a.run.prefix
	a.run.prefix = m.Path + "/"
	a.run.depth++
	a.open(data, false)
	a.run.depth--
	a.run.prefix = prefix
}

// room returns how many bytes of another member may be kept.
func (a *Archive) room() int {
	n := min(a.cfg.Member, a.cfg.Total-a.run.total)
	if n <= 0 {
		a.odd(BombTotal)
		return 0
	}
	return n
}

// What is unpacked of one file, kept or not, is workFactor times Total and a step: entries may share their bodies, so that
// a small file can ask for any amount of work.
const (
	workFactor     = 4
	inflateStep    = 512                // packed bytes that are looked at before the limits are
	inflateStepMax = inflateStep * 1032 // what they unpack to at most
)

// unpacked collects what the inflater gives, up to the limits.
type unpacked struct {
	data  []byte
	room  int
	count int
}

func (u *unpacked) Write(p []byte) {
	u.count += len(p)
	u.data = append(u.data, p[:min(len(p), max(u.room-len(u.data), 0))]...)
}

// inflate unpacks the deflate stream at the front of packed and returns what came of it and how much of packed it took.
// Data is nil when the stream was refused.
func (a *Archive) inflate(packed []byte) (data []byte, used int, done bool) {
	out := unpacked{data: a.buf[:0], room: a.room()}
	if out.room == 0 {
		return nil, 0, false
	}
	a.z.Reset()
	defer func() { a.work, a.buf = a.work+out.count, out.data }()
	for used < len(packed) && !a.z.Done() && !a.z.Failed() {
		if a.work+out.count > workFactor*a.cfg.Total {
			a.odd(BombTotal)
			return nil, used, false
		}
		n := a.z.Write(packed[used:min(used+inflateStep, len(packed))], &out)
		used += n
		if out.count > bombFrom && out.count/a.cfg.Ratio > used {
			a.odd(BombRatio)
			return nil, used, false
		}
		if len(out.data) >= out.room {
			return bytes.Clone(out.data), used, false
		}
	}
	if a.z.Failed() {
		a.odd(Malformed)
	}
	return bytes.Clone(out.data), used, a.z.Done()
}

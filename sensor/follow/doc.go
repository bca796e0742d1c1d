// Package follow reads lines that another program is writing: of a file that is rotated while it grows, or of what connects
// to a Unix stream socket. Hostile bytes come in, lines of at most LineMax bytes go out; what is longer is passed over
// without being held, and told.
//
// A file is read on behind its rename, and behind a copy that was taken of it before it was cut back (logrotate's
// copytruncate), also where that happened while nobody was reading: a Position names a place by what stands before it, not
// by the name of a file, so that it is found again in whatever the file is called now, compressed with gzip or not.
package follow

import "errors"

// Limits.
const (
	LineMax   = 256 << 10 // bytes of a line that are given out; as much as a store takes of one record
	chunkSize = 64 << 10
	printMax  = 64   // bytes before a place that make it known
	headMax   = 1024 // bytes at the beginning of a file that make it known
	doneMax   = 64   // files read to their end that are remembered
)

// ErrIdle tells that no line is there for now.
var ErrIdle = errors.New("follow: no line yet")

// Line is one line of a source.
type Line struct {
	Text   []byte // without its end; valid until the next call of Next
	File   string // where it stands
	Number int    // from 1, in that file
	Over   int64  // bytes of a line that is longer than LineMax, of which Text holds the beginning; 0 for others
}

// Position is the place behind a line that was given out. It can be stored.
type Position struct {
	File     string `json:"file"` // where it was; not what it is found by
	Offset   int64  `json:"offset"`
	Line     int    `json:"line"`
	HeadHash uint64 `json:"head_hash,string"` // of the first HeadSize bytes of the file
	HeadSize int    `json:"head_size"`
	LastHash uint64 `json:"last_hash,string"` // of the LastSize bytes before Offset
	LastSize int    `json:"last_size"`
}

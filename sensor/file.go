package sensor

import (
	"encoding/hex"
	"net/netip"
)

// Endpoint is an address and a port.
type Endpoint struct {
	Addr netip.Addr
	Port uint16
}

// FileState is how a file transfer stands.
type FileState uint8

// A file is open while it grows, then closed or, when bytes are missing or a limit was reached, truncated.
const (
	FileOpen FileState = iota
	FileClosed
	FileTruncated
)

// String returns the state as EVE writes it.
func (s FileState) String() string { return [...]string{"UNKNOWN", "CLOSED", "TRUNCATED"}[s] }

// File is a transferred file. It lives until its closing KindFile event has been handled and its transaction is done.
type File struct {
	Tx      Transaction
	Dir     Dir
	ID      uint32 // counts the files of a flow from 1
	Name    []byte
	State   FileState
	Size    uint64 // bytes so far, gaps included
	Gaps    bool
	Start   uint64 // offset of the first byte where a range was transferred
	End     uint64
	Total   uint64 // size of the file that the range is of, 0 when it was not told
	Content []byte // the first bytes, up to the limit of sensor/file
	Magic   string // type found in the first bytes, in the words of file(1) where we know them
	MIME    string
	MD5     [16]byte // set when HashesReady
	SHA1    [20]byte
	SHA256  [32]byte
	Hashed  bool // MD5, SHA1 and SHA256 are of the whole file
	Stored  bool
	Store   bool // somebody asked for the file to be kept
	Members []Member
	// Anomalies names what is malformed in the file, or was refused: constants of sensor/file.
	Anomalies []string
	Track     any // state of sensor/file
}

// Member is a file inside an archive.
type Member struct {
	Path string
	Size uint64
	Data []byte // decompressed, up to a limit
}

// FileBuffer is Transaction.Buffer for the files of a transaction: value i is of the i-th file of the direction that has
// the buffer. A hash is there once the whole file was seen.
func (b *TxBase) FileBuffer(buf Buffer, dir Dir, i int) ([]byte, bool) {
	for _, f := range b.Files {
		if f.Dir != dir || !f.has(buf) {
			continue
		}
		if i--; i >= 0 {
			continue
		}
		switch buf {
		case FileData:
			return f.Content, true
		case FileName:
			return f.Name, true
		case FileMagic:
			return []byte(f.Magic), true
		case FileMD5:
			return hex.AppendEncode(nil, f.MD5[:]), true
		case FileSHA1:
			return hex.AppendEncode(nil, f.SHA1[:]), true
		case FileSHA256:
			return hex.AppendEncode(nil, f.SHA256[:]), true
		}
	}
	return nil, false
}

// FileNumber is Transaction.Number for the files of a transaction: their sizes, once they are complete.
func (b *TxBase) FileNumber(buf Buffer, dir Dir, i int) (uint64, bool) {
	if buf != FileSize {
		return 0, false
	}
	for _, f := range b.Files {
		if f.Dir != dir || f.State != FileClosed {
			continue
		}
		if i == 0 {
			return f.Size, true
		}
		i--
	}
	return 0, false
}

func (f *File) has(buf Buffer) bool {
	switch buf {
	case FileData:
		return len(f.Content) > 0
	case FileName:
		return len(f.Name) > 0
	case FileMagic:
		return f.Magic != ""
	case FileMD5, FileSHA1, FileSHA256:
		return f.Hashed
	}
	return false
}

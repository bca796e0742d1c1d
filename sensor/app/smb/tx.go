package smb

import (
	"khien/sensor"
	"khien/sensor/app/dcerpc"
)

// kind tells which fields of a transaction mean something.
type kind uint8

const (
	kindOther kind = iota
	kindNegotiate
	kindSession
	kindTree
	kindCreate
	kindFile
	kindIoctl
	kindRename
	kindDelete
	kindRPC
)

// Tx is a command with its answer, a file that is transferred, or a call over a pipe.
type Tx struct {
	sensor.TxBase
	p        *parser
	version  uint8
	kind     kind
	command  uint16
	status   uint32
	answered bool
	finished bool
	session  uint64
	tree     uint32
	dialect  string

	dialects       [][]byte
	client, server [16]byte
	ntlm           ntlm
	native, lanman [2][]byte
	share          []byte
	service        [2][]byte
	shareType      uint8
	pipe           bool
	name, to       []byte
	disposition    uint32
	options        uint32
	opened         bool
	times          [4]uint64 // created, accessed, modified, changed
	size           uint64
	fuid           [16]byte
	function       uint32
	overlapped     bool
	call           *dcerpc.Call
}

// Buffer returns a part of the command.
func (tx *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if tx.call != nil {
		if v, ok := tx.call.Buffer(b, dir, i); ok {
			return v, true
		}
	}
	if i != 0 {
		return nil, false
	}
	if b == sensor.SMBShare { // in both directions: whether the server has it shows in the answer
		return tx.share, tx.kind == kindTree && !tx.pipe
	}
	if b == sensor.LoginUser && dir == sensor.ToClient {
		return tx.ntlm.user, tx.ntlm.seen
	}
	if dir != sensor.ToServer {
		return nil, false
	}
	switch b {
	case sensor.SMBNamedPipe:
		return tx.share, tx.kind == kindTree && tx.pipe
	case sensor.SMBNTLMSSPUser:
		return tx.ntlm.user, tx.ntlm.seen
	case sensor.SMBNTLMSSPDomain:
		return tx.ntlm.domain, tx.ntlm.seen
	}
	return nil, false
}

// Number returns the version in both directions, and the numbers of a call.
func (tx *Tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	if b == sensor.SMBVersion {
		return uint64(tx.version), i == 0
	}
	if tx.call != nil {
		return tx.call.Number(b, dir, i)
	}
	if b == sensor.LoginResult && dir == sensor.ToClient && i == 0 && tx.kind == kindSession && tx.answered && tx.ntlm.seen {
		switch tx.status {
		case 0:
			return 1, true
		case statusNoSuchUser, statusWrongPassword, statusLogonFailure, statusAccountDisabled, statusAccountLockedOut:
			return 0, true
		}
	}
	return 0, false
}

// Results of a refused login (MS-ERREF, 2.3.1).
const (
	statusNoSuchUser       = 0xc0000064
	statusWrongPassword    = 0xc000006a
	statusLogonFailure     = 0xc000006d
	statusAccountDisabled  = 0xc0000072
	statusAccountLockedOut = 0xc0000234
)

// LogReady reports whether the command was answered, the file was closed, or the connection is over.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == sensor.ToServer && tx.finished }

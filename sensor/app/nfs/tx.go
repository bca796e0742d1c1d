package nfs

import (
	"hash/crc32"
	"strconv"

	"khien/sensor"
	"khien/sensor/evejson"
)

// Tx is a call with its reply, or a file that is transferred.
type Tx struct {
	sensor.TxBase
	version, proc uint32
	xid           uint32
	cred          credential
	handle        []byte
	name, to      []byte
	status        uint32
	answered      bool
	accepted      bool
	finished      bool
	isFile        bool
	fileDir       sensor.Dir
	chunks        int
	lastXID       uint32
}

// Buffer returns the name of the procedure, in both directions.
func (tx *Tx) Buffer(b sensor.Buffer, _ sensor.Dir, i int) ([]byte, bool) {
	if b != sensor.NFSProcedureName || i != 0 {
		return nil, false
	}
	return []byte(procedureName(tx.version, tx.proc)), true
}

// Number returns procedure and version, in both directions.
func (tx *Tx) Number(b sensor.Buffer, _ sensor.Dir, i int) (uint64, bool) {
	switch {
	case i != 0:
	case b == sensor.NFSProcedure:
		return uint64(tx.proc), true
	case b == sensor.NFSVersion:
		return uint64(tx.version), true
	}
	return 0, false
}

// LogReady reports whether the call was answered, the file was closed, or the connection is over.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == sensor.ToServer && tx.finished }

// AppendEVE appends the object of the call.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = evejson.AppendUint(append(dst, '{'), "version", uint64(tx.version))
	dst = evejson.AppendStr(dst, "procedure", procedureName(tx.version, tx.proc))
	dst = evejson.AppendBytes(dst, "filename", tx.name)
	if len(tx.handle) > 0 {
		dst = append(evejson.AppendKey(dst, "hhash"), '"')
		dst = strconv.AppendUint(dst, uint64(crc32.ChecksumIEEE(tx.handle)), 16)
		dst = append(dst, '"')
	}
	dst = evejson.AppendUint(dst, "id", tx.ID+1)
	dst = evejson.AppendBool(dst, "file_tx", tx.isFile)
	if tx.isFile {
		key := "write"
		if tx.fileDir == sensor.ToClient {
			key = "read"
		}
		dst = append(evejson.AppendKey(dst, key), '{')
		dst = evejson.AppendBool(dst, "first", true)
		dst = evejson.AppendBool(dst, "last", tx.finished)
		dst = evejson.AppendUint(dst, "last_xid", uint64(tx.lastXID))
		dst = evejson.AppendInt(dst, "chunks", int64(tx.chunks))
		return append(dst, '}', '}')
	}
	if !tx.answered {
		return append(evejson.AppendStr(dst, "type", "request"), '}')
	}
	dst = evejson.AppendStr(dst, "type", "response")
	dst = evejson.AppendStr(dst, "status", statusName(tx.status))
	if len(tx.to) > 0 {
		dst = append(evejson.AppendKey(dst, "rename"), '{')
		dst = evejson.AppendBytes(dst, "from", tx.name)
		dst = append(evejson.AppendBytes(dst, "to", tx.to), '}')
	}
	return append(dst, '}')
}

// AppendEVEExtra appends the member "rpc".
func (tx *Tx) AppendEVEExtra(dst []byte, _ sensor.Dir) []byte {
	dst = evejson.AppendUint(append(dst, `,"rpc":{`...), "xid", uint64(tx.xid))
	if tx.answered {
		status := "DENIED"
		if tx.accepted {
			status = "ACCEPTED"
		}
		dst = evejson.AppendStr(dst, "status", status)
	}
	names := [...]string{"NULL", "UNIX", "SHORT", "DES", 6: "GSS"}
	if int(tx.cred.flavor) < len(names) {
		dst = evejson.AppendStr(dst, "auth_type", names[tx.cred.flavor])
	}
	if tx.cred.flavor == 1 {
		dst = append(evejson.AppendKey(dst, "creds"), '{')
		dst = evejson.AppendBytes(dst, "machine_name", tx.cred.machine)
		dst = evejson.AppendUint(dst, "uid", uint64(tx.cred.uid))
		dst = append(evejson.AppendUint(dst, "gid", uint64(tx.cred.gid)), '}')
	}
	return append(dst, '}')
}

// statuses are EVE's names of results (RFC 1813, 2.6).
var statuses = map[uint32]string{0: "OK", 1: "ERR_PERM", 2: "ERR_NOENT", 5: "ERR_IO", 6: "ERR_NXIO", 13: "ERR_ACCES",
	17: "ERR_EXIST", 18: "ERR_XDEV", 19: "ERR_NODEV", 20: "ERR_NOTDIR", 21: "ERR_ISDIR", 22: "ERR_INVAL", 27: "ERR_FBIG",
	28: "ERR_NOSPC", 30: "ERR_ROFS", 31: "ERR_MLINK", 63: "ERR_NAMETOOLONG", 66: "ERR_NOTEMPTY", 69: "ERR_DQUOT",
	70: "ERR_STALE", 71: "ERR_REMOTE", 10001: "ERR_BADHANDLE", 10002: "ERR_NOT_SYNC", 10003: "ERR_BAD_COOKIE",
	10004: "ERR_NOTSUPP", 10005: "ERR_TOOSMALL", 10006: "ERR_SERVERFAULT", 10007: "ERR_BADTYPE", 10008: "ERR_JUKEBOX"}

func statusName(s uint32) string {
	if n, ok := statuses[s]; ok {
		return n
	}
	return "UNKNOWN(" + strconv.Itoa(int(s)) + ")"
}

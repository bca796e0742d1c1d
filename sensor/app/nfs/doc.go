// Package nfs reads NFS 2, 3 and 4 (RFC 1094, RFC 1813, RFC 8881) over UDP and TCP.
//
// Datagrams or the bytes of a TCP flow come in. One transaction a call with its reply goes out, except for reads and
// writes: those of a file make one transaction a file and direction, which carries the file. Memory belongs to the
// transaction; names of handles and open calls belong to the parser and are bounded.
//
//	Name    nfs
//	Syntax  alert nfs …; nfs_procedure by number or name, nfs.version, file.name, file.data
//	Example alert nfs any any -> any any (msg:"file removed"; nfs_procedure:remove; sid:1;)
package nfs

// Limits of what a peer can make the parser keep.
const (
	headMax    = 64 << 10 // bytes of a record that are looked at together; the rest can only be file content
	recordMax  = 16 << 20
	pendingMax = 256
	handlesMax = 1024
	handleMax  = 128 // bytes of a handle (RFC 8881, 2.5)
	nameMax    = 1024
	opsMax     = 64 // operations of a compound
)

const program = 100003

// Procedures of versions 2 and 3, and operations of version 4, that mean something here.
const (
	v2Lookup = 4
	v2Read   = 6
	v2Write  = 8
	v2Create = 9
	v2Remove = 10
	v2Rename = 11

	v3Lookup = 3
	v3Read   = 6
	v3Write  = 7
	v3Create = 8
	v3Mkdir  = 9
	v3Remove = 12
	v3Rmdir  = 13
	v3Rename = 14
	v3Commit = 21

	v4Compound = 1
)

var procedures2 = [...]string{"NULL", "GETATTR", "SETATTR", "ROOT", "LOOKUP", "READLINK", "READ", "WRITECACHE", "WRITE",
	"CREATE", "REMOVE", "RENAME", "LINK", "SYMLINK", "MKDIR", "RMDIR", "READDIR", "STATFS"}

var procedures3 = [...]string{"NULL", "GETATTR", "SETATTR", "LOOKUP", "ACCESS", "READLINK", "READ", "WRITE", "CREATE",
	"MKDIR", "SYMLINK", "MKNOD", "REMOVE", "RMDIR", "RENAME", "LINK", "READDIR", "READDIRPLUS", "FSSTAT", "FSINFO", "PATHCONF",
	"COMMIT"}

// operations4 are the operations of version 4 (RFC 7530, 16) and those of its first minor version that are seen a lot
// (RFC 8881, 18).
var operations4 = map[uint32]string{3: "ACCESS", 4: "CLOSE", 5: "COMMIT", 6: "CREATE", 7: "DELEGPURGE", 8: "DELEGRETURN", 9: "GETATTR",
	10: "GETFH", 11: "LINK", 12: "LOCK", 13: "LOCKT", 14: "LOCKU", 15: "LOOKUP", 16: "LOOKUPP", 17: "NVERIFY", 18: "OPEN", 19: "OPENATTR",
	20: "OPEN_CONFIRM", 21: "OPEN_DOWNGRADE", 22: "PUTFH", 23: "PUTPUBFH", 24: "PUTROOTFH", 25: "READ", 26: "READDIR", 27: "READLINK",
	28: "REMOVE", 29: "RENAME", 30: "RENEW", 31: "RESTOREFH", 32: "SAVEFH", 33: "SECINFO", 34: "SETATTR", 35: "SETCLIENTID",
	36: "SETCLIENTID_CONFIRM", 37: "VERIFY", 38: "WRITE", 39: "RELEASE_LOCKOWNER", 42: "EXCHANGE_ID", 43: "CREATE_SESSION",
	44: "DESTROY_SESSION", 50: "LAYOUTGET", 52: "SECINFO_NO_NAME", 53: "SEQUENCE", 57: "DESTROY_CLIENTID", 58: "RECLAIM_COMPLETE",
	10044: "ILLEGAL"}

// procedureName is EVE's name.
func procedureName(version, proc uint32) string {
	switch {
	case version == 2 && proc < uint32(len(procedures2)):
		return procedures2[proc]
	case version == 3 && proc < uint32(len(procedures3)):
		return procedures3[proc]
	case version == 4 && proc == 0:
		return "NULL"
	case version == 4:
		if n, ok := operations4[proc]; ok {
			return n
		}
		return "COMPOUND"
	}
	return "UNKNOWN"
}

package smb

import (
	"encoding/hex"
	"strconv"

	"khien/sensor"
	"khien/sensor/evejson"
)

// AppendEVE appends the object that EVE has of the command.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, '{')
	dst = evejson.AppendUint(dst, "id", tx.ID+1)
	dialect := tx.dialect
	if !tx.finished {
		dialect = tx.p.dialect
	}
	if dialect == "" {
		dialect = "unknown"
	}
	dst = evejson.AppendStr(dst, "dialect", dialect)
	dst = evejson.AppendStr(dst, "command", commandName(tx.version, tx.command))
	if tx.answered {
		if name, ok := statusNames[tx.status]; ok {
			dst = evejson.AppendStr(dst, "status", name)
		}
		dst = append(evejson.AppendKey(dst, "status_code"), `"0x`...)
		dst = strconv.AppendUint(dst, uint64(tx.status), 16)
		dst = append(dst, '"')
	}
	dst = evejson.AppendUint(dst, "session_id", tx.session)
	dst = evejson.AppendUint(dst, "tree_id", uint64(tx.tree))
	switch tx.kind {
	case kindNegotiate:
		dst = tx.appendNegotiate(dst)
	case kindSession:
		dst = tx.appendSession(dst)
	case kindTree:
		dst = tx.appendTree(dst)
	case kindCreate:
		dst = tx.appendCreate(dst)
	case kindFile:
		dst = evejson.AppendBytes(dst, "filename", tx.name)
		dst = evejson.AppendBytes(dst, "share", tx.share)
		dst = appendFUID(dst, tx.fuid)
	case kindIoctl:
		dst = evejson.AppendStr(dst, "function", functionName(tx.function))
	case kindRename:
		dst = append(evejson.AppendKey(dst, "rename"), '{')
		dst = evejson.AppendBytes(dst, "from", tx.name)
		dst = evejson.AppendBytes(dst, "to", tx.to)
		dst = append(dst, '}')
	case kindDelete:
		dst = evejson.AppendBytes(dst, "filename", tx.name)
		if tx.options != 0 {
			dst = evejson.AppendStr(dst, "access", "delete on close")
		} else {
			dst = evejson.AppendStr(dst, "access", "normal")
		}
	case kindRPC:
		dst = tx.call.AppendPipeEVE(evejson.AppendKey(dst, "dcerpc"))
	}
	return append(dst, '}')
}

func (tx *Tx) appendNegotiate(dst []byte) []byte {
	dst = append(evejson.AppendKey(dst, "client_dialects"), '[')
	for _, d := range tx.dialects {
		dst = evejson.AppendString(evejson.AppendComma(dst), d)
	}
	dst = append(dst, ']')
	if tx.version == 2 {
		dst = appendGUID(dst, "client_guid", tx.client)
	}
	if tx.server != [16]byte{} {
		dst = appendGUID(dst, "server_guid", tx.server)
	}
	return dst
}

func (tx *Tx) appendSession(dst []byte) []byte {
	if tx.ntlm.seen {
		dst = append(evejson.AppendKey(dst, "ntlmssp"), '{')
		dst = evejson.AppendBytes(dst, "domain", tx.ntlm.domain)
		dst = evejson.AppendBytes(dst, "user", tx.ntlm.user)
		dst = evejson.AppendBytes(dst, "host", tx.ntlm.host)
		if tx.ntlm.version != "" {
			dst = evejson.AppendStr(dst, "version", tx.ntlm.version)
		}
		dst = append(dst, '}')
	}
	for i, key := range [...]string{"request", "response"} {
		if tx.native[i] == nil {
			continue
		}
		dst = append(evejson.AppendKey(dst, key), '{')
		dst = evejson.AppendBytes(dst, "native_os", tx.native[i])
		dst = evejson.AppendBytes(dst, "native_lm", tx.lanman[i])
		dst = append(dst, '}')
	}
	return dst
}

func (tx *Tx) appendTree(dst []byte) []byte {
	if tx.pipe {
		dst = evejson.AppendBytes(dst, "named_pipe", tx.share)
	} else {
		dst = evejson.AppendBytes(dst, "share", tx.share)
	}
	if tx.version == 2 {
		return evejson.AppendStr(dst, "share_type", [...]string{"UNKNOWN", "FILE", "PIPE", "PRINT"}[tx.shareType&3])
	}
	dst = append(evejson.AppendKey(dst, "service"), '{')
	for i, key := range [...]string{"request", "response"} {
		if tx.service[i] != nil {
			dst = evejson.AppendBytes(dst, key, tx.service[i])
		}
	}
	return append(dst, '}')
}

// Create options (MS-SMB2, 2.2.13).
const (
	optionDirectory     = 0x01
	optionDeleteOnClose = 0x1000
)

func (tx *Tx) appendCreate(dst []byte) []byte {
	switch {
	case len(tx.name) == 0:
		dst = evejson.AppendStr(dst, "filename", "<share_root>")
	case tx.options&optionDirectory != 0:
		dst = evejson.AppendBytes(dst, "directory", tx.name)
	default:
		dst = evejson.AppendBytes(dst, "filename", tx.name)
	}
	disposition := "UNKNOWN"
	if int(tx.disposition) < len(dispositions) {
		disposition = dispositions[tx.disposition]
	}
	dst = evejson.AppendStr(dst, "disposition", disposition)
	access := "normal"
	if tx.options&optionDeleteOnClose != 0 {
		access = "delete on close"
	}
	dst = evejson.AppendStr(dst, "access", access)
	if !tx.opened {
		return dst
	}
	for i, key := range [...]string{"created", "accessed", "modified", "changed"} {
		dst = evejson.AppendInt(dst, key, unixTime(tx.times[i]))
	}
	dst = evejson.AppendUint(dst, "size", tx.size)
	return appendFUID(dst, tx.fuid)
}

// unixTime turns 100 ns since 1601 into seconds since 1970; times before 1970 are 0.
func unixTime(t uint64) int64 {
	const between = 11644473600
	return max(int64(t/1e7)-between, 0)
}

func appendFUID(dst []byte, id [16]byte) []byte { return appendGUID(dst, "fuid", id) }

// appendGUID appends a GUID in text form; its first three groups are little endian.
func appendGUID(dst []byte, key string, g [16]byte) []byte {
	dst = append(evejson.AppendKey(dst, key), '"')
	for i, k := range [...]int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15} {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, g[k:k+1])
	}
	return append(dst, '"')
}

package eve

import (
	"encoding/hex"
	"strconv"

	"khien/sensor"
	"khien/sensor/evejson"
)

// appendFile appends the record of a transferred file, with the transaction that carried it.
func appendFile(dst []byte, e *sensor.Event, f *sensor.File) []byte {
	dst = appendHead(dst, e, "fileinfo", f.Dir)
	dst = appendApp(dst, e.Flow)
	if f.Tx != nil {
		dst = appendTxObject(dst, f.Tx, f.Dir, false)
	}
	dst = append(dst, `,"fileinfo":`...)
	dst = appendFileObject(dst, f)
	dst = appendMeta(dst, e.Flow, nil)
	return append(dst, '}')
}

// appendFileObject appends {"filename":…}.
func appendFileObject(dst []byte, f *sensor.File) []byte {
	dst = append(dst, `{"filename":`...)
	dst = evejson.AppendString(dst, f.Name)
	if f.Magic != "" {
		dst = append(dst, `,"magic":`...)
		dst = evejson.AppendString(dst, []byte(f.Magic))
	}
	if f.MIME != "" {
		dst = append(dst, `,"mimetype":`...)
		dst = evejson.AppendString(dst, []byte(f.MIME))
	}
	dst = append(dst, `,"gaps":`...)
	dst = strconv.AppendBool(dst, f.Gaps)
	dst = append(dst, `,"state":"`...)
	dst = append(dst, f.State.String()...)
	dst = append(dst, '"')
	if f.Hashed {
		dst = append(dst, `,"md5":"`...)
		dst = hex.AppendEncode(dst, f.MD5[:])
		dst = append(dst, `","sha1":"`...)
		dst = hex.AppendEncode(dst, f.SHA1[:])
		dst = append(dst, `","sha256":"`...)
		dst = hex.AppendEncode(dst, f.SHA256[:])
		dst = append(dst, '"')
	}
	dst = append(dst, `,"stored":`...)
	dst = strconv.AppendBool(dst, f.Stored)
	if f.Stored {
		dst = append(dst, `,"file_id":`...)
		dst = strconv.AppendUint(dst, uint64(f.ID), 10)
	}
	dst = append(dst, `,"size":`...)
	dst = strconv.AppendUint(dst, f.Size, 10)
	if f.End > 0 {
		dst = append(dst, `,"start":`...)
		dst = strconv.AppendUint(dst, f.Start, 10)
		dst = append(dst, `,"end":`...)
		dst = strconv.AppendUint(dst, f.End, 10)
	}
	if f.Tx != nil {
		dst = appendTxID(dst, f.Tx.Base().ID)
	}
	return append(dst, '}')
}

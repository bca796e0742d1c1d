package eve

import (
	"slices"
	"strconv"

	"khien/detector"
	"khien/sensor"
	"khien/sensor/evejson"
)

// alert appends the record of a finding. EVE knows alerts of signatures; findings of other detectors are written in the
// same form, with gid 2 and their name as the signature, so that a tool that reads EVE misses none.
func (w *Writer) alert(dst []byte, f *detector.Finding, e *sensor.Event) []byte {
	dst = appendHead(dst, e, "alert", e.Dir)
	if e.Tx != nil {
		dst = appendTxID(dst, e.Tx.Base().ID)
	}
	dst = append(dst, `,"alert":`...)
	dst = appendAlert(dst, f)
	if e.Flow != nil {
		dst = appendApp(dst, e.Flow)
		dst = append(dst, `,"direction":"`...)
		dst = append(dst, e.Dir.String()...)
		dst = append(dst, '"')
	}
	if e.Tx != nil {
		dst = appendTxObject(dst, e.Tx, e.Dir, true)
		dst = appendFiles(dst, e.Tx.Base().Files, e.Dir)
	}
	if e.Frame != nil {
		dst = appendFrame(dst, e.Frame)
	}
	if fl := e.Flow; fl != nil {
		dst = appendMeta(dst, fl, e.Vars)
		dst = append(dst, `,"flow":{`...)
		dst = appendCounts(dst, fl)
		dst = append(dst, `,"src_ip":"`...)
		dst = appendAddr(dst, fl.Src)
		dst = append(dst, `","dest_ip":"`...)
		dst = appendAddr(dst, fl.Dst)
		dst = append(dst, '"')
		if fl.SrcPort|fl.DstPort != 0 {
			dst = append(dst, `,"src_port":`...)
			dst = strconv.AppendUint(dst, uint64(fl.SrcPort), 10)
			dst = append(dst, `,"dest_port":`...)
			dst = strconv.AppendUint(dst, uint64(fl.DstPort), 10)
		}
		dst = append(dst, '}')
	}
	if s := e.Segment; s != nil && s.IPProto == sensor.IPProtoSCTP && s.L4 != nil {
		dst = appendSCTP(dst, s.IPPayload)
	}
	return append(dst, '}')
}

func appendAlert(dst []byte, f *detector.Finding) []byte {
	action := f.Rule.Action
	if action == "" {
		action = "allowed"
	}
	dst = append(append(append(dst, `{"action":"`...), action...), '"')
	gid, id := f.Rule.GID, f.Rule.ID
	if f.Source != detector.FromSignature {
		gid, id = 2, "0"
	}
	dst = append(dst, `,"gid":`...)
	dst = strconv.AppendInt(dst, int64(gid), 10)
	dst = append(append(dst, `,"signature_id":`...), id...)
	dst = append(dst, `,"rev":`...)
	dst = strconv.AppendInt(dst, int64(f.Rule.Rev), 10)
	dst = append(dst, `,"signature":`...)
	dst = evejson.AppendString(dst, []byte(f.Rule.Name))
	dst = append(dst, `,"category":`...)
	dst = evejson.AppendString(dst, []byte(f.Rule.Category))
	dst = append(dst, `,"severity":`...)
	dst = strconv.AppendInt(dst, int64(priority(f)), 10)
	if len(f.Rule.Metadata) > 0 {
		dst = appendMetadata(dst, f.Rule.Metadata)
	}
	if f.Context != nil {
		dst = append(append(dst, `,"context":`...), f.Context...)
	}
	return append(dst, '}')
}

// priority is EVE's severity, where 1 is the worst.
func priority(f *detector.Finding) int {
	if f.Rule.Priority > 0 {
		return f.Rule.Priority
	}
	switch f.Severity {
	case detector.Critical, detector.High:
		return 1
	case detector.Medium:
		return 2
	}
	return 3
}

func appendMetadata(dst []byte, m map[string][]string) []byte {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	dst = append(dst, `,"metadata":{`...)
	for i, k := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = evejson.AppendString(dst, []byte(k))
		dst = append(dst, `:[`...)
		for j, v := range m[k] {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = evejson.AppendString(dst, []byte(v))
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

// appendFiles appends the files that the transaction carries in the alert's direction.
func appendFiles(dst []byte, files []*sensor.File, dir sensor.Dir) []byte {
	n := 0
	for _, f := range files {
		if f.Dir != dir {
			continue
		}
		if n == 0 {
			dst = append(dst, `,"files":[`...)
		} else {
			dst = append(dst, ',')
		}
		n++
		dst = appendFileObject(dst, f)
	}
	if n > 0 {
		dst = append(dst, ']')
	}
	return dst
}

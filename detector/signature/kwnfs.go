package signature

import (
	"fmt"
	"strconv"
	"strings"

	"khien/sensor"
)

// nfsKeywords are those that are more than a buffer.
func nfsKeywords() []keyword {
	return []keyword{{"nfs_procedure", argNeed, (*builder).nfsProcedure}, {"nfs.procedure", argNeed, (*builder).nfsProcedure}}
}

// nfsName is a procedure by its name, which has another number in each version.
type nfsName struct {
	name wholeText
	neg  bool
}

func (c *nfsName) run(s *scan) bool { return c.name.run(s) != c.neg }

// nfsProcedure reads a number or a name. Unlike elsewhere the bounds belong to a range.
func (b *builder) nfsProcedure(arg string) error {
	nfs := []sensor.Proto{sensor.ProtoNFS}
	arg = strings.TrimSpace(arg)
	if name, neg := strings.CutPrefix(arg, "!"); name != "" && strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz_") == "" {
		d := &bufferDef{name: "nfs_procedure.name", buf: sensor.NFSProcedureName, dirs: bothDirs, protos: nfs, stage: stLine}
		_, err := b.addTo(d, &nfsName{wholeText(strings.ToLower(name)), neg})
		return err
	}
	c := &numberIn{}
	text, neg := strings.CutPrefix(arg, "!")
	from, to, ranged := strings.Cut(strings.ReplaceAll(text, "<>", "-"), "-")
	if ranged {
		low, err1 := strconv.ParseUint(strings.TrimSpace(from), 10, 32)
		high, err2 := strconv.ParseUint(strings.TrimSpace(to), 10, 32)
		if err1 != nil || err2 != nil || low == 0 || high <= low {
			return fmt.Errorf("bad range %q", arg)
		}
		c.op, c.a, c.b = opRange, low-1, high+1
		if neg {
			c.op = opNotRange
		}
	} else {
		n, err := parseNumber(arg, 32, nil)
		if err != nil {
			return err
		}
		c.number = *n
	}
	_, err := b.addTo(&bufferDef{name: "nfs_procedure", buf: sensor.NFSProcedure, dirs: bothDirs, protos: nfs, stage: stLine, flags: numeric, bits: 32},
		c)
	return err
}

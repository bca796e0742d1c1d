package fraud

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
)

// CommandOptions is what `khien domain` is given beside names.
type CommandOptions struct {
	Names   *Names
	Explain bool // write a text for people in place of JSON
	English bool // that text is in English
}

// maxLine is how much of a line is read. Of a longer one the end is judged, and written back.
const maxLine = 64 << 10

// DomainCommand scores args, or the lines of in where there are none, and writes one JSON object a line in the same order:
// name, score (0 to 1), verdict (fraud, suspicious, clean), brand, kind, reasons. Empty lines are answered as clean, so
// that lines of input and output correspond.
func DomainCommand(in io.Reader, out io.Writer, args []string, o CommandOptions) error {
	w := bufio.NewWriterSize(out, 64<<10)
	var v Verdict
	var line []byte
	one := func(name []byte) error {
		o.Names.Score(name, &v)
		if o.Explain {
			return v.Explain(w, name, o.English)
		}
		var err error
		if line, err = v.appendAnswer(line[:0], name); err != nil {
			return err
		}
		if _, err := w.Write(line); err != nil {
			return fmt.Errorf("fraud: write: %w", err)
		}
		return nil
	}
	for _, a := range args {
		if err := one([]byte(a)); err != nil {
			return err
		}
	}
	if len(args) == 0 {
		r := bufio.NewReaderSize(in, maxLine)
		for {
			name, more, err := r.ReadLine()
			for more && err == nil {
				end := bytes.Clone(name[len(name)-min(len(name), maxName):])
				name, more, err = r.ReadLine()
				name = append(end, name...)
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				return fmt.Errorf("fraud: read names: %w", err)
			}
			if err := one(bytes.Trim(name, " \t\r")); err != nil {
				return err
			}
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("fraud: write: %w", err)
	}
	return nil
}

// appendAnswer appends a line of JSON. What is clean and written in ASCII, nearly every name, goes without encoding/json.
func (v *Verdict) appendAnswer(dst, name []byte) ([]byte, error) {
	var err error
	dst = append(dst, `{"name":`...)
	if dst, err = appendString(dst, name); err != nil {
		return dst, err
	}
	dst = append(dst, `,"score":`...)
	dst = appendScore(dst, v.Score)
	dst = append(dst, `,"verdict":"`...)
	dst = append(dst, v.Level.String()...)
	dst = append(dst, `","brand":`...)
	brand := v.Brand
	if v.Level == Clean && !v.Official {
		brand = ""
	}
	if dst, err = appendString(dst, []byte(brand)); err != nil {
		return dst, err
	}
	dst = append(dst, `,"kind":"`...)
	dst = append(dst, v.Kind...)
	dst = append(dst, `","reasons":`...)
	if v.Level == Clean {
		return append(dst, "[]}\n"...), nil
	}
	reasons := v.Reasons()
	if reasons == nil {
		return append(dst, "[]}\n"...), nil
	}
	j, err := json.Marshal(reasons)
	if err != nil {
		return dst, fmt.Errorf("fraud: write: %w", err)
	}
	return append(append(dst, j...), "}\n"...), nil
}

// appendString appends a JSON string. Bytes that are no UTF-8 become U+FFFD.
func appendString(dst, s []byte) ([]byte, error) {
	for _, c := range s {
		if c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			j, err := json.Marshal(string(s))
			if err != nil {
				return dst, fmt.Errorf("fraud: write: %w", err)
			}
			return append(dst, j...), nil
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"'), nil
}

// appendScore appends a score with up to six digits behind the point.
func appendScore(dst []byte, score float64) []byte {
	n := int64(math.Round(score * 1e6))
	switch {
	case n <= 0:
		return append(dst, '0')
	case n >= 1e6:
		return append(dst, '1')
	}
	dst = append(dst, "0."...)
	for k := int64(1e5); k > n; k /= 10 {
		dst = append(dst, '0')
	}
	for n%10 == 0 {
		n /= 10
	}
	return strconv.AppendInt(dst, n, 10)
}

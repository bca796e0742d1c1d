package fraud

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"khien/detector"
)

// CommandOptions is what `khien domain` is given beside names.
type CommandOptions struct {
	Names *Names
}

// maxLine is how long a line of input may be; a longer one is judged by what a name may have of it.
const maxLine = 64 << 10

// answer is one line of output.
type answer struct {
	Name    string            `json:"name"`
	Score   float64           `json:"score"`
	Verdict string            `json:"verdict"`
	Brand   string            `json:"brand"`
	Kind    string            `json:"kind"`
	Reasons []detector.Reason `json:"reasons"`
}

// DomainCommand scores args, or the lines of in where there are none, and writes one JSON object a line in the same order:
// name, score (0 to 1), verdict (fraud, suspicious, clean), brand, kind, reasons. Empty lines are answered as clean, so
// that lines of input and output correspond.
func DomainCommand(in io.Reader, out io.Writer, args []string, o CommandOptions) error {
	w := bufio.NewWriterSize(out, 64<<10)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	var v Verdict
	one := func(name []byte) error {
		o.Names.Score(name, &v)
		a := answer{Name: string(name), Score: math.Round(v.Score*1e6) / 1e6, Verdict: v.Level.String(), Brand: v.Brand, Kind: v.Kind,
			Reasons: []detector.Reason{}}
		if v.Level != Clean {
			a.Reasons = v.Reasons()
		} else if !v.Official {
			a.Brand = ""
		}
		return enc.Encode(a)
	}
	for _, a := range args {
		if err := one([]byte(a)); err != nil {
			return fmt.Errorf("fraud: write: %w", err)
		}
	}
	if len(args) == 0 {
		r := bufio.NewScanner(in)
		r.Buffer(make([]byte, 0, 4096), maxLine)
		for r.Scan() {
			if err := one(trimSpace(r.Bytes())); err != nil {
				return fmt.Errorf("fraud: write: %w", err)
			}
		}
		if err := r.Err(); err != nil {
			return fmt.Errorf("fraud: read names: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("fraud: write: %w", err)
	}
	return nil
}

func trimSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return b
}

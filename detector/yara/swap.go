package yara

import (
	"fmt"

	lib "github.com/hillu/go-yara/v4"
)

// Swap goes on with other rules. It may be called between packets, by the goroutine that owns the Scanner; what was
// kept of flows stays. After an error the Scanner goes on with the rules that it had.
func (x *Scanner) Swap(s *Set) error {
	scan, err := lib.NewScanner(s.rules)
	if err != nil {
		return fmt.Errorf("yara: scanner: %w", err)
	}
	x.scan.Destroy() // its memory is not the collector's
	x.scan = scan.SetTimeout(scanTimeout).SetCallback(&x.matches)
	clear(x.matches[:cap(x.matches)])
	return nil
}

package apptest

import (
	"testing"

	"khien/sensor"
)

// Quiet is a Log that keeps neither transactions nor frames: it gives each transaction back to its parser.
type Quiet struct{ *Log }

// Tx implements sensor.Emitter.
func (Quiet) Tx(sensor.Transaction, sensor.Dir) {}

// Done implements sensor.Emitter.
func (Quiet) Done(tx sensor.Transaction) { tx.(interface{ Release() }).Release() }

// Frame implements sensor.Emitter.
func (Quiet) Frame(sensor.Buffer, sensor.Dir, []byte, int) {}

// NoAllocations holds that a parser needs no memory for steps that it has seen before.
func NoAllocations(t testing.TB, p sensor.Parser, out Quiet, steps ...Step) {
	t.Helper()
	if n := testing.AllocsPerRun(100, func() {
		for _, s := range steps {
			_, _ = p.Parse(s.Dir, s.Data, out)
		}
	}); n != 0 {
		t.Error(n, "allocations an exchange")
	}
}

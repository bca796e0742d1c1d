package rulebook

import (
	"context"
	"io"
	"time"

	"khien/sensor"
	"khien/sensor/capture"
)

// What the tests look at beside what is exported.
const (
	VersionsMax = versionsMax
	ReasonMax   = reasonMax
	CheckRules  = checkRules
)

func (d *Desk) Wait()                    { d.work.Wait() }
func (d *Desk) Begin() (func(), error)   { return d.begin() }
func (d *Desk) VersionName(n int) string { return d.versionName(n) }
func Lower(s string) string              { return string(lower(nil, s)) }
func (b *bounded) Stopped() string       { return b.stopped }

// Bounded is a reader with limits.
type Bounded interface {
	Next(*sensor.Packet) error
	Stopped() string
}

// NewBounded bounds a capture by a time and a size, as if n packets had been read.
func NewBounded(ctx context.Context, src io.Reader, until time.Time, left int64, n uint) (Bounded, error) {
	r, err := capture.NewReader(src, "x")
	return &bounded{ctx: ctx, r: r, until: until, left: left, n: n}, err
}

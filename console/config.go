package console

import (
	"errors"
	"fmt"
	"net"
	"time"

	"khien/console/api"
	"khien/console/rulebook"
)

// Config says how the console behaves. The zero Config is not valid: DataDir is required. Other fields that are zero mean
// their defaults.
type Config struct {
	// DataDir holds accounts and the audit log. It must exist and be writable.
	DataDir string
	// TLS says that browsers reach the console over TLS, directly or through a proxy: cookies are then never sent without.
	TLS bool
	// URL is where browsers reach the console, such as https://khien.example.vn. Security keys work there alone; with https it
	// implies TLS. Default: the url of oidc.yaml, for keys only.
	URL string
	// Listener is where the console listens: on this machine alone, security keys work at localhost without a URL.
	Listener net.Addr
	// SessionIdle ends a session that made no request for so long. Default 8 hours; at least one minute.
	SessionIdle time.Duration
	// SessionMax ends a session whatever it does. Default 24 hours; at least SessionIdle.
	SessionMax time.Duration
	// Version of the program, shown on the pages.
	Version string
	// Stats returns what the sensors of this process tell of themselves, as a value for JSON; nil when there are none.
	Stats func() any
	// Sensor tells how the sensor of this process is; nil when there is none.
	Sensor func() api.SensorStatus
	// Rules is the rules of the sensor of this process; nil when there is none.
	Rules *rulebook.Live
	// Outputs returns how the outputs to other systems are doing, as a value for JSON; nil when there are none here.
	Outputs func() any
	// Packets is the folder of the packets that are kept, from which reports take a case's; "" when none are.
	Packets string
	// FlowPackets gives the packets that are kept of a finding, here or at its sensor; nil when there are none.
	FlowPackets api.Packets
	// Files are the transferred files that are kept, here or at a finding's sensor; nil when there are none.
	Files api.Files
	// Remote says that FlowPackets and Files are of sensors elsewhere.
	Remote bool
	// FrozenMax is how many bytes the frozen copies of all cases may have. Default 10 GiB.
	FrozenMax int64
	// Blocking makes the decisions of blocking; nil when that is not part of this process.
	Blocking api.Blocking
	// Remind tells people of a deadline; key names what it is about. nil where nobody can be told.
	Remind func(key, text string) error
	// Trouble is told what goes wrong without anybody asking. Default: nobody.
	Trouble func(error)
	// Rate is how many requests a minute one account may send; what is dear to answer has its share of it. Default 1200.
	Rate int
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// withDefaults returns the configuration with its defaults filled in.
func (c Config) withDefaults() Config {
	if c.SessionIdle == 0 {
		c.SessionIdle = 8 * time.Hour
	}
	if c.SessionMax == 0 {
		c.SessionMax = max(24*time.Hour, c.SessionIdle)
	}
	if c.Trouble == nil {
		c.Trouble = func(error) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Validate checks the configuration; the error names the field.
func (c Config) Validate() error {
	d := c.withDefaults()
	switch {
	case c.DataDir == "":
		return errors.New("console: DataDir: is required")
	case d.SessionIdle < time.Minute:
		return fmt.Errorf("console: SessionIdle: %v is less than a minute", c.SessionIdle)
	case d.SessionMax < d.SessionIdle:
		return fmt.Errorf("console: SessionMax: %v is less than SessionIdle, %v", d.SessionMax, d.SessionIdle)
	case c.Rate < 0:
		return fmt.Errorf("console: Rate: %d is negative", c.Rate)
	}
	return nil
}

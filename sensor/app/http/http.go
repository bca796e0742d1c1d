// Package http parses HTTP/1.x, and HTTP/0.9, as leniently as browsers and servers do, since what they accept and a
// monitor does not is a hiding place. In-order bytes of both directions of a connection come in; transactions, one for
// each request and its response, and the files that they carry go out through the Emitter.
//
// Whatever is odd but understood is an anomaly of the transaction, by the name that Suricata's rules have for it. The
// parser uses every byte that it is given and keeps what it needs itself, so that cutting the stream anywhere changes
// nothing. A transaction owns the memory of its buffers; it goes back to the parser's pool when the pipeline releases it.
package http

import (
	"sync"

	"khien/sensor"
	"khien/sensor/app/content"
)

// Config bounds what is kept of a message. Zero fields take the defaults.
type Config struct {
	RequestBody  int // bytes of a request body, decoded; 100 KiB when 0
	ResponseBody int // bytes of a response body, decoded; 100 KiB when 0
}

const defaultBody = 100 << 10

// Limits that a peer can reach. What goes beyond is counted but not kept, and is an anomaly.
const (
	maxLine    = 32 << 10  // a request line, status line or header with its folded lines
	maxHeaders = 128 << 10 // all headers of a message
	maxFields  = 1024      // headers of a message
	maxRepeats = 64        // headers of one name that are joined
	maxOpen    = 256       // requests that wait for their response
	maxNames   = 4 << 10   // a file name
	maxAnomaly = 32        // anomalies of a direction of a transaction
	maxBlank   = 4 << 10   // bytes looked ahead to tell whether headers have ended, or a response has begun
)

// Ports on which HTTP is usual.
var ports = [...]uint16{80, 8080, 8000, 8008, 8888, 3128, 5985}

// Pool is what all parsers of a Protocol share: limits, and memory that is not in use. It is safe for concurrent use.
type Pool struct {
	cfg    Config
	decode content.Pool
	txs    sync.Pool
}

// Protocol returns HTTP/1 with the default limits.
func Protocol() sensor.Protocol { return New(Config{}) }

// New returns HTTP/1 with the given limits.
func New(c Config) sensor.Protocol {
	s := NewPool(c)
	return sensor.Protocol{
		Proto: sensor.ProtoHTTP,
		TCP:   true,
		Ports: ports[:],
		Probe: Probe,
		New: func(f *sensor.Flow, _ any) sensor.Parser {
			p := &parser{Env: Env{Pool: s}}
			p.half[sensor.ToServer].dir = sensor.ToServer
			p.half[sensor.ToClient].dir = sensor.ToClient
			return p
		},
	}
}

// NewPool makes a pool.
func NewPool(c Config) *Pool {
	if c.RequestBody <= 0 {
		c.RequestBody = defaultBody
	}
	if c.ResponseBody <= 0 {
		c.ResponseBody = defaultBody
	}
	return &Pool{cfg: c}
}

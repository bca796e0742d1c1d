package bus

import "fmt"

// lastWords are a server's log of which its end alone is kept: the first thing it says that it dies of. What it logs
// otherwise names clients and is dropped.
type lastWords chan error

// Fatalf keeps the first.
func (l lastWords) Fatalf(format string, v ...any) {
	select {
	case l <- fmt.Errorf(format, v...):
	default:
	}
}

// Noticef, Warnf, Errorf, Debugf and Tracef drop what they are told.
func (lastWords) Noticef(string, ...any) {}
func (lastWords) Warnf(string, ...any)   {}
func (lastWords) Errorf(string, ...any)  {}
func (lastWords) Debugf(string, ...any)  {}
func (lastWords) Tracef(string, ...any)  {}

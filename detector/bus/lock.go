package bus

import (
	"os"

	"golang.org/x/sys/unix"
)

// lockFolder makes a hub's folder and waits until nobody else changes what is in it: the hub, and commands that make tokens
// and revoke them, are processes of their own. The lock goes with the process, whatever ends it.
func lockFolder(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(d.Fd()), unix.LOCK_EX)
		if err == nil {
			return func() { d.Close() }, nil // which gives the lock back
		}
		if err != unix.EINTR {
			d.Close()
			return nil, &os.PathError{Op: "lock", Path: dir, Err: err}
		}
	}
}

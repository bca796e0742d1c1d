// Package unprivileged gives up the rights of root once packet sockets are open: what a parser of hostile bytes could be made to
// do, it then does without them. How many sockets are wanted comes in; their file descriptors go out, in a process without
// capabilities.
package unprivileged

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"khien/sensor/capture"
)

// socketsVariable tells a program that has started itself again which packet sockets it has inherited. No user sets it.
const socketsVariable = "KHIEN_INHERITED_SOCKETS"

// Sockets opens n packet sockets and starts the program again without any capability, with the same arguments. Capabilities
// belong to threads, of which a Go program has many by the time it reads its flags; only exec leaves one. In the program
// that was started again the sockets are returned. keep opens them and changes nothing.
func Sockets(n int, keep bool) ([]int, error) {
	if list, ok := os.LookupEnv(socketsVariable); ok {
		return inheritedSockets(list)
	}
	var fds []int
	for range n {
		fd, err := capture.OpenSocket()
		if err != nil {
			return nil, err
		}
		fds = append(fds, fd)
	}
	if n == 0 || keep {
		return fds, nil
	}
	return nil, startAgain(fds)
}

// inheritedSockets reads the numbers of sockets that were open when the program was started again.
func inheritedSockets(list string) ([]int, error) {
	if err := os.Unsetenv(socketsVariable); err != nil {
		return nil, err
	}
	var fds []int
	for s := range strings.SplitSeq(list, ",") {
		fd, err := strconv.Atoi(s)
		if err != nil || fd < 3 {
			return nil, fmt.Errorf("%s=%q is not for users to set", socketsVariable, list)
		}
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, unix.FD_CLOEXEC); err != nil {
			return nil, fmt.Errorf("inherited socket %d: %w", fd, err)
		}
		fds = append(fds, fd)
	}
	return fds, nil
}

// startAgain gives up all capabilities and the means to gain new ones, and runs this program in place of this process. It
// returns only with an error.
func startAgain(fds []int) error {
	list := make([]string, len(fds))
	for i, fd := range fds {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0); err != nil {
			return fmt.Errorf("packet socket: %w", err)
		}
		list[i] = strconv.Itoa(fd)
	}
	runtime.LockOSThread() // never unlocked: this thread is the process from here on, or the process ends
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	var none [2]unix.CapUserData
	if err := unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]); err != nil {
		return fmt.Errorf("drop capabilities: %w", err)
	}
	env := append(os.Environ(), socketsVariable+"="+strings.Join(list, ","))
	if err := syscall.Exec("/proc/self/exe", os.Args, env); err != nil {
		return fmt.Errorf("start again without capabilities: %w", err)
	}
	return nil
}

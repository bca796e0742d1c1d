package outputtest

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// Syslog gives each octet-counted message (RFC 5425, 4.3; RFC 6587, 3.4.1) to got, until the stream ends or is none.
func Syslog(from io.Reader, got func(message string)) {
	for r := bufio.NewReader(from); ; {
		count, err := r.ReadString(' ')
		if err != nil {
			return
		}
		n, err := strconv.ParseUint(strings.TrimSuffix(count, " "), 10, 24)
		if err != nil {
			return
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			return
		}
		got(string(b))
	}
}

package embedded

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// wrap adds to an error of SQLite what failed, the file and, for what an operator can mend, what to do.
func (s *Store) wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("embedded: %s %s: %w", what, s.path, err)
	}
	hint := ""
	switch e.Code() & 0xff {
	case lib.SQLITE_FULL:
		hint = ": the disk is full; nothing of this batch was stored"
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		hint = ": another process holds the file locked"
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		hint = ": the file is damaged; move it away (with its -wal and -shm) and start again, or restore a copy"
	case lib.SQLITE_READONLY, lib.SQLITE_PERM:
		hint = ": the file cannot be written"
	case lib.SQLITE_CANTOPEN:
		hint = ": the file cannot be opened"
	case lib.SQLITE_IOERR:
		hint = ": the disk gives errors"
	}
	return fmt.Errorf("embedded: %s %s%s: %w", what, s.path, hint, err)
}

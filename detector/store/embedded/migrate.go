package embedded

import (
	"context"
	"database/sql"
	"fmt"
)

// migrate brings a file up: its nth step turns version n, which PRAGMA user_version holds, into version n+1. Several
// processes may open a file at the same time; one of them takes the steps, and the others find them taken.
func migrate(ctx context.Context, db *sql.DB, steps [][]string) error {
	version, err := versionOf(ctx, db, len(steps))
	if err != nil || version == len(steps) {
		return err
	}
	tx, err := db.BeginTx(ctx, nil) // immediate: nobody else writes from here on
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if version, err = versionOf(ctx, tx, len(steps)); err != nil || version == len(steps) {
		return err
	}
	for n, step := range steps[version:] {
		for _, stmt := range step {
			if _, err := tx.ExecContext(ctx, stmt); err != nil {
				return fmt.Errorf("schema %d: %w", version+n+1, err)
			}
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`PRAGMA user_version = %d`, len(steps))); err != nil {
		return err
	}
	return tx.Commit()
}

// versionOf reads the version of a file, which must not be above newest.
func versionOf(ctx context.Context, db interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, newest int) (version int, err error) {
	err = db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	if err == nil && version > newest {
		err = fmt.Errorf("written by a newer version of the program (schema %d, this one knows %d)", version, newest)
	}
	return version, err
}

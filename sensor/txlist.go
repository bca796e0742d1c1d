package sensor

import "slices"

// Finish tells of a transaction for the last time: it is complete in both directions.
func Finish(out Emitter, tx Transaction) {
	tx.Base().Done = [2]Progress{ProgressComplete, ProgressComplete}
	out.Tx(tx, ToServer)
	out.Tx(tx, ToClient)
	out.Done(tx)
}

// Without takes x out of a list and keeps the order of the others.
func Without[T comparable](list []T, x T) []T {
	if i := slices.Index(list, x); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// Take takes the last of what is kept for reuse; nil when there is nothing.
func Take[T any](free *[]*T) *T {
	n := len(*free)
	if n == 0 {
		return nil
	}
	x := (*free)[n-1]
	*free = (*free)[:n-1]
	return x
}

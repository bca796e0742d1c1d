//go:build race

package fraud

// raced says that the race detector watches: it multiplies memory.
const raced = true

//go:build !race

package fraud

const raced = false

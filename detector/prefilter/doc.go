// Package prefilter finds many patterns in one pass: sets of literals through Hyperscan (or Vectorscan, which has the
// same interface), and single regular expressions through PCRE2. It is the only package beside detector/yara that calls C.
//
// In come patterns and buffers; out come the identifiers of the patterns that occur. Compiled sets and expressions are
// immutable and shared by all workers; what a scan writes to (Scratch, MatchData) belongs to one worker. Memory of C is
// freed when the Go value that holds it is collected.
package prefilter

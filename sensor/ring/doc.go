// Package ring keeps packets on disk for a while, so that what was on the wire can be looked at after a finding.
//
// Packets come in through a Recorder, one for each worker of a pipeline; pcapng comes out of Carve. A store is a folder of
// parts: pcapng files of some 64 MiB whose names tell the times of their first and last packets, each with an index of its
// flows beside it. The oldest parts make room for new ones. The index is a function of the part's content alone: a part
// without one, such as the one that is being written or that a killed process left, is read as a whole instead.
//
// A Recorder copies a packet into a bounded queue and never waits: what the disk is too slow for, or has no room for, is
// not stored and is counted. One goroutine writes. Readers need nothing but the folder and may be other processes.
package ring

// Package behaviour finds what no single flow shows: scans, guessed passwords, tunnels through DNS and ICMP, beacons,
// generated names. An Observer, one a worker, turns events into notes; Patterns sees the notes of all workers in packet
// order on the engine's goroutine and returns findings. Both own what they keep; all of it is bounded.
package behaviour

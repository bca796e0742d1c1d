// Package capture reads packets from capture files, folders that grow, connections, mirrors and interfaces, and writes
// pcapng files.
//
// In goes the name of a file, or "-" for standard input: pcap (microseconds, nanoseconds, Kuznetzov's variant) or
// pcapng, in either byte order, plain or compressed with gzip or zstd; the format is recognised by content. Out come
// sensor.Packets whose Data point into the reader's one buffer and are valid until the following Next. Dir reads all captures
// of a folder as one, Stream a capture that comes over a TCP connection, Mirror the packets in VXLAN and GENEVE datagrams,
// Live an interface. What has a clock of its own returns ErrIdle when nothing has come for a while.
//
// Captures are hostile input. A length that a file gives is compared with a constant before anything is done with it,
// and no length makes the reader allocate.
package capture

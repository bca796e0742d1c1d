// Package capture reads packets from capture files and interfaces, and writes pcapng files.
//
// In goes the name of a file, or "-" for standard input: pcap (microseconds, nanoseconds, Kuznetzov's variant) or
// pcapng, in either byte order, plain or compressed with gzip or zstd; the format is recognised by content. Out come
// sensor.Packets whose Data point into the reader's one buffer and are valid until the following Next.
//
// Captures are hostile input. A length that a file gives is compared with a constant before anything is done with it,
// and no length makes the reader allocate.
package capture

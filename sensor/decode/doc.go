// Package decode turns packets into segments: the headers of each network layer and what it carries.
//
// In goes one sensor.Packet; out come its sensor.Segments, outermost first: one for each network layer of a tunnel, and
// one more for a packet that a fragment completes. The segments belong to the Decoder and are valid until its next
// Decode; their slices point into the packet or, for reassembled packets, into the Decoder's own memory.
//
// Malformed packets are no errors: what is wrong is named in Segment.Anomalies by the names that Suricata's decode-event
// keyword uses, and Segment.Invalid says that nothing behind the broken header was read.
package decode

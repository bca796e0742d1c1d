// Package stream puts the bytes of TCP connections in order.
//
// In go the segments of one flow, in the order of their capture; out come the bytes of each direction, each once and in
// order, through a Sink. A byte is delivered when the other side has acknowledged it: what the receiver never accepted
// can then hide nothing. Bytes that were held belong to the Pool and are valid until Sink.Bytes returns.
//
// A monitor sees what hosts send, not what they accept, so a Conn follows both sides' state machines (RFC 9293) and
// refuses what the receiver would refuse. What is odd is named in Segment.Anomalies as Suricata's stream-event keyword
// names it, with "stream." before it.
package stream

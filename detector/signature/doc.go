// Package signature is the Suricata rule language: rules are parsed (Load), compiled into a Set that all workers share,
// and matched by a Matcher, one for each worker.
//
// In come sensor events; out go findings, after the packet that completed them. Within a packet the pipeline first tells
// what its bytes completed (stream data, transactions, files) and then the packet itself, so a Matcher collects and
// inspects everything once, at the packet's end: the order of rules, and what flow bits they see, is then the language's.
//
// A Set is immutable. A Matcher belongs to one worker; what it remembers of a flow hangs at sensor.Flow.Detect and of a
// transaction at sensor.TxBase.Detect. Bytes of buffers are borrowed from the sensor until the packet's end.
//
// Adding a buffer is one row of the table in buffers.go; adding a keyword is one row of a family's table.
package signature

// Package dns reads DNS messages over UDP and TCP (RFC 1035), and with the same code multicast DNS (RFC 6762) and LLMNR
// (RFC 4795) as protocols of their own. Datagrams or stream bytes come in; every message goes out as one transaction that
// is complete in the direction in which the message travelled: a request and its response are two transactions.
//
// A transaction owns a copy of its message and is reused after Release. Names are given as sent, labels joined by dots
// without the final one, in the case that the wire has: many resolvers mix the case on purpose, and a rule says whether
// it cares.
package dns

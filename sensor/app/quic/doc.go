// Package quic reads the part of QUIC connections that anybody on the path can read: the hellos of both sides, which the
// Initial packets of versions 1 and 2 and of the drafts from 23 on carry under keys made of the client's connection ID
// (RFC 9001, 5.2; RFC 9369), and the client's hello of Google's versions Q043 to Q046. Datagrams come in; each hello goes
// out as a transaction of its own, complete in its direction, which owns copies of what it shows. Once both hellos are
// known, datagrams are passed over.
package quic

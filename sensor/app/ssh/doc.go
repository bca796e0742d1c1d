// Package ssh reads what SSH connections say in clear (RFC 4253): the identification lines of both sides and the lists of
// algorithms that they offer, which make the fingerprints HASSH and HASSHServer. The bytes of both directions come in, one
// transaction a connection goes out; it owns copies of what it shows. From the new keys on the bytes are passed over.
package ssh

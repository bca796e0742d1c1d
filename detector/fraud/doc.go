// Package fraud recognises online fraud as it shows on a network: names that imitate an organisation, forms that carry
// passwords and one-time codes to strangers, pages and applications made to look like a bank's or the state's, remote
// control that follows, and the chain of these steps for one victim.
//
// In come names (DNS questions, TLS and QUIC server names, HTTP hosts), HTTP transactions and transferred files as sensor
// events; out go detector.Findings. A Finding owns its memory, and secrets in it are masked: it proves that one was taken
// without holding it. Brands and Names are read-only once made and may be shared; a Verdict and a Detector belong to one
// worker each. Stories needs to see findings in packet order and therefore belongs to the engine's one goroutine.
package fraud

// Package abuse finds what only shows in how often and how regularly something happens: attempts on the accounts of a
// server that stands in front of people's money or records, and telephone calls made to defraud.
//
// In come HTTP transactions (in clear, or decrypted before they are mirrored) and SIP messages as sensor events; a worker
// makes a note of each that matters, and the engine's one goroutine counts the notes of all workers in packet order in a
// Memory. Out go detector.Findings, one an attack and hour that grows while it lasts. Accounts, secrets and numbers are
// kept as hashes; a finding shows none of them. Patterns lists what is looked for, a file each.
package abuse

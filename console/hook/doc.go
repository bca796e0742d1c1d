// Package hook holds the words of blocking: Decision, Never, Policy, List, View, and the Book that keeps them. Findings and
// people's proposals come in; lists of what firewalls, resolvers and bouncers are to enforce go out, each entry with an
// end. The packages below render the lists (render), serve them (serve), push them (push), put everything together (gate) and
// give it a command line (command). A Book owns its decisions; what it gives out are copies or values that never change.
//
// What a blocked citizen must not suffer is built into the types: a renderer gets a View and nothing else, and a View is
// made only by asking the never-block list and the clock about every entry.
package hook

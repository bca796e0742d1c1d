package hook

// Notice is an event as receivers of messages get it, with the decision that it is about as it stands now.
type Notice struct {
	Event    Event
	Decision *Decision // nil for events about lists and alarms; not to be changed
}

// Notice returns an event for receivers; false when it must not be sent any more: it says that a value is blocked, and by
// now that is not so. The event that says so follows.
func (b *Book) Notice(e Event) (Notice, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := Notice{Event: e}
	d := b.decisions[e.Object]
	if d == nil {
		return n, stateOf[e.Type] == "" // a decision that has been forgotten is old news
	}
	n.Decision = d
	switch e.Type {
	case "decision.active", "decision.renewed":
		now := b.clock.now()
		return n, d.State == Active && now.Before(d.Expires) && !b.killed && b.rules().never.Check(d.Kind, d.Value) == nil
	}
	return n, true
}

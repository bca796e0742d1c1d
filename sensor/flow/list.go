package flow

import "khien/sensor"

// listOf returns the list of a flow: its protocol's class and its state, which have one timeout.
func listOf(f *sensor.Flow) uint8 {
	class := uint8(classOther)
	switch f.Proto {
	case sensor.IPProtoTCP:
		class = classTCP
	case sensor.IPProtoUDP:
		class = classUDP
	case sensor.IPProtoICMP, sensor.IPProtoICMPv6:
		class = classICMP
	}
	return class*3 + uint8(f.State)
}

// link puts an entry at the end of its list, or further ahead when packet time has gone back.
func (t *Table) link(e *entry) {
	i := listOf(&e.flow)
	e.list = i
	after := t.tail[i]
	for steps := 0; after != nil && after.flow.Last > e.flow.Last && steps < maxSteps; steps++ {
		after = after.prev
	}
	e.prev = after
	if after != nil {
		e.next, after.next = after.next, e
	} else {
		e.next, t.head[i] = t.head[i], e
	}
	if e.next != nil {
		e.next.prev = e
	} else {
		t.tail[i] = e
	}
}

// maxSteps bounds the search of link: captures with times in disorder get an order that is nearly right.
const maxSteps = 64

func (t *Table) unlink(e *entry) {
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		t.head[e.list] = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		t.tail[e.list] = e.prev
	}
	e.prev, e.next = nil, nil
}

// relink moves an entry to where its state and time of last packet belong.
func (t *Table) relink(e *entry) {
	if t.tail[e.list] == e && e.list == listOf(&e.flow) {
		return
	}
	t.unlink(e)
	t.link(e)
}

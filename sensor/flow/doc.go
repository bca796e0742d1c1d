// Package flow keeps the table of open flows.
//
// In goes a sensor.Segment; out come the sensor.Flow it belongs to, its direction, and whether the flow is new. The
// table owns the flows: one is valid until the callback that tells its end has returned, after which it is used again.
// A table belongs to one worker; Hash spreads segments over workers so that both directions of a flow meet in one.
package flow

// Package sensor holds the words that every stage of the data's way shares: Packet, Segment, Flow, Event,
// Transaction, Buffer, File, and the small interfaces between the stages.
//
//	capture → decode → flow → stream → app → file ‖ detectors
//
// It imports the standard library only. A stage never learns of a later one: the stages live in the folders below,
// and sensor/pipeline composes them. Memory belongs to the stage that made it; each type says until when it is valid.
package sensor

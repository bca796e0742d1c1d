// Package detector holds the words of detection: Finding, Severity, Reason, Detector, Sink. Detectors live in the folders
// below (signature, yara, fraud, behaviour); they read sensor events and give findings, plain values that hold no sensor
// memory.
package detector

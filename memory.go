package main

import (
	"flag"
	"fmt"
	"runtime/debug"
	"runtime/metrics"
)

// Memory limits in MiB.
const (
	memoryDefault = 1024
	memoryLeast   = 256
	memoryMost    = 1 << 20
)

func memoryFlag(fs *flag.FlagSet, mib *int) {
	fs.IntVar(mib, "memory", memoryDefault, "`MiB` of memory to stay within; what finds no room is counted as lost")
}

func checkMemoryFlag(mib int) error {
	if mib < memoryLeast || mib > memoryMost {
		return fmt.Errorf("--memory %d: from %d to %d MiB", mib, memoryLeast, memoryMost)
	}
	return nil
}

// limitMemory makes the collector keep the process within a limit, and returns what the stages of a pipeline may take. It
// is called when the rules are loaded: what they take is not there for traffic. The result is rounded, so that the same
// capture meets the same limits on every run.
func limitMemory(mib int) int {
	limit := int64(mib) << 20
	resident := residentNow()
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(sample)
	heap := int64(sample[0].Value.Uint64() - sample[1].Value.Uint64())
	// C code has its memory outside the heap: patterns, YARA rules. A sixteenth stays free for what they take later.
	foreign := max(resident-heap, 0)
	debug.SetMemoryLimit(max(limit-foreign-limit/16, limit/4))
	const step = 64 << 20
	return int(max((limit-resident)/step*step, limit/4))
}

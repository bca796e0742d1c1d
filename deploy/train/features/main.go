// Command features prints what the name model sees: for each name on standard input a line of space-separated numbers,
// the class of its evidence, then features below the count that the first line gives, spelling buckets from there on. The
// training script runs it, so that training and scoring share one implementation.
//
//	features BRANDS.yaml <names
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"

	"khien/detector/fraud"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return fmt.Errorf("usage: features BRANDS.yaml <names")
	}
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		return err
	}
	brands, err := fraud.LoadBrands(data, os.Args[1])
	if err != nil {
		return err
	}
	names := fraud.NewExtractor(brands)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	fmt.Fprintln(out, fraud.FeatureCount)
	var v fraud.Verdict
	var ids []uint32
	var line []byte
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		ids = names.AppendFeatures(ids[:0], in.Bytes(), &v)
		line = line[:0]
		for i, id := range ids {
			if i > 0 {
				line = append(line, ' ')
			}
			line = strconv.AppendUint(line, uint64(id), 10)
		}
		out.Write(append(line, '\n'))
	}
	if err := in.Err(); err != nil {
		return err
	}
	return out.Flush()
}

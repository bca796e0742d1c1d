package fraud

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"math"
)

// The model is a logistic regression: a weight for each feature and one for each bucket of hashed spellings. It is trained
// by deploy/train, which documents the data; the file is
//
//	"KFM2", bits (uint32), feature count (uint32), float32 scale, float32 threshold of suspicious (log odds),
//	float32 thresholds of fraud for each class of evidence, float32 weights of the features,
//	int8 weights of the 2^bits buckets in units of the scale.
//
//go:embed model.bin
var modelFile []byte

// gramBits is the size of the bucket table: 256 Ki buckets of one byte.
const gramBits = 18

type model struct {
	weight     [featCount]float32
	grams      []int8
	scale      float32
	suspicious float64
	fraud      [classCount]float64
}

// loadModel reads the embedded file; that it is malformed is a mistake of this build.
func loadModel() *model {
	m, err := parseModel(modelFile)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return m
}

func parseModel(b []byte) (*model, error) {
	const head = 20 + 4*int(classCount)
	if len(b) < head || string(b[:4]) != "KFM2" {
		return nil, fmt.Errorf("fraud: model: not a model file")
	}
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
	f32 := func(at int) float32 { return math.Float32frombits(u32(at)) }
	if u32(4) != gramBits || u32(8) != uint32(featCount) || len(b) != head+4*int(featCount)+1<<gramBits {
		return nil, fmt.Errorf("fraud: model: made for %d features and %d bits, this build has %d and %d", u32(8), u32(4), featCount, gramBits)
	}
	m := &model{scale: f32(12), suspicious: float64(f32(16)), grams: make([]int8, 1<<gramBits)}
	for i := range m.fraud {
		m.fraud[i] = float64(f32(20 + 4*i))
	}
	for i := range m.weight {
		m.weight[i] = f32(head + 4*i)
	}
	for i, c := range b[head+4*int(featCount):] {
		m.grams[i] = int8(c)
	}
	return m, nil
}

// spellingOffset is subtracted from the log odds of names without evidence in words, whatever they are spelled like.
const spellingOffset = 8

// offset is what the log odds of a class are measured from: its threshold of fraud.
func (m *model) offset(c class) float64 {
	if c == classSpelling {
		return spellingOffset
	}
	return m.fraud[c]
}

// gramSum adds the weights of the spellings of a name.
func (m *model) gramSum(v *Verdict) float32 {
	sum := 0
	v.eachGram(func(h uint64) { sum += int(m.grams[h>>(64-gramBits)]) })
	return float32(sum) * m.scale
}

// AppendFeatures appends the class of evidence of a name and the numbers of what the model sees in it: features below
// FeatureCount, then buckets of spellings from there on. An official name has none. The training script reads them.
func (n *Names) AppendFeatures(dst []uint32, name []byte, v *Verdict) []uint32 {
	n.extract(name, v)
	if v.Official || v.suffix == 0 {
		return dst
	}
	dst = append(dst, uint32(v.class()))
	for _, f := range v.feats[:v.nf] {
		dst = append(dst, uint32(f))
	}
	v.eachGram(func(h uint64) { dst = append(dst, FeatureCount+uint32(h>>(64-gramBits))) })
	return dst
}

// FeatureCount is how many features have a number of their own.
const FeatureCount = uint32(featCount)

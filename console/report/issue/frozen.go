package issue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"khien/console/cases"
	"khien/console/report/evidence"
	"khien/detector"
	"khien/detector/store"
)

// Findings returns the findings of a case: those that the store holds, and of the others the frozen copy, where there is
// one that is whole. The rest is left out: its index has been removed.
func (d *Desk) Findings(ctx context.Context, c cases.Case) ([]detector.Finding, error) {
	out := make([]detector.Finding, 0, len(c.Findings))
	var frozen []evidence.Frozen
	listed := false
	for _, id := range c.Findings {
		f, err := d.Store.Get(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			if !listed {
				if frozen, err = d.Freezer().List(ctx, c.ID); err != nil {
					return nil, err
				}
				listed = true
			}
			var changed *evidence.Changed
			f, err = d.thawed(frozen, id)
			if errors.Is(err, store.ErrNotFound) || errors.Is(err, fs.ErrNotExist) || errors.As(err, &changed) {
				continue // the list of copies shows what became of them
			}
		}
		if err != nil {
			return nil, fmt.Errorf("issue: finding %s: %w", id, err)
		}
		out = append(out, f)
	}
	return out, nil
}

// thawed reads the newest copy of a finding.
func (d *Desk) thawed(frozen []evidence.Frozen, id string) (f detector.Finding, err error) {
	for _, x := range slices.Backward(frozen) {
		if x.Of != evidence.OfFinding || x.Finding != id {
			continue
		}
		data, err := d.read(x)
		if err != nil {
			return f, err
		}
		return f, json.Unmarshal(data, &f)
	}
	return f, store.ErrNotFound
}

func (d *Desk) read(x evidence.Frozen) ([]byte, error) {
	r, err := d.Freezer().Open(x)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, x.Size))
	return data, errors.Join(err, r.Close())
}

// frozenLost is the file of a pack that names copies which are not what was frozen, or are gone.
const frozenLost = "frozen/LOST.txt"

// frozen puts in the frozen copies and takes the flows whose packets are among them out of the cut; whole says that nothing
// is left to be cut. A copy that is broken stays out and is named: a report that is due is not held up by it.
func (c *collector) frozen(ctx context.Context) (whole bool, err error) {
	list, err := c.Freezer().List(ctx, c.in.Case)
	if err != nil {
		return false, err
	}
	packets := false
	var lost strings.Builder
	for _, x := range list {
		data, err := c.read(x)
		if err != nil {
			c.warn(fmt.Sprintf("frozen copy %s: %v", x.Path, err))
			fmt.Fprintf(&lost, "%s  %s: không còn như lúc giữ, hoặc đã mất; không đưa vào gói (not what was frozen, or gone; left out)\n", x.SHA256, x.Path)
			continue
		}
		if x.Name != "" {
			x.Description += ": " + x.Name
		}
		if x.Flow != "" {
			x.Tool += "; community_id " + x.Flow
		}
		c.out = append(c.out, evidence.File{Item: x.Item, Data: data})
		if x.Of == evidence.OfPackets {
			packets = true
			c.cut.Flows = slices.DeleteFunc(c.cut.Flows, func(id string) bool { return id == x.Flow })
		}
	}
	if lost.Len() > 0 {
		c.put(frozenLost, "log", "text/plain", "Bản sao không còn nguyên vẹn", "khien", "export", []byte(lost.String()))
	}
	return packets && len(c.cut.Flows) == 0, nil
}

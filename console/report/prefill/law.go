package prefill

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"khien/console/report"
	"khien/console/report/legal"
	"khien/detector"
)

// law proposes the official kind and the severity, with their grounds.
func (b *builder) law() {
	kind, basis := b.kind()
	from := report.Origin{Kind: report.FromProgram, Ref: b.Pack.ID + " " + b.Pack.Version}
	if len(b.Findings) > 0 {
		b.set("incident.kind", from, kind.ID)
		b.set("incident.kind_basis", from, basis)
	}
	b.set("incident.subkind", from, strings.Join(b.in.FraudKinds, ", "))
	s, why := b.severity()
	b.set("incident.severity", from, s.ID)
	b.set("incident.severity_basis", from, why)
}

// kind returns the kind that most serious findings mean; the combined one where several do.
func (b *builder) kind() (*legal.Kind, string) {
	counts := map[string]int{}
	for i := range b.Findings {
		f := &b.Findings[i]
		if f.Severity < detector.High {
			continue
		}
		if id := b.kindOf(f); id != "" {
			counts[id]++
		}
	}
	var found []*legal.Kind
	var combined, rest *legal.Kind
	var parts []string
	for j := range b.Pack.Kinds {
		k := &b.Pack.Kinds[j]
		switch {
		case counts[k.ID] > 0:
			found = append(found, k)
			parts = append(parts, fmt.Sprintf("%s (%d phát hiện)", k.VI, counts[k.ID]))
		case k.Multi:
			combined = k
		case k.Rest:
			rest = k
		}
	}
	switch {
	case len(found) == 0:
		return rest, "Không phát hiện nào thuộc các loại còn lại."
	case len(found) > 1 && combined != nil:
		return combined, "Kết hợp nhiều hình thức: " + strings.Join(parts, "; ") + "."
	}
	slices.SortStableFunc(found, func(x, y *legal.Kind) int { return counts[y.ID] - counts[x.ID] })
	return found[0], "Theo phát hiện: " + strings.Join(parts, "; ") + "."
}

// kindOf returns the official kind that a finding means by itself, "" for none.
func (b *builder) kindOf(f *detector.Finding) string {
	for j := range b.Pack.Kinds {
		if means(&b.Pack.Kinds[j], f) {
			return b.Pack.Kinds[j].ID
		}
	}
	return ""
}

func means(k *legal.Kind, f *detector.Finding) bool {
	if f.Fraud != nil {
		return slices.Contains(k.Fraud, f.Fraud.Kind)
	}
	for _, r := range k.Rules {
		if strings.HasPrefix(strings.ToLower(f.Rule.ID), r) || strings.HasPrefix(strings.ToLower(f.Rule.Category), r) {
			return true
		}
	}
	return false
}

// severity proposes the gravest severity whose conditions are met; the first is for everything else.
func (b *builder) severity() (*legal.Severity, string) {
	worst := detector.Severity(0)
	for i := range b.Findings {
		worst = max(worst, b.Findings[i].Severity)
	}
	level, _ := strconv.Atoi(b.in.Text("system.level")) // 0 when nobody said
	for i := len(b.Pack.Severities) - 1; i > 0; i-- {
		s := &b.Pack.Severities[i]
		why := ""
		if slices.Contains(s.Levels, level) {
			why = fmt.Sprintf("hệ thống cấp độ %d", level)
		} else if s.Score > 0 && int(worst) >= s.Score {
			why = fmt.Sprintf("có phát hiện mức %s", severityVI[worst])
		}
		if why != "" {
			return s, fmt.Sprintf("Chương trình đề xuất, chờ người có thẩm quyền xác nhận: %s. %s", why, s.Rule)
		}
	}
	return &b.Pack.Severities[0], "Chương trình đề xuất, chờ người có thẩm quyền xác nhận: " + b.Pack.Severities[0].Rule
}

var severityVI = map[detector.Severity]string{detector.Low: "thấp", detector.Medium: "trung bình", detector.High: "cao",
	detector.Critical: "nghiêm trọng"}

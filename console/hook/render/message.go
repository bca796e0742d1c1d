package render

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"khien/console/hook"
)

// webhookDecision is what webhooks tell of a decision. Who was hit in a dry run is not among it: receivers are third parties.
type webhookDecision struct {
	ID         string      `json:"id"`
	Kind       hook.Kind   `json:"kind"`
	Value      string      `json:"value"`
	Action     hook.Action `json:"action"`
	Scope      string      `json:"scope,omitempty"`
	State      hook.State  `json:"state"`
	ReasonVI   string      `json:"reason_vi"`
	ReasonEN   string      `json:"reason_en"`
	Rule       string      `json:"rule,omitempty"`
	Confidence float64     `json:"confidence"`
	Expires    time.Time   `json:"expires"`
}

// Webhook writes the body of a webhook: type, timestamp and data, as Standard Webhooks recommends.
func Webhook(n hook.Notice) ([]byte, error) {
	data := map[string]any{"number": n.Event.Number, "user": n.Event.User}
	if d := n.Decision; d != nil {
		data["decision"] = webhookDecision{d.ID, d.Kind, d.Value, d.Action, d.Scope, d.State, d.Reason.VI, d.Reason.EN, d.Rule, d.Confidence, d.Expires}
	} else {
		data["detail"] = n.Event.Detail
	}
	b, err := json.Marshal(map[string]any{"type": n.Event.Type, "timestamp": n.Event.Time.UTC(), "data": data})
	if err != nil {
		return nil, fmt.Errorf("render: webhook: %w", err)
	}
	return b, nil
}

// theHiveTypes are TheHive's names of data types.
var theHiveTypes = map[hook.Kind]string{hook.IP: "ip", hook.CIDR: "ip", hook.Domain: "domain", hook.SNI: "fqdn", hook.URL: "url",
	hook.SHA256: "hash", hook.JA3: "other", hook.JA4: "other"}

// TheHive writes an alert for TheHive 5 (POST /api/v1/alert). sourceRef is the same for the same event.
func TheHive(n hook.Notice) ([]byte, error) {
	a := map[string]any{"type": "khien", "source": "khien", "sourceRef": n.Event.ID, "title": subject(n), "description": body(n, plain),
		"severity": 2, "tlp": 2, "pap": 2, "tags": []string{"khien", n.Event.Type}}
	if d := n.Decision; d != nil {
		a["observables"] = []map[string]any{{"dataType": theHiveTypes[d.Kind], "data": d.Value, "ioc": true}}
		if d.Confidence >= 0.95 {
			a["severity"] = 3
		}
	}
	b, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("render: thehive: %w", err)
	}
	return b, nil
}

// Mail writes a notification of several events: nothing in it can be clicked, and nobody's data stand in it.
func Mail(ns []hook.Notice) (title, text string) {
	var b strings.Builder
	for _, n := range ns {
		b.WriteString(subject(n) + "\n" + body(n, Defang) + "\n\n")
	}
	b.WriteString("Xem và xử lý trong bảng điều khiển Khiên. / See the console to act.\n")
	if len(ns) == 1 {
		return subject(ns[0]), b.String()
	}
	return fmt.Sprintf("[Khiên] %d sự kiện / events", len(ns)), b.String()
}

// Chat writes a notification for a messenger: that something happened and where to look, no indicators.
func Chat(n hook.Notice) string {
	if n.Decision != nil {
		return fmt.Sprintf("[Khiên] %s: %s (mã %s). Xem bảng điều khiển.", eventNames(n.Event.Type), kindNames[n.Decision.Kind], n.Decision.ID)
	}
	return fmt.Sprintf("[Khiên] %s. Xem bảng điều khiển.", eventNames(n.Event.Type))
}

var kindNames = map[hook.Kind]string{hook.IP: "địa chỉ IP", hook.CIDR: "dải địa chỉ", hook.Domain: "tên miền", hook.URL: "đường dẫn",
	hook.SHA256: "tệp", hook.JA3: "dấu vân tay TLS", hook.JA4: "dấu vân tay TLS", hook.SNI: "tên máy chủ"}

var eventTitles = map[string]string{"decision.proposed": "Đề nghị chặn", "decision.dry_run": "Đã chạy thử", "decision.approved": "Đã duyệt chặn",
	"decision.active": "Đã chặn", "decision.renewed": "Đã gia hạn chặn", "decision.expired": "Hết hạn chặn", "decision.revoked": "Đã bỏ chặn",
	"decision.consented": "Chờ người thứ hai duyệt", "decision.sighted": "Lại thấy", "alarm": "Cảnh báo về chặn", hook.Reminded: "Hạn báo cáo", "switch.kill": "Đã ngắt toàn bộ việc chặn",
	"switch.resume": "Đã nối lại việc chặn", "list.published": "Danh sách mới", "list.rollback": "Đã quay lại danh sách cũ",
	"unblock.requested": "Yêu cầu bỏ chặn", "unblock.granted": "Đã chấp nhận bỏ chặn", "unblock.refused": "Đã từ chối bỏ chặn",
	"policy.changed": "Đã đổi chính sách chặn", "proposal.refused": "Không chặn giá trị được bảo vệ"}

func eventNames(t string) string {
	if s := eventTitles[t]; s != "" {
		return s
	}
	return t
}

func subject(n hook.Notice) string {
	if d := n.Decision; d != nil {
		return fmt.Sprintf("[Khiên] %s: %s %s", eventNames(n.Event.Type), kindNames[d.Kind], Defang(d.Value))
	}
	return "[Khiên] " + eventNames(n.Event.Type)
}

func plain(s string) string { return s }

// body tells an event in both languages; show writes values.
func body(n hook.Notice, show func(string) string) string {
	d := n.Decision
	if d == nil {
		return Defang(n.Event.Detail)
	}
	return fmt.Sprintf("Giá trị / value: %s\nLý do: %s\nReason: %s\nHết hạn / until: %s\nNgười thực hiện / by: %s\nMã / id: %s",
		show(d.Value), show(d.Reason.VI), show(d.Reason.EN), d.Expires.UTC().Format(time.RFC3339), n.Event.User, d.ID)
}

// Defang writes addresses so that no program makes a link of them.
func Defang(s string) string {
	return strings.NewReplacer("http://", "hxxp://", "https://", "hxxps://", ".", "[.]").Replace(s)
}

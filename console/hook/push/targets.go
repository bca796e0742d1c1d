package push

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"khien/console/hook"
	"khien/console/hook/render"
)

// Webhook sends notices as Standard Webhooks: https://www.standardwebhooks.com.
type Webhook struct {
	url    string
	key    []byte
	client *http.Client
	now    func() time.Time
}

// NewWebhook returns a webhook. secret is base64 with or without its prefix "whsec_", 24 to 64 bytes.
func NewWebhook(url, secret string, allow []netip.Prefix, now func() time.Time) (*Webhook, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) < 24 || len(key) > 64 {
		return nil, fmt.Errorf("push: a webhook's secret is whsec_ and the base64 form of 24 to 64 random bytes")
	}
	if err := CheckURL(url, allow); err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	return &Webhook{url, key, client(allow), now}, nil
}

// Deliver implements Target. The id is the event's: a receiver that has seen it does nothing.
func (w *Webhook) Deliver(ctx context.Context, ns []hook.Notice) error {
	for _, n := range ns {
		body, err := render.Webhook(n)
		if err != nil {
			return fmt.Errorf("%w: %w", errFinal, err)
		}
		at := strconv.FormatInt(w.now().Unix(), 10)
		mac := hmac.New(sha256.New, w.key)
		fmt.Fprintf(mac, "%s.%s.%s", n.Event.ID, at, body)
		err = post(ctx, w.client, w.url, body, map[string]string{"Content-Type": "application/json", "User-Agent": "khien",
			"webhook-id": n.Event.ID, "webhook-timestamp": at, "webhook-signature": "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))})
		if err != nil {
			return err
		}
	}
	return nil
}

// TheHive makes an alert of each notice. TheHive refuses one that it has (sourceRef), which is as good as taking it.
type TheHive struct {
	url, key string
	client   *http.Client
}

// NewTheHive returns a target at the address of a TheHive 5, with an API key.
func NewTheHive(url, key string, allow []netip.Prefix) (*TheHive, error) {
	if err := CheckURL(url, allow); err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	return &TheHive{strings.TrimSuffix(url, "/") + "/api/v1/alert", key, client(allow)}, nil
}

// Deliver implements Target.
func (h *TheHive) Deliver(ctx context.Context, ns []hook.Notice) error {
	for _, n := range ns {
		body, err := render.TheHive(n)
		if err != nil {
			return fmt.Errorf("%w: %w", errFinal, err)
		}
		if err := post(ctx, h.client, h.url, body, map[string]string{"Content-Type": "application/json", "Authorization": "Bearer " + h.key}); err != nil {
			return err
		}
	}
	return nil
}

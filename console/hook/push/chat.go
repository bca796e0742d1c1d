package push

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"

	"khien/console/hook"
	"khien/console/hook/render"
)

// Chat tells a messenger that something happened and where to look; no indicators and nobody's data leave the house.
type Chat struct {
	request func(token, text string) (url string, header map[string]string, body any)
	token   func(context.Context) (string, error) // read anew each time: those of Zalo live for a day
	client  *http.Client
	refused func(answer []byte) error // of an answer with a good status; nil: there is no such thing
}

// NewZalo returns a target that writes to a follower of a Zalo official account. base is the API's address, "" for Zalo's own.
func NewZalo(base, user string, token func(context.Context) (string, error), allow []netip.Prefix) (*Chat, error) {
	if base == "" {
		base = "https://openapi.zalo.me"
	}
	c, err := newChat(base, user, token, allow, func(token, text string) (string, map[string]string, any) {
		return base + "/v3.0/oa/message/cs", map[string]string{"access_token": token},
			map[string]any{"recipient": map[string]string{"user_id": user}, "message": map[string]string{"text": text}}
	})
	if err == nil {
		c.refused = zaloRefused
	}
	return c, err
}

// zaloRefused reads an answer of Zalo, which refuses with status 200 and a number that is not 0.
func zaloRefused(answer []byte) error {
	var a struct {
		Error   int    `json:"error"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return errors.New("zalo: an answer that is no JSON")
	}
	if a.Error != 0 {
		return fmt.Errorf("zalo: error %d: %.200q", a.Error, a.Message)
	}
	return nil
}

// NewTelegram returns a target that writes to a Telegram chat. Providers in Viet Nam were told to block Telegram in May 2025.
func NewTelegram(base, chat string, token func(context.Context) (string, error), allow []netip.Prefix) (*Chat, error) {
	if base == "" {
		base = "https://api.telegram.org"
	}
	return newChat(base, chat, token, allow, func(token, text string) (string, map[string]string, any) {
		return base + "/bot" + token + "/sendMessage", nil, map[string]string{"chat_id": chat, "text": text}
	})
}

func newChat(base, to string, token func(context.Context) (string, error), allow []netip.Prefix, request func(string, string) (string, map[string]string, any)) (*Chat, error) {
	if err := CheckURL(base, allow); err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	if to == "" {
		return nil, errors.New("push: nobody to send to")
	}
	return &Chat{request: request, token: token, client: client(allow)}, nil
}

// Deliver implements Target.
func (c *Chat) Deliver(ctx context.Context, ns []hook.Notice) error {
	for _, n := range ns {
		token, err := c.token(ctx)
		if err != nil {
			return err
		}
		url, header, v := c.request(token, render.Chat(n))
		body, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("%w: %w", errFinal, err)
		}
		if header == nil {
			header = map[string]string{}
		}
		header["Content-Type"] = "application/json"
		answer, err := exchange(ctx, c.client, url, body, header)
		if err == nil && c.refused != nil {
			err = c.refused(answer)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

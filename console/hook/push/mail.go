package push

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"

	"khien/console/hook"
	"khien/console/hook/render"
)

// Mail notifies people by mail: several notices in one message, nothing in it that can be clicked.
type Mail struct {
	from   string
	to     []string
	client *mail.Client
}

// NewMail returns a target at a mail server, host and port. Without TLS (STARTTLS, or from the start on port 465) it sends
// to allowed private addresses only. user may be "".
func NewMail(addr, user, password, from string, to []string, allow []netip.Prefix) (*Mail, error) {
	host, p, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("push: mail: %w", err)
	}
	port, err := strconv.Atoi(p)
	if err != nil {
		return nil, fmt.Errorf("push: mail: port %q", p)
	}
	policy := mail.TLSMandatory
	if len(allow) > 0 {
		policy = mail.TLSOpportunistic
	}
	options := []mail.Option{mail.WithPort(port), mail.WithTLSPolicy(policy), mail.WithTimeout(20 * time.Second),
		mail.WithDialContextFunc(Dialer(allow).DialContext)}
	if port == 465 {
		options = append(options, mail.WithSSL())
	}
	if user != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(user), mail.WithPassword(password))
	}
	c, err := mail.NewClient(host, options...)
	if err != nil {
		return nil, fmt.Errorf("push: mail: %w", err)
	}
	if len(to) == 0 {
		return nil, errors.New("push: mail: nobody to send to")
	}
	m := &Mail{from, to, c}
	_, err = m.message(nil)
	return m, err
}

func (m *Mail) message(ns []hook.Notice) (*mail.Msg, error) {
	msg := mail.NewMsg()
	if err := msg.From(m.from); err != nil {
		return nil, fmt.Errorf("push: mail: from: %w", err)
	}
	if err := msg.To(m.to...); err != nil {
		return nil, fmt.Errorf("push: mail: to: %w", err)
	}
	title, text := render.Mail(ns)
	msg.Subject(title)
	msg.SetBodyString(mail.TypeTextPlain, text)
	if len(ns) > 0 {
		msg.SetMessageIDWithValue(ns[0].Event.ID + "@khien") // of a repetition too
		msg.SetDateWithValue(ns[len(ns)-1].Event.Time)
	}
	return msg, nil
}

// Deliver implements Target.
func (m *Mail) Deliver(ctx context.Context, ns []hook.Notice) error {
	msg, err := m.message(ns)
	if err != nil {
		return fmt.Errorf("%w: %w", errFinal, err)
	}
	return m.client.DialAndSendWithContext(ctx, msg)
}

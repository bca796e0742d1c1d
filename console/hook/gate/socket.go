package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"khien/console/hook"
)

// SocketName is the socket in the data folder over which commands reach the process that runs. Its mode lets in the
// folder's owner alone.
const SocketName = "block.sock"

const requestMax = 64 << 10

// wire is a Response with its error.
type wire struct {
	Response
	Error string `json:"error,omitempty"`
	Code  string `json:"code,omitempty"`
}

// codes name the errors that callers tell apart.
func codes() []struct {
	Code string
	Err  error
} {
	return []struct {
		Code string
		Err  error
	}{{"not_found", hook.ErrNotFound}, {"state", hook.ErrState}, {"never", hook.ErrNever}, {"brake", hook.ErrBrake}, {"four_eyes", hook.ErrFourEyes},
		{"bad_request", hook.ErrInput}, {"bad_value", hook.ErrValue}, {"exists", hook.ErrExists}}
}

// Code names an error that an operator can do something about; "" for others.
func Code(err error) string {
	for _, c := range codes() {
		if errors.Is(err, c.Err) {
			return c.Code
		}
	}
	return ""
}

// ServeSocket answers commands until ctx ends.
func (g *Gate) ServeSocket(ctx context.Context) error {
	path := filepath.Join(g.cfg.DataDir, SocketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) { // left behind: the data folder's lock is ours
		return fmt.Errorf("gate: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("gate: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(err, l.Close())
	}
	s := &http.Server{ReadTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q Request
		var out wire
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, requestMax)).Decode(&q)
		if err == nil {
			out.Response, err = g.Do(r.Context(), q)
		}
		if err != nil {
			out.Error, out.Code = err.Error(), Code(err)
		}
		if err := json.NewEncoder(w).Encode(out); err != nil {
			g.cfg.Log("answer a command: " + err.Error())
		}
	})}
	context.AfterFunc(ctx, func() { s.Close() })
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("gate: %w", err)
	}
	return nil
}

// ErrNotRunning is returned by Ask when no process answers in a data folder.
var ErrNotRunning = errors.New("gate: no khien run answers in this data folder")

// Ask lets the process that runs in a data folder do what an operator wants.
func Ask(ctx context.Context, dataDir string, q Request) (Response, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return Response{}, fmt.Errorf("gate: %w", err)
	}
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(dataDir, SocketName))
		if err != nil {
			return nil, ErrNotRunning
		}
		return conn, nil
	}}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://khien/", bytes.NewReader(body))
	if err != nil {
		return Response{}, fmt.Errorf("gate: %w", err)
	}
	resp, err := c.Do(r)
	if errors.Is(err, ErrNotRunning) {
		return Response{}, ErrNotRunning
	}
	if err != nil {
		return Response{}, fmt.Errorf("gate: %w", err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return Response{}, fmt.Errorf("gate: %w", err)
	}
	var out wire
	if err := json.Unmarshal(raw, &out); err != nil {
		return Response{}, fmt.Errorf("gate: %w", err)
	}
	if out.Error != "" {
		for _, k := range codes() {
			if k.Code == out.Code {
				return out.Response, &remote{out.Error, k.Err}
			}
		}
		return out.Response, errors.New(out.Error)
	}
	return out.Response, nil
}

// remote is an error that another process had.
type remote struct {
	text string
	is   error
}

func (e *remote) Error() string { return e.text }
func (e *remote) Unwrap() error { return e.is }

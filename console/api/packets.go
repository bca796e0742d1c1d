package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"time"

	"khien/console/account"
	"khien/detector"
)

const (
	packetsMax  = 64 << 20 // bytes of packets in one download
	packetsView = 8 << 20  // bytes of packets that are read for the page
	carvings    = 2        // at once: each reads the disk that the sensors write to
	transfers   = 8        // at once from sensors elsewhere, each of which bounds what it gives out
)

// Packets writes what is kept of a finding's packets as pcapng, at most max bytes of packets, here or where its sensor is. After
// an error what was written is worth nothing.
type Packets func(ctx context.Context, w io.Writer, f *detector.Finding, max int64) (PacketCount, error)

// PacketCount is what a Packets found. Without packets, what was written is an empty capture.
type PacketCount struct {
	Packets uint64
	More    bool // max was reached
	Damaged bool // a part of what is kept could not be read: there may have been more
}

// ErrNoFlow is what Packets returns for a finding that tells neither flow nor addresses.
var ErrNoFlow = errors.New("api: the finding is about no flow")

// carve writes the packets of the finding that a request names, as action in the audit log.
func (a *API) carve(w io.Writer, r *http.Request, who account.Account, action string, max int64) (detector.Finding, PacketCount, error) {
	none := func(code, title string) error { return &problem{Status: http.StatusNotFound, Code: code, Title: title} }
	f, err := a.cfg.Store.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return f, PacketCount{}, storeProblem(err)
	}
	if a.cfg.Packets == nil {
		return f, PacketCount{}, none("packets_off", "No packets are kept here")
	}
	if err := a.log(r, who.Name, action, f.ID, f.CommunityID); err != nil {
		return f, PacketCount{}, err
	}
	end, err := a.turn(r.Context())
	if err != nil {
		return f, PacketCount{}, err
	}
	defer end()
	n, err := a.cfg.Packets(r.Context(), writeWhile{r.Context(), w}, &f, max)
	switch {
	case errors.Is(err, ErrNoFlow):
		err = none("packets_no_flow", "The finding is about no flow")
	case errors.Is(err, ErrNotKept):
		err = none("packets_off", "The sensor keeps no packets")
	case errors.Is(err, fs.ErrNotExist), err == nil && n.Packets == 0:
		err = none("packets_none", "No packets of this flow are kept")
	case errors.Is(err, context.Canceled):
		err = storeProblem(err)
	default:
		err = a.unavailable(r.Context(), &f, err)
	}
	return f, n, err
}

// writeWhile fails to write once nobody waits for it any more.
type writeWhile struct {
	ctx context.Context
	w   io.Writer
}

func (w writeWhile) Write(b []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.w.Write(b)
}

// packetFile gives a finding's packets as a file. It is put together on the disk first, so that an error is one and not
// half a capture.
func (a *API) packetFile(w http.ResponseWriter, r *http.Request, who account.Account) (err error) {
	t, err := os.CreateTemp("", "khien-packets-")
	if err != nil {
		return fmt.Errorf("api: packets: %w", err)
	}
	defer func() {
		err = errors.Join(err, t.Close(), os.Remove(t.Name()))
	}()
	f, n, err := a.carve(t, r, who, "packets.download", packetsMax)
	if err != nil {
		return err
	}
	size, err := t.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = t.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("api: packets: %w", err)
	}
	name := "khien-" + f.ID
	if n.More || n.Damaged {
		name += "-part" // what is not whole does not pass for it
	}
	attachment(w, "application/x-pcapng", name+".pcapng")
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	io.Copy(w, t) // a browser that leaves sees a file that is too short
	return nil
}

// attachment sets the headers of an answer that is to be saved and never shown.
func attachment(w http.ResponseWriter, contentType, name string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
}

// packetList gives a finding's packets decoded, the first of them.
func (a *API) packetList(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var out bytes.Buffer
	f, n, err := a.carve(&out, r, who, "packets.view", packetsView)
	if err != nil {
		return err
	}
	list, more, err := decodePackets(&out, &f)
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"packets": list, "more": more || n.More, "damaged": n.Damaged, "max_bytes": packetsMax})
}

func nanoTime(n int64) time.Time { return time.Unix(0, n).UTC() }

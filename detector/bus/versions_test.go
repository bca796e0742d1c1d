package bus

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"khien/detector/bus/release"
)

// TestVersionsInParts: a pack of several parts comes as it was published; of the older ones the last is still there.
func TestVersionsInParts(t *testing.T) {
	dir := t.TempDir()
	h := startHub(t, dir, "127.0.0.1:0")
	token := enroll(t, dir, "so-y-te", RoleSensor, h)
	link, err := NewLink(dial(t, token), "so-y-te")
	if err != nil {
		t.Fatal(err)
	}
	nc, err := h.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	p, err := NewPublisher(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Newest(t.Context()); !errors.Is(err, ErrNoVersion) {
		t.Errorf("nothing was published: %v", err)
	}
	waitFor(t, "the hub says that nothing is published", func() bool { _, err := link.Version(t.Context()); return errors.Is(err, ErrNoVersion) })
	news, err := link.VersionNews()
	if err != nil {
		t.Fatal(err)
	}
	key, err := release.Key(dir)
	if err != nil {
		t.Fatal(err)
	}
	chaos := rand.NewChaCha8([32]byte{7})
	packs := map[uint64][]byte{}
	heads := map[uint64]release.Head{}
	for number := range uint64(4) {
		number++
		data := make([]byte, int(number)*release.PartBytes) // of which nothing can be saved
		chaos.Read(data)
		packed, err := release.Pack([]release.File{{Name: "rules/lists.lst", Data: data}})
		if err != nil {
			t.Fatal(err)
		}
		signed, err := release.Sign(key, release.Head{Number: number}, packed)
		if err != nil {
			t.Fatal(err)
		}
		if heads[number], err = release.Open(token.Signer, signed); err != nil {
			t.Fatal(err)
		}
		packs[number] = packed
		if err := p.Publish(t.Context(), heads[number], signed, packed); err != nil {
			t.Fatal(err)
		}
		<-news
		if got, err := link.Version(t.Context()); err != nil || !bytes.Equal(got, signed) {
			t.Fatalf("%q, %v", got, err)
		}
		if got, err := link.VersionPack(t.Context(), heads[number]); err != nil || !bytes.Equal(got, packed) {
			t.Fatalf("version %d: %d bytes of %d, %v", number, len(got), len(packed), err)
		}
	}
	f := func(h release.Head, want string) {
		t.Helper()
		_, err := link.VersionPack(t.Context(), h)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("version %d: %v, want %q", h.Number, err, want)
		}
	}
	f(heads[3], "")
	f(heads[2], ErrNoVersion.Error())
	f(heads[1], ErrNoVersion.Error())
	other := heads[4]
	other.SHA256 = heads[3].SHA256
	f(other, "not what was signed")
	other.Size = release.PartBytes - 1 // the parts are longer than the head says
	f(other, "more than")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := link.Version(ctx); err == nil {
		t.Error("asked though nobody wants to know")
	}
}

package cases

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// opened is a book with one case.
func opened(t *testing.T) (*Book, string) {
	t.Helper()
	b := book(t)
	c, err := b.Create(t.Context(), "an", "x", "")
	if err != nil {
		t.Fatal(err)
	}
	return b, c.ID
}

func history(c Case) string {
	out := ""
	for _, h := range c.History {
		out += h.What + "; "
	}
	return out
}

func TestTeam(t *testing.T) {
	b, id := opened(t)
	ctx := t.Context()
	steps := []struct {
		name string
		do   func() (Case, error)
		want string // owner and members, or the error
	}{
		{"an owner", func() (Case, error) { return b.SetOwner(ctx, "an", id, "an") }, "an []"},
		{"joins", func() (Case, error) { return b.Join(ctx, "an", id, "binh") }, "an [binh]"},
		{"joins again", func() (Case, error) { return b.Join(ctx, "an", id, "binh") }, "an [binh]"},
		{"the owner takes part already", func() (Case, error) { return b.Join(ctx, "an", id, "an") }, "an [binh]"},
		{"nobody", func() (Case, error) { return b.Join(ctx, "an", id, "") }, ErrInvalid.Error()},
		{"a member takes over", func() (Case, error) { return b.SetOwner(ctx, "an", id, "binh") }, "binh []"},
		{"no member", func() (Case, error) { return b.Leave(ctx, "an", id, "chi") }, ErrNotFound.Error()},
		{"no owner", func() (Case, error) { return b.SetOwner(ctx, "an", id, "") }, " []"},
	}
	for _, s := range steps {
		c, err := s.do()
		got := fmt.Sprint(c.Owner, " ", c.Members)
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, s.want) {
			t.Errorf("%s: %q, want %q", s.name, got, s.want)
		}
	}
	c, err := b.Get(ctx, id)
	if want := "created; owner:an; joined:binh; owner:binh; owner:; "; err != nil || history(c) != want {
		t.Errorf("history %q, want %q, %v", history(c), want, err)
	}
	for i := range MembersMax + 1 {
		_, err = b.Join(ctx, "an", id, fmt.Sprint("m", i))
	}
	if !errors.Is(err, ErrInvalid) {
		t.Errorf("too many members: %v", err)
	}
}

func TestReopen(t *testing.T) {
	b, id := opened(t)
	ctx := t.Context()
	if _, err := b.Reopen(ctx, "an", id, "nhầm"); !errors.Is(err, ErrInvalid) {
		t.Errorf("an open case: %v", err)
	}
	if _, err := b.Close(ctx, "an", id, "xong"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Reopen(ctx, "an", id, ""); !errors.Is(err, ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	c, err := b.Reopen(ctx, "an", id, "có nạn nhân mới")
	if err != nil || c.Status != Open || !c.Closed.IsZero() {
		t.Errorf("%+v, %v", c, err)
	}
	if open, err := b.List(ctx, Open); err != nil || len(open) != 1 {
		t.Errorf("open cases: %v, %v", open, err)
	}
}

func TestTasks(t *testing.T) {
	b, id := opened(t)
	ctx := t.Context()
	due := time.Date(2026, 11, 30, 2, 0, 0, 0, time.UTC)
	if _, err := b.AddTask(ctx, "an", id, Want{Text: " gọi ngân hàng ", Assignee: "binh", Due: due}); err != nil {
		t.Fatal(err)
	}
	c, err := b.AddTask(ctx, "an", id, Want{Text: "hỏi nhà mạng"})
	if err != nil || len(c.Tasks) != 2 || c.Tasks[0].Text != "gọi ngân hàng" || c.Tasks[1].ID != 2 {
		t.Fatalf("%+v, %v", c.Tasks, err)
	}
	done := Want{Text: "gọi ngân hàng", Assignee: "binh", Due: due, Done: true}
	for _, who := range []string{"binh", "an"} { // the second changes nothing
		if c, err = b.SetTask(ctx, who, id, 1, done); err != nil || c.Tasks[0].DoneBy != "binh" || c.Tasks[0].Done.IsZero() {
			t.Errorf("%+v, %v", c.Tasks[0], err)
		}
	}
	done.Done = false
	if c, err = b.SetTask(ctx, "an", id, 1, done); err != nil || c.Tasks[0].DoneBy != "" || !c.Tasks[0].Done.IsZero() {
		t.Errorf("%+v, %v", c.Tasks[0], err)
	}
	if c, err = b.DropTask(ctx, "an", id, 2); err != nil || len(c.Tasks) != 1 {
		t.Errorf("%+v, %v", c.Tasks, err)
	}
	if c, err = b.AddTask(ctx, "an", id, Want{Text: strings.Repeat("ờ", 300)}); err != nil || c.Tasks[1].ID != 3 {
		t.Errorf("an id is given again: %+v, %v", c.Tasks, err)
	}
	want := "created; task:gọi ngân hàng; task:hỏi nhà mạng; task.done:gọi ngân hàng; task.open:gọi ngân hàng; task.dropped:hỏi nhà mạng; task:" + strings.Repeat("ờ", briefMax) + "…; "
	if history(c) != want {
		t.Errorf("history %q, want %q", history(c), want)
	}
	refused := map[string]func() (Case, error){
		"no text": func() (Case, error) { return b.AddTask(ctx, "an", id, Want{Text: " "}) },
		"long":    func() (Case, error) { return b.AddTask(ctx, "an", id, Want{Text: strings.Repeat("x", TaskTextMax+1)}) },
		"year 9999": func() (Case, error) {
			return b.AddTask(ctx, "an", id, Want{Text: "x", Due: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)})
		},
		"no task": func() (Case, error) { return b.SetTask(ctx, "an", id, 99, Want{Text: "x"}) },
		"dropped": func() (Case, error) { return b.DropTask(ctx, "an", id, 2) },
	}
	for name, do := range refused {
		if _, err := do(); !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range TasksMax {
		_, err = b.AddTask(ctx, "an", id, Want{Text: "x"})
	}
	if !errors.Is(err, ErrInvalid) {
		t.Errorf("too many tasks: %v", err)
	}
}

func TestNormal(t *testing.T) {
	for _, c := range []struct{ kind, value, want string }{
		{Address, " 10.0.0.1 ", "10.0.0.1"},
		{Address, "::ffff:10.0.0.1", "10.0.0.1"},
		{Address, "fe80::1%eth0", ""},
		{Address, "10.0.0", ""},
		{Host, "XAU.Example.", "xau.example"},
		{Host, "https://xau.example/", ""},
		{Host, "a b", ""},
		{File, strings.Repeat("AB", 32), strings.Repeat("ab", 32)},
		{File, "abcd", ""},
		{Cert, strings.Repeat("ab:", 19) + "ab", strings.Repeat("AB", 20)},
		{Client, "t13d1516h2_8daaf6152771_b186095e22b6", "t13d1516h2_8daaf6152771_b186095e22b6"},
		{Account, "Vietcombank 0123456789 NGUYEN VAN A", "Vietcombank 0123456789 NGUYEN VAN A"},
		{Account, "a\u202eb", ""},
		{Account, strings.Repeat("x", entityMax+1), ""},
		{Account, "a\nb", ""},
		{"phone", "090", ""},
	} {
		got, err := Normal(c.kind, c.value)
		if got != c.want || (err == nil) != (c.want != "") || err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("%s %q: %q, %v, want %q", c.kind, c.value, got, err, c.want)
		}
	}
}

func TestEntities(t *testing.T) {
	b, id := opened(t)
	ctx := t.Context()
	until := b.Now().Add(time.Hour)
	for _, note := range []string{"", "máy chủ giả", ""} { // again, with and without a note
		if _, err := b.AddEntity(ctx, "an", id, Host, "Xau.example", note); err != nil {
			t.Fatal(err)
		}
	}
	c, err := b.SetWatch(ctx, "binh", id, Host, "xau.example", "đổi địa chỉ thì báo", until)
	if err != nil || len(c.Entities) != 1 || c.Entities[0].Note != "máy chủ giả" || c.Entities[0].Watch.By != "binh" {
		t.Fatalf("%+v, %v", c.Entities, err)
	}
	if c, err = b.SetWatch(ctx, "an", id, Host, "xau.example", "", time.Time{}); err != nil || c.Entities[0].Watch != nil {
		t.Errorf("%+v, %v", c.Entities, err)
	}
	for name, u := range map[string]time.Time{"past": b.Now(), "far": b.Now().Add(WatchMax + time.Hour)} {
		if _, err := b.SetWatch(ctx, "an", id, Host, "xau.example", "x", u); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.SetWatch(ctx, "an", id, Host, "xau.example", "", until); !errors.Is(err, ErrInvalid) {
		t.Errorf("watched without a note: %v", err)
	}
	if c, err = b.DropEntity(ctx, "an", id, Host, "xau.example"); err != nil || len(c.Entities) != 0 {
		t.Errorf("%+v, %v", c.Entities, err)
	}
	if _, err = b.DropEntity(ctx, "an", id, Host, "xau.example"); !errors.Is(err, ErrNotFound) {
		t.Errorf("gone: %v", err)
	}
	if want := "created; entity:xau.example; entity.note:xau.example; watched:xau.example; unwatched:xau.example; entity.dropped:xau.example; "; history(c) != want {
		t.Errorf("history %q, want %q", history(c), want)
	}
	for i := range EntitiesMax + 1 {
		_, err = b.AddEntity(ctx, "an", id, Host, fmt.Sprint("h", i, ".example"), "")
		if err == nil && i <= watchedCaseMax {
			_, werr := b.SetWatch(ctx, "an", id, Host, fmt.Sprint("h", i, ".example"), "x", until)
			if (i < watchedCaseMax) != (werr == nil) {
				t.Fatalf("watch %d: %v", i, werr)
			}
		}
	}
	if !errors.Is(err, ErrInvalid) {
		t.Errorf("too many entities: %v", err)
	}
}

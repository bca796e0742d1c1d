package bus

import (
	"fmt"
	"sync"
	"testing"
)

// TestTokensWhileTheHubStarts: the certificates of a hub are made by whoever comes first, and tokens that are made at the
// same time are all good for it.
func TestTokensWhileTheHubStarts(t *testing.T) {
	for range 5 {
		dir := t.TempDir()
		tokens := make([]Token, 8)
		var wg sync.WaitGroup
		for i := range tokens {
			wg.Go(func() {
				var err error
				if tokens[i], err = (Accounts{dir}).Enroll(fmt.Sprintf("site-%d", i), RoleSensor, []string{"tls://" + tlsName}); err != nil {
					t.Error(err)
				}
			})
		}
		h := startHub(t, dir, "127.0.0.1:0")
		wg.Wait()
		for _, token := range tokens {
			token.URLs = []string{"tls://" + h.Addr()} // it had none when they were made
			nc := dial(t, token)
			waitFor(t, token.Name+" is connected", nc.IsConnected)
		}
	}
}

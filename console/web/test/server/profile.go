package main

import (
	"os"
	"path/filepath"
)

// unit is what the made-up unit wrote about itself. The telephone of its contact is missing, so that a page has something to
// ask for.
const unit = `
agency: Trung tâm Giám sát an ninh mạng
symbol: TTGS
domain: soc.example.vn
contact: soc@soc.example.vn
facts:
  reporter.address: Số 1 đường Hòa Bình
  reporter.phone: "024 0000 0000"
  reporter.email: soc@soc.example.vn
  contact.name: Trần Thị Ửng
  contact.email: ung@soc.example.vn
  system.operator: Trung tâm Giám sát an ninh mạng
  incident.notified: police
`

// profile writes the unit's profile into the data folder of a console.
func profile(dir string) error {
	dir = filepath.Join(dir, "report")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "profile.yaml"), []byte(unit), 0o600)
}

package sensortest

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// file returns the bytes of a section: as it stands, decoded from hexadecimal or base64, or put together as a ZIP archive.
func (w *writer) file(name string) ([]byte, error) {
	if data, ok := w.files[name]; ok {
		return data, nil
	}
	if text, ok := w.files[name+".hex"]; ok {
		return hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	}
	if text, ok := w.files[name+".b64"]; ok {
		return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	}
	if text, ok := w.files[name+".text"]; ok {
		return manifest(string(text))
	}
	var members []string
	for section := range w.files {
		if path, ok := strings.CutPrefix(section, name+"/"); ok {
			members = append(members, plainName(path))
		}
	}
	if len(members) == 0 {
		return nil, fmt.Errorf("no section %q", name)
	}
	slices.Sort(members)
	return w.archive(name, members)
}

// plainName removes the extension that says how a section is written.
func plainName(path string) string {
	path, _ = strings.CutSuffix(path, ".hex")
	path, _ = strings.CutSuffix(path, ".b64")
	path, _ = strings.CutSuffix(path, ".text")
	return path
}

// archive puts members together in the order of their names, without times.
func (w *writer) archive(name string, members []string) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, path := range members {
		data, err := w.file(name + "/" + path)
		if err != nil {
			return nil, err
		}
		m, err := z.Create(path)
		if err == nil {
			_, err = m.Write(data)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func compress(data []byte) ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

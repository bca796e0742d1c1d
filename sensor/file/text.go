package file

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// textWindow is how much of a text is looked at for its encoding and language.
const textWindow = 8 << 10

// textType tells texts by their encoding and by what they begin with; what is no text is "data".
func textType(data []byte) (magic, mime string) {
	full := data
	if len(data) > textWindow {
		data = data[:textWindow]
	}
	encoding := textEncoding(data, len(full) > len(data))
	if encoding == "" {
		return "data", mimeBinary
	}
	body := bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if len(body) > 1 && body[0] >= 0xfe && strings.HasPrefix(encoding, "Unicode") {
		body = narrow(body[2:])
	}
	kind, mime := language(body)
	if kind == "JSON" {
		return "JSON text data", mime
	}
	if kind != "" {
		return kind + ", " + encoding + " text", mime
	}
	return encoding + " text" + lines(data), mimeText
}

// lines returns what file(1) says about line ends.
func lines(data []byte) string {
	lf := bytes.Count(data, []byte("\n"))
	crlf := bytes.Count(data, []byte("\r\n"))
	switch {
	case lf == 0 && bytes.IndexByte(data, '\r') < 0:
		return ", with no line terminators"
	case lf > 0 && lf == crlf:
		return ", with CRLF line terminators"
	}
	return ""
}

// textEncoding returns "ASCII", "Unicode text, UTF-8", "ISO-8859" and so on, or "" for what is no text.
func textEncoding(data []byte, cut bool) string {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return "Unicode text, UTF-8 (with BOM)"
	case bytes.HasPrefix(data, []byte("\xff\xfe")) && len(data) >= 4:
		return "Unicode text, UTF-16, little-endian"
	case bytes.HasPrefix(data, []byte("\xfe\xff")) && len(data) >= 4:
		return "Unicode text, UTF-16, big-endian"
	}
	high := false
	for _, c := range data {
		if c >= 0x80 {
			high = true
		} else if c < 0x20 && !textControl(c) || c == 0x7f {
			return ""
		}
	}
	if !high {
		return "ASCII"
	}
	for rest := data; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if r == utf8.RuneError && n <= 1 {
			if (cut || len(rest) < utf8.UTFMax) && len(rest) < utf8.UTFMax && !utf8.FullRune(rest) {
				break // the last character was cut off
			}
			return legacyEncoding(data)
		}
		rest = rest[n:]
	}
	return "Unicode text, UTF-8"
}

// textControl holds for the control characters that texts have: bell, backspace, tab, line feed, form feed, carriage
// return, escape.
func textControl(c byte) bool {
	return c >= 0x07 && c <= 0x0d && c != 0x0b || c == 0x1b
}

func legacyEncoding(data []byte) string {
	for _, c := range data {
		if c >= 0x80 && c < 0xa0 {
			return "Non-ISO extended-ASCII"
		}
	}
	return "ISO-8859"
}

// narrow drops the zero bytes of UTF-16, enough to look at ASCII keywords in it.
func narrow(d []byte) []byte {
	out := make([]byte, 0, len(d)/2)
	for _, c := range d {
		if c != 0 {
			out = append(out, c)
		}
	}
	return out
}

// openings are how texts of a known language begin, in lower case.
var openings = [...]struct{ mark, kind, mime string }{
	{"<!doctype html", "HTML document", "text/html"},
	{"<html", "HTML document", "text/html"},
	{"<head", "HTML document", "text/html"},
	{"<body", "HTML document", "text/html"},
	{"<title", "HTML document", "text/html"},
	{"<script", "HTML document", "text/html"},
	{"<table", "HTML document", "text/html"},
	{"<iframe", "HTML document", "text/html"},
	{"<h1", "HTML document", "text/html"},
	{"<svg", "SVG Scalable Vector Graphics image", "image/svg+xml"},
	{"<?php", "PHP script", "text/x-php"},
	{"<hta:", "HTML document", "text/html"},
	{"<job", "Windows Script File", "text/xml"},
	{"<%@", "ASP source", "text/x-asp"},
	{"#!/bin/sh", "POSIX shell script", "text/x-shellscript"},
	{"#! /bin/sh", "POSIX shell script", "text/x-shellscript"},
	{"#!/bin/bash", "Bourne-Again shell script", "text/x-shellscript"},
	{"#!/usr/bin/bash", "Bourne-Again shell script", "text/x-shellscript"},
	{"#!/usr/bin/env bash", "Bourne-Again shell script", "text/x-shellscript"},
	{"#!/usr/bin/env python", "Python script", "text/x-script.python"},
	{"#!/usr/bin/python", "Python script", "text/x-script.python"},
	{"#!/usr/bin/env perl", "Perl script", "text/x-perl"},
	{"#!/usr/bin/perl", "Perl script", "text/x-perl"},
	{"#!/usr/bin/env php", "PHP script", "text/x-php"},
	{"#!/usr/bin/php", "PHP script", "text/x-php"},
	{"#!/usr/bin/env node", "Node.js script", "application/javascript"},
	{"@echo off", "DOS batch file", "text/x-msdos-batch"},
	{"[internetshortcut]", "MS Windows 95 Internet shortcut", "application/x-wine-extension-ini"},
	{"-----begin pgp", "PGP message", "application/pgp"},
	{"-----begin certificate-----", "PEM certificate", "application/x-x509-ca-cert"},
	{"-----begin rsa private key-----", "PEM RSA private key", "application/x-pem-file"},
	{"-----begin private key-----", "PEM private key", "application/x-pem-file"},
	{"begin:vcard", "vCard visiting card", "text/vcard"},
	{"begin:vcalendar", "vCalendar calendar file", "text/calendar"},
	{"%!ps", "PostScript document", "application/postscript"},
	{"mime-version:", "MIME entity", "message/rfc822"},
	{"received:", "RFC 822 mail", "message/rfc822"},
}

// language guesses what a text is written in.
func language(body []byte) (kind, mime string) {
	body = bytes.TrimLeft(body, " \t\r\n\f")
	var low [1024]byte
	n := copy(low[:], body)
	for i, c := range low[:n] {
		if c >= 'A' && c <= 'Z' {
			low[i] = c + 'a' - 'A'
		}
	}
	text := low[:n]
	for i := range openings {
		if o := &openings[i]; len(text) >= len(o.mark) && string(text[:len(o.mark)]) == o.mark {
			return o.kind, o.mime
		}
	}
	switch {
	case bytes.HasPrefix(text, []byte("<?xml")):
		switch {
		case bytes.Contains(text, []byte("<svg")):
			return "SVG Scalable Vector Graphics image", "image/svg+xml"
		case bytes.Contains(text, []byte("<html")), bytes.Contains(text, []byte("<!doctype html")):
			return "XHTML document", "text/html"
		}
		return "XML 1.0 document", "text/xml"
	case bytes.HasPrefix(text, []byte("<!--")) && bytes.Contains(text, []byte("<html")):
		return "HTML document", "text/html"
	case bytes.HasPrefix(text, []byte("{\"")), bytes.HasPrefix(text, []byte("[{\"")), bytes.HasPrefix(text, []byte("{\n")):
		return "JSON", "application/json"
	}
	return script(text)
}

// marks of languages that have no fixed beginning; two of a language are taken as proof.
var marks = [...]struct {
	kind, mime string
	words      [8]string
}{
	{"JavaScript source", "application/javascript", [8]string{"function(", "function (", "var ", "document.", "window.", "const ", "=> {", "let "}},
	{"VBScript source", "text/vbscript", [8]string{"createobject(", "dim ", "end sub", "wscript.", "on error resume next", "end if", "set ", "end function"}},
	{"PowerShell script", "text/x-powershell", [8]string{"invoke-expression", "new-object ", "$env:", "param(", "-encodedcommand", "iex(", "write-host", "[system."}},
	{"Python script", "text/x-script.python", [8]string{"import os", "import sys", "\ndef ", "from ", "\nclass ", "self.", "print(", "import "}},
	{"C source", "text/x-c", [8]string{"#include <", "#include \"", "int main(", "#define ", "printf(", "#ifdef ", "struct ", "void "}},
}

func script(text []byte) (kind, mime string) {
	for i := range marks {
		m, found := &marks[i], 0
		for _, w := range m.words {
			if bytes.Contains(text, []byte(w)) {
				found++
			}
		}
		if found >= 2 {
			return m.kind, m.mime
		}
	}
	return "", ""
}

package conf

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Markdown writes the settings as a table for the documentation. It shows no
// values, so the same struct always gives the same bytes.
func Markdown(w io.Writer, settings []Setting) error {
	var b strings.Builder
	b.WriteString("| Setting | Type | Default | Needs | What it does |\n")
	b.WriteString("|---|---|---|---|---|\n")
	for _, s := range settings {
		names := code(s.Name)
		for _, alias := range s.Aliases {
			names += " or " + code(alias)
		}
		kind := s.Type
		if s.Secret {
			kind += ", secret"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", names, kind, code(s.Default), code(s.Feature), cell(s.Help))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// cell keeps text inside its table cell and from becoming markup of HTML.
func cell(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(text)
}

// code is a code span; the fence is longer than any run of backticks inside.
func code(text string) string {
	if text == "" {
		return ""
	}
	text = strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		text = " " + text + " "
	}
	return fence + text + fence
}

// Text writes the settings with their values for a terminal, one a line. What
// a terminal would act on is written as escapes.
func Text(w io.Writer, settings []Setting) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range settings {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", s.Name, printable(s.Value), s.Type, printable(s.Help))
	}
	return tw.Flush()
}

func printable(text string) string {
	for _, r := range text {
		if !strconv.IsPrint(r) {
			return strconv.Quote(text)
		}
	}
	return text
}

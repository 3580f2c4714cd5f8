package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// printable returns s with everything a terminal would act on written as an
// escape: names and browsers are what strangers sent (ASVS 1.2.9).
func printable(s string) string {
	for _, r := range s {
		if !strconv.IsPrint(r) {
			return strconv.Quote(s)
		}
	}
	return s
}

func quote(s string) string { return strconv.Quote(s) }

type fact struct{ name, value string }

// writeFacts writes names and values below each other; "-" for no value.
func writeFacts(w io.Writer, facts []fact) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range facts {
		fmt.Fprintf(tw, "  %s\t%s\n", f.name, cell(f.value))
	}
	_ = tw.Flush() // a terminal that is gone cannot be told
}

// writeTable writes rows in columns.
func writeTable(w io.Writer, rows [][]string) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = cell(c)
		}
		fmt.Fprintln(tw, strings.Join(cells, "\t"))
	}
	_ = tw.Flush()
}

func cell(s string) string {
	if s == "" {
		return "-"
	}
	return printable(s)
}

package main

import (
	"strings"
	"unicode/utf8"
)

// columnGap keeps the columns of a table apart.
const columnGap = "  "

// table aligns cells in columns.
type table struct {
	rows [][]string
	// paint colours a cell that has been padded; nil leaves all as they are.
	paint func(row, column int, padded string) string
}

func newTable(header ...string) *table { return &table{rows: [][]string{header}} }

// add appends a row. An empty cell is shown as a dash, but for the last.
func (t *table) add(cells ...string) {
	for i, cell := range cells {
		if cells[i] = printable(cell); cell == "" && i < len(cells)-1 {
			cells[i] = "-"
		}
	}
	t.rows = append(t.rows, cells)
}

// lines renders the rows, cut to the width where it is positive.
func (t *table) lines(width int) []string {
	widths := t.widths()
	out := make([]string, len(t.rows))
	for r, row := range t.rows {
		var b strings.Builder
		used := 0
		for c, cell := range row {
			if c < len(row)-1 {
				cell = pad(cell, widths[c]) + columnGap
			}
			if width > 0 {
				cell = clip(cell, width-used)
			}
			used += utf8.RuneCountInString(cell)
			if t.paint != nil {
				cell = t.paint(r, c, cell)
			}
			b.WriteString(cell)
		}
		out[r] = strings.TrimRight(b.String(), " ")
	}
	return out
}

func (t *table) widths() []int {
	var widths []int
	for _, row := range t.rows {
		for c, cell := range row {
			if c == len(widths) {
				widths = append(widths, 0)
			}
			widths[c] = max(widths[c], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

// write renders the table in full.
func (t *table) write(b *strings.Builder) {
	for _, line := range t.lines(0) {
		b.WriteString(line + "\n")
	}
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// clip cuts a text to the width, and shows that it did.
func clip(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	if width <= 0 {
		return ""
	}
	return string([]rune(s)[:width-1]) + "…"
}

// writeFields writes a name and its value a line; fields without a value are left out.
func writeFields(b *strings.Builder, fields ...[2]string) {
	t := &table{}
	for _, f := range fields {
		if f[1] != "" {
			t.add(f[0]+":", f[1])
		}
	}
	t.write(b)
}

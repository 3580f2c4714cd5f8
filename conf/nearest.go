package conf

import (
	"maps"
	"slices"
	"strings"
)

const (
	maxTypos   = 3  // how many edits away a hint may be
	maxGuessed = 80 // names longer than this are not guessed at
)

// nearest returns the known name that was probably meant, or "". A name that is
// right but for its prefix or its case comes before one with typing errors.
func (l Loader) nearest(name string, known map[string]bool) string {
	if len(name) > maxGuessed {
		return ""
	}
	upper := strings.ToUpper(name)
	bare := strings.TrimPrefix(upper, Prefix)
	for _, guess := range []string{upper, bare, Prefix + upper} {
		if known[guess] {
			return guess
		}
	}
	candidates := slices.Sorted(maps.Keys(known))
	for _, other := range l.Known {
		if !strings.HasSuffix(other, "*") {
			candidates = append(candidates, other)
		}
	}
	best, fewest := "", min(maxTypos, len(bare)/3)+1
	for _, candidate := range candidates {
		if d := distance(upper, candidate); d < fewest {
			best, fewest = candidate, d
		}
	}
	return best
}

// distance is the Levenshtein distance: how many letters must be inserted,
// removed or replaced.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

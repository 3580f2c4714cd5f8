package password

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Breaches counts in how many known leaks a password was seen.
type Breaches interface {
	// Count returns the number of sightings, 0 for none. The password is normalised.
	// An error means that nothing is known; it must not contain the password or its hash.
	Count(ctx context.Context, plain string) (int, error)
}

// rangeClient asks the "Have I Been Pwned" range API. The site learns the first 20 bits
// of a SHA-1, which hundreds of leaked passwords share, and padding hides from the wire
// which range it was.
type rangeClient struct {
	http     *http.Client
	base     string
	maxBytes int64
}

// rangePrefix is how many hexadecimal digits of the digest are told.
const rangePrefix = 5

func newRangeClient(cfg Config) *rangeClient {
	return &rangeClient{
		http: &http.Client{
			Timeout:       cfg.BreachedTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		base:     strings.TrimSuffix(cfg.BreachedURL, "/"),
		maxBytes: int64(cfg.BreachedMaxBytes),
	}
}

// Count implements [Breaches].
func (c *rangeClient) Count(ctx context.Context, plain string) (int, error) {
	sum := sha1.Sum([]byte(plain)) // what the API is keyed by; not for storage
	digest := strings.ToUpper(hex.EncodeToString(sum[:]))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/range/"+digest[:rangePrefix], nil)
	if err != nil {
		return 0, errors.New("password: leak range API: bad base URL")
	}
	req.Header.Set("User-Agent", "Doorward")
	req.Header.Set("Add-Padding", "true")
	res, err := c.http.Do(req)
	if err != nil {
		return 0, errors.New("password: leak range API: not reached") // the cause holds the URL with the prefix
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("password: leak range API: status %d", res.StatusCode)
	}
	return c.find(res.Body, digest[rangePrefix:])
}

// find reads lines SUFFIX:COUNT, perhaps behind a byte order mark. Padding lines have
// the count 0.
func (c *rangeClient) find(body io.Reader, suffix string) (int, error) {
	limited := &io.LimitedReader{R: body, N: c.maxBytes + 1}
	lines := bufio.NewScanner(limited)
	count := 0
	for lines.Scan() {
		name, number, ok := strings.Cut(strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\uFEFF")), ":")
		if !ok || !strings.EqualFold(name, suffix) {
			continue
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 {
			return 0, errors.New("password: leak range API: bad count")
		}
		count = n
	}
	if limited.N <= 0 {
		return 0, errors.New("password: leak range API: answer too long")
	}
	if lines.Err() != nil {
		return 0, errors.New("password: leak range API: answer broke off")
	}
	return count, nil
}

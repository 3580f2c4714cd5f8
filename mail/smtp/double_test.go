package smtp_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// What a double does in the place of its answer.
const (
	hang = "hang"
	drop = "drop"
)

// double is a server that does as it is told at each verb. CONNECT is the
// greeting, TLS the handshake, and "." the end of a mail.
type double struct {
	ext      []string            // what EHLO lists
	answers  map[string][]string // taken in turn; then the usual ones
	tls      *tls.Config         // for STARTTLS, or from the first byte if implicit
	implicit bool

	t       *testing.T
	ln      net.Listener
	reached chan string // each verb that hangs
	over    chan struct{}

	mu    sync.Mutex
	lines []string // commands, in order
	mails []string
	conns int
}

func (d *double) start(t *testing.T) int {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.t, d.ln, d.over, d.reached = t, ln, make(chan struct{}), make(chan string, 10)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { d.serve(c) })
		}
	})
	t.Cleanup(func() {
		close(d.over)
		_ = ln.Close()
		serving.Wait()
	})
	return ln.Addr().(*net.TCPAddr).Port
}

// say answers a verb. It is false when the connection has to end.
func (d *double) say(w net.Conn, verb, usual string) bool {
	d.mu.Lock()
	answer := usual
	if a := d.answers[verb]; len(a) > 0 {
		answer, d.answers[verb] = a[0], a[1:]
	}
	d.mu.Unlock()
	switch answer {
	case hang:
		d.reached <- verb
		<-d.over
		return false
	case drop:
		return false
	}
	_, err := fmt.Fprintf(w, "%s\r\n", answer)
	return err == nil && !strings.HasPrefix(answer, "421")
}

func (d *double) serve(raw net.Conn) {
	d.mu.Lock()
	d.conns++
	d.mu.Unlock()
	done := make(chan struct{})
	defer close(done)
	defer func() { _ = raw.Close() }()
	go func() { // no client outlives the test
		select {
		case <-d.over:
			_ = raw.Close()
		case <-done:
		}
	}()
	c := raw
	if d.implicit {
		if !d.handshake(&c) {
			return
		}
	}
	if !d.say(c, "CONNECT", "220 double") {
		return
	}
	for r := bufio.NewReader(c); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		d.mu.Lock()
		d.lines = append(d.lines, line)
		d.mu.Unlock()
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		if !d.obey(&c, r, verb) {
			return
		}
		if verb == "STARTTLS" {
			r = bufio.NewReader(c)
		}
	}
}

// obey does what a command asks for.
func (d *double) obey(c *net.Conn, r *bufio.Reader, verb string) bool {
	switch verb {
	case "EHLO":
		usual := "250-double"
		for _, e := range d.ext {
			usual += "\r\n250-" + e
		}
		return d.say(*c, verb, usual+"\r\n250 HELP")
	case "STARTTLS":
		return d.say(*c, verb, "220 go on") && d.handshake(c)
	case "AUTH":
		return d.say(*c, verb, "235 welcome")
	case "DATA":
		if !d.say(*c, verb, "354 go on") {
			return false
		}
		return d.text(*c, r)
	case "QUIT":
		d.say(*c, verb, "221 bye")
		return false
	}
	return d.say(*c, verb, "250 ok")
}

func (d *double) handshake(c *net.Conn) bool {
	if a := d.answers["TLS"]; len(a) > 0 {
		return d.say(*c, "TLS", "")
	}
	encrypted := tls.Server(*c, d.tls)
	if encrypted.HandshakeContext(context.Background()) != nil {
		return false
	}
	*c = encrypted
	return true
}

// text reads a mail, unless DATA was refused.
func (d *double) text(c net.Conn, r *bufio.Reader) bool {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		if strings.HasPrefix(line, "QUIT") { // DATA was refused
			return false
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
	d.mu.Lock()
	d.mails = append(d.mails, b.String())
	d.mu.Unlock()
	return d.say(c, ".", "250 taken")
}

func (d *double) connections() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.conns
}

func (d *double) taken() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.mails...)
}

func (d *double) commands() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.lines, "\n")
}

// certificate makes one for this machine's names, and what trusts it.
func certificate(t *testing.T) (certPEM, keyPEM []byte, own tls.Certificate, trust *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "double"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var c, k bytes.Buffer
	_ = pem.Encode(&c, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	_ = pem.Encode(&k, &pem.Block{Type: "PRIVATE KEY", Bytes: raw})
	if own, err = tls.X509KeyPair(c.Bytes(), k.Bytes()); err != nil {
		t.Fatal(err)
	}
	trust = x509.NewCertPool()
	trust.AppendCertsFromPEM(c.Bytes())
	return c.Bytes(), k.Bytes(), own, trust
}

package clustertest_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/testdb"
)

// balancer is nginx, which gives each request to the next server. One that
// cannot be reached is passed over; a request that may have been heard is
// repeated only where that does no harm.
const balancer = `daemon off;
worker_processes 1;
pid %[1]s/nginx.pid;
error_log %[1]s/error.log warn;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi;
  scgi_temp_path %[1]s/scgi;
  upstream doorward {
%[3]s  }
  server {
    listen %[2]s;
    location / {
      proxy_pass http://doorward;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_connect_timeout 2s;
      proxy_next_upstream error timeout;
    }
  }
}
`

// balance starts nginx in front of the servers and returns its URL.
func (c *cluster) balance() string {
	c.t.Helper()
	nginx := program(c.t, "nginx", "/usr/sbin/nginx")
	dir := c.t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		c.t.Fatal(err)
	}
	var upstream strings.Builder
	for _, s := range c.servers {
		fmt.Fprintf(&upstream, "    server %s max_fails=1 fail_timeout=1s;\n", s.addr)
	}
	addr, conf := free(c.t), filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, balancer, dir, addr, upstream.String()), 0o644); err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.Command(nginx, "-c", conf, "-p", dir, "-e", filepath.Join(dir, "error.log"))
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	url := "http://" + addr
	poll(c.t, "nginx does not answer", func() bool {
		res, err := http.Get(url + "/healthz")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return url
}

// program finds one in PATH or where Debian puts it, or skips the test.
func program(t *testing.T, name, usual string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	if found, _ := filepath.Glob(usual); len(found) > 0 {
		return found[len(found)-1]
	}
	testdb.Missing(t, "there is no "+name)
	return ""
}

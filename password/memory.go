package password

import (
	"bytes"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

// memoryLimit returns how many bytes the process may use: the least of GOMEMLIMIT, the
// limits of its control groups, and the memory of the machine. Zero means that none of
// them is known.
func memoryLimit() uint64 {
	soft := uint64(debug.SetMemoryLimit(-1))
	if soft == math.MaxInt64 {
		soft = 0 // not set
	}
	if runtime.GOOS != "linux" {
		return soft
	}
	return least(soft, systemMemory(os.DirFS("/")))
}

// systemMemory reads what Linux tells, in the root directory given. What cannot be read
// is unknown.
func systemMemory(root fs.FS) uint64 {
	limit := machineMemory(root)
	groups, _ := fs.ReadFile(root, "proc/self/cgroup")
	for line := range strings.Lines(string(groups)) {
		// hierarchy:controllers:/path, where version 2 has 0 and no controllers
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(f) != 3:
		case f[0] == "0" && f[1] == "":
			limit = least(limit, groupMemory(root, "sys/fs/cgroup", f[2], "memory.max"))
		case strings.Contains(","+f[1]+",", ",memory,"):
			limit = least(limit, groupMemory(root, "sys/fs/cgroup/memory", f[2], "memory.limit_in_bytes"))
		}
	}
	return limit
}

// groupMemory returns the least limit of a group and those around it. Inside a container
// only the outermost directory may exist, and it is the container's own.
func groupMemory(root fs.FS, mount, group, file string) (limit uint64) {
	for group = path.Clean("/" + group); ; group = path.Dir(group) {
		text, _ := fs.ReadFile(root, path.Join(mount, group, file))
		n, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 10, 64)
		if err == nil { // "max" is none
			limit = least(limit, n)
		}
		if group == "/" {
			return limit
		}
	}
}

// machineMemory reads "MemTotal: 123 kB".
func machineMemory(root fs.FS) uint64 {
	info, _ := fs.ReadFile(root, "proc/meminfo")
	for line := range strings.Lines(string(info)) {
		f := strings.Fields(line)
		if len(f) == 3 && f[0] == "MemTotal:" && f[2] == "kB" {
			n, _ := strconv.ParseUint(f[1], 10, 53)
			return n << 10
		}
	}
	return 0
}

// least is the smaller of two amounts, zero being unknown.
func least(a, b uint64) uint64 {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

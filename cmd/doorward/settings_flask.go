package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/doorward/doorward/cmd/doorward/internal/fromflask"
	"github.com/doorward/doorward/cmd/doorward/internal/pysettings"
	"github.com/doorward/doorward/cmd/doorward/internal/settings"
	"github.com/doorward/doorward/conf"
)

// fromFlask says which settings of a Flask application are to be read.
type fromFlask struct {
	file, class string
	strict      bool
}

func (f *fromFlask) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "from-flask", "", "print the configuration that a Python `file` of a Flask application stands for")
	cmd.Flags().StringVar(&f.class, "class", "", "with --from-flask, `name` of the class, or of the function, that has the settings")
	cmd.Flags().BoolVar(&f.strict, "strict", false, "with --from-flask, fail if anything was not understood")
}

// largestSource is how much of a file is looked at; a little more than what is
// accepted.
const largestSource = 2 << 20

// settingsFromFlask prints a configuration to standard output and what became of
// each setting to standard error.
func (p *program) settingsFromFlask(f fromFlask) error {
	file, err := readPython(f.file)
	if err != nil {
		return err
	}
	all, err := settings.All()
	if err != nil {
		return err
	}
	part, err := choosePart(file, f, fromflask.Known(all))
	if err != nil {
		return err
	}
	read, problems, _ := file.Settings(part)
	from := f.file
	if part != "" {
		from += ", " + part
	}
	t := fromflask.Translate(from, read, problems, all)
	if t.Empty() {
		return fmt.Errorf("%s has no settings of Flask that could be read%s\nGive the file with lines like SECURITY_REGISTERABLE = True, or app.config[\"SECURITY_REGISTERABLE\"] = True", f.file, firstProblem(problems))
	}
	verify(t)
	hide := isTerminal(p.stdout)
	if _, err := io.WriteString(p.stdout, t.TOML(hide)); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	fmt.Fprint(p.stderr, t.Report())
	if hide {
		fmt.Fprintf(p.stderr, "\nSecrets are not shown on a terminal. To get them all:\n  doorward settings --from-flask %s > doorward.toml\n", f.file)
	}
	if f.strict && !t.Understood() {
		return errors.New("not everything was understood")
	}
	return nil
}

func readPython(path string) (*pysettings.File, error) {
	source, err := readSource(path)
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err // which does not name the file again
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, err)
	}
	file, err := pysettings.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, err)
	}
	return file, nil
}

func readSource(path string) ([]byte, error) {
	r, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	source, err := io.ReadAll(io.LimitReader(r, largestSource))
	return source, errors.Join(err, r.Close())
}

// choosePart decides which class, or function, of a file has the settings; ""
// is the file itself.
func choosePart(file *pysettings.File, f fromFlask, known func(string) bool) (string, error) {
	if f.class != "" {
		if _, _, ok := file.Settings(f.class); !ok {
			return "", &usageError{f.file + " has no class or function " + quote(f.class), ""}
		}
		return f.class, nil
	}
	whole, _, _ := file.Settings("")
	parts, kind := file.Classes(known), "classes"
	if len(parts) == 0 {
		parts, kind = file.Functions(), "functions"
		if len(parts) > 1 && len(whole) > 0 {
			return "", nil
		}
	}
	switch len(parts) {
	case 0:
		return "", nil
	case 1:
		return parts[0], nil
	}
	return "", &usageError{f.file + " has settings in several " + kind, "Name one with --class: " + strings.Join(parts, ", ")}
}

func firstProblem(problems []pysettings.Problem) string {
	if len(problems) == 0 {
		return ""
	}
	return fmt.Sprintf(" (line %d: %s)", problems[0].Line, problems[0].Reason)
}

// mostChecks is how often a configuration is tried at most: a check may name but one
// of several lines that it refuses. What is left then is to be looked at.
const mostChecks = 200

// verify tries the configuration, and turns off what would be refused.
func verify(t *fromflask.Translation) {
	t.Secrets()
	problems := settings.Check(t.Vars())
	for range min(len(t.Vars()), mostChecks) {
		again := false
		for _, err := range problems {
			if e, ok := errors.AsType[*conf.Error](err); ok && t.Reject(e) {
				again = true
			}
		}
		if !again {
			break
		}
		problems = settings.Check(t.Vars())
	}
	for _, err := range problems {
		t.Missing(err.Error())
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// sqliteScript is the command "sqlite FILE SQL..." of the scripts: it runs SQL on
// a file. What is no SQL is the name of one of Flask-Security's models, whose
// database it makes.
func sqliteScript(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: sqlite FILE SQL...")
	}
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	for _, text := range args[1:] {
		if !strings.Contains(text, " ") {
			model, err := os.ReadFile(filepath.Join("..", "..", "sqlstore", "testdata", text+".sqlite.sql"))
			ts.Check(err)
			text = string(model)
		}
		_, err := db.Exec(text)
		ts.Check(err)
	}
	ts.Check(db.Close())
}

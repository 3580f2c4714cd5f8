package demo

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
)

//go:embed pages
var files embed.FS

// Pages returns the application's own pages: home, account, admin and project.
func Pages() *template.Template {
	return template.Must(template.ParseFS(files, "pages/*.html"))
}

// Show answers with one of the pages, where the router has no way of its own.
func Show(w http.ResponseWriter, page string, data any) {
	var b bytes.Buffer
	if err := Pages().ExecuteTemplate(&b, page, data); err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes())
}

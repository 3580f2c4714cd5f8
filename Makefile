# Everything that is built, tested or generated starts here. `make help` lists it.

MAKEFLAGS += --warn-undefined-variables --no-builtin-rules
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

GO ?= go
# Where `make build` puts the program.
BIN ?= bin
# How long each fuzz target runs.
FUZZTIME ?= 5s
# The limit for the tests of one package.
TIMEOUT ?= 15m
# Narrows `make test`, `make race` and `make vet`: make test PKG=./signed/...
PKG ?= ./...
# Runs a command with the databases that tests need. Several targets share one
# pair of them: scripts/services run make race modules.
SERVICES := scripts/services run
# Modules below this one are tested with the whole, not with a part of it.
MODULES := $(if $(filter ./...,$(PKG)),modules)
# Languages that `make i18n` begins.
NEW ?=
STATICCHECK ?= honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-13s %s\n", $$1, $$2}' Makefile

.PHONY: build
build: ## build the server and command line into bin/
	$(GO) build -trimpath -o $(BIN)/ ./cmd/doorward

.PHONY: test
test: deps vet race $(MODULES) ## install what the tests need, then vet and tests with the race detector

.PHONY: check
check: format vet staticcheck race $(MODULES) archtest docs-current fuzz ## what must hold before a change is offered, and short fuzzing

.PHONY: deps
deps: ## install the browser, databases and proxy of the tests (Debian, as root), or say what is left out
	@scripts/test-deps

.PHONY: race
race: ## go test -race, never from the cache
	$(SERVICES) $(GO) test -race -count=1 -timeout $(TIMEOUT) $(PKG)

.PHONY: modules
modules: ## vet and test the modules below this one with the race detector
	scripts/modules $(GO) vet ./...
	$(SERVICES) scripts/modules $(GO) test -race -count=1 -timeout $(TIMEOUT) ./...

.PHONY: vet
vet: ## go vet
	$(GO) vet $(PKG)

.PHONY: format
format: ## fail and name the files that gofmt would change
	@scripts/check-format

.PHONY: staticcheck
staticcheck: ## staticcheck, at the version named in this file
	$(GO) run $(STATICCHECK) ./...
	scripts/modules $(GO) run $(STATICCHECK) ./...

.PHONY: archtest
archtest: ## the rules of the import graph, the export budgets and the text of the files
	$(GO) test -count=1 ./internal/archtest

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (5s)
	@GO="$(GO)" FUZZTIME="$(FUZZTIME)" scripts/fuzz $(PKG)

.PHONY: browser
browser: deps ## the tests that drive a real browser, and nothing else
	DOORWARD_REQUIRE_BROWSER=1 $(GO) test -count=1 -timeout $(TIMEOUT) -run Browser -v $(PKG)

.PHONY: bench
bench: ## the table of what a request costs
	$(GO) test -run '^(TestTable|TestTwins)$$' -count=1 -timeout 30m -v ./internal/bench -bench-table

.PHONY: storm
storm: ## what a server does while 500 people sign in at once, as a table
	$(GO) run ./internal/bench/storm

.PHONY: lookups
lookups: ## what finding a user costs in small and large databases, as a table
	scripts/services run $(GO) test -run '^TestLookups$$' -count=1 -timeout 60m -v ./internal/bench -lookups-users 1000000

.PHONY: interop
interop: ## run beside the original Flask-Security and print what each reads of the other
	@GO="$(GO)" scripts/interop

.PHONY: cover
cover: ## statement coverage over all packages, in .cache/coverage.html
	@mkdir -p .cache
	$(SERVICES) $(GO) test -count=1 -timeout $(TIMEOUT) -coverpkg=./... -coverprofile=.cache/coverage.out $(PKG)
	$(GO) tool cover -html=.cache/coverage.out -o .cache/coverage.html
	$(GO) tool cover -func=.cache/coverage.out | tail -n 1

.PHONY: i18n
i18n: ## bring the translations up to date and say what is missing; NEW="de fr" begins languages
	$(GO) run ./cmd/doorward/internal/i18ncheck $(NEW)

.PHONY: docs
docs: ## write docs/settings.md from the settings' struct tags
	@GO="$(GO)" scripts/docs

.PHONY: docs-current
docs-current: ## fail if docs/settings.md is not what the code says
	@GO="$(GO)" scripts/docs --check

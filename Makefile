# rackflow: make help says what there is. CI calls the same targets.
BIN := $(CURDIR)/bin
GO  ?= go

GOLANGCI_LINT := v2.15.0
WORKFLOWCHECK := v0.6.0

# Packages that link the embedded Temporal server: the race detector would compile all of it again.
SERVER_PACKAGES := /standalone$$|/cmd/rackflow$$|/e2e$$
RACE_PACKAGES    = $(shell $(GO) list ./... | grep -Ev '$(SERVER_PACKAGES)')

.PHONY: help
help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

.PHONY: build
build: ## Build bin/rackflow
	$(GO) build -o $(BIN)/rackflow ./cmd/rackflow

.PHONY: slim
slim: ## Build bin/rackflow-slim, without the Temporal server inside
	$(GO) build -tags slim -o $(BIN)/rackflow-slim ./cmd/rackflow

.PHONY: demo
demo: build ## Install an OS on a few simulated servers; ISO=path uses an image of yours
	$(BIN)/rackflow demo $(if $(ISO),--iso $(ISO))

.PHONY: test
test: ## Run all tests
	$(GO) test ./...

.PHONY: race
race: ## Run the tests with the race detector, but for those that link the Temporal server
	$(GO) test -race $(RACE_PACKAGES)
	$(GO) test -race -tags slim ./cmd/rackflow

.PHONY: lint
lint: $(BIN)/golangci-lint-$(GOLANGCI_LINT) ## Run the linters, and the check of workflow code
	$(BIN)/golangci-lint-$(GOLANGCI_LINT) run
	$(MAKE) workflowcheck

.PHONY: workflowcheck
workflowcheck: $(BIN)/workflowcheck-$(WORKFLOWCHECK) ## Find what is not deterministic in workflow code
	$(BIN)/workflowcheck-$(WORKFLOWCHECK) -config .workflowcheck.yaml ./workflows/...

.PHONY: generate
generate: ## Generate code from the OpenAPI document
	$(GO) generate ./api

.PHONY: fuzz
fuzz: ## Fuzz every parser of outside bytes, FUZZTIME each (10s)
	@for p in $$($(GO) list ./... | grep -Ev '$(SERVER_PACKAGES)'); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
			echo "$$p $$f"; $(GO) test $$p -run '^$$' -fuzz "^$$f$$" -fuzztime $(or $(FUZZTIME),10s) || exit 1; \
		done; \
	done

.PHONY: boot
boot: ## Boot every customised image in qemu, and have Debian's installer take our answers
	$(GO) test ./e2e/boot -v -timeout 90m -all

.PHONY: bench
bench: ## Run the benchmarks; docs/benchmarks.md explains them
	$(GO) test ./graph ./media ./api -run '^$$' -bench .
	$(GO) test ./e2e -run '^$$' -bench . -benchtime 3x -timeout 20m

.PHONY: soak
soak: ## Run graphs on SERVERS (200) simulated servers that misbehave, for SOAK (5m)
	$(GO) test ./e2e -run '^TestSoak$$' -v -timeout 60m -soak.servers $(or $(SERVERS),200) -soak.for $(or $(SOAK),5m)

.PHONY: clean
clean: ## Remove what was built, and the demo's data
	rm -rf $(BIN) rackflow-demo

$(BIN)/golangci-lint-$(GOLANGCI_LINT):
	GOBIN=$(BIN) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT)
	mv $(BIN)/golangci-lint $@

$(BIN)/workflowcheck-$(WORKFLOWCHECK):
	GOBIN=$(BIN) $(GO) install go.temporal.io/sdk/contrib/tools/workflowcheck@$(WORKFLOWCHECK)
	mv $(BIN)/workflowcheck $@

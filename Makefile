# The two commands are `make demo` and `make test`; each installs what it needs first (deploy/setup) and says so.

export PKG_CONFIG_PATH := $(CURDIR)/deploy/.deps/lib/pkgconfig:$(PKG_CONFIG_PATH)
export CGO_ENABLED := 1
GO ?= go
web := console/web

.PHONY: demo build test setup pages check web-test clean

demo: build
	@deploy/demo.sh

build: setup pages
	$(GO) build -ldflags '-s -w -extldflags "-L$(CURDIR)/deploy/.deps/lib -static-libgcc"' -o bin/khien .

setup:
	@deploy/setup

# The pages are embedded in the program.
pages: setup
	cd $(web) && npm run --silent build

test:
	@deploy/setup test
	@$(MAKE) --no-print-directory build check
	$(GO) test -timeout 10m ./...
	@$(MAKE) --no-print-directory web-test

# gofmt and vet must have nothing to say.
check:
	@unformatted=$$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l); \
	  if [ -n "$$unformatted" ]; then echo "not formatted by gofmt:" $$unformatted; exit 1; fi
	$(GO) vet ./...

web-test:
	cd $(web) && npm test --silent && npm run --silent test:browser

clean:
	rm -rf bin deploy/.deps deploy/demo $(web)/dist $(web)/node_modules

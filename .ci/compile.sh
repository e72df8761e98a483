#!/bin/sh
# compile.sh ENTRY OUTFILE [FLAG...]: one executable out of TypeScript, with the flags that waifuctl is built with.
set -eu
entry=$1 outfile=$2
shift 2
PATH=$(dirname "$0")/../node_modules/.bin:$PATH
# Without the two autoload flags the binary reads .env, and runs what a bunfig.toml names, in whatever folder it is called.
# cpu-features is an optional native part of ssh2, which does without it.
exec bun build "$entry" --compile --minify --splitting --bytecode --format=esm --external cpu-features \
  --no-compile-autoload-dotenv --no-compile-autoload-bunfig --outfile "$outfile" "$@"

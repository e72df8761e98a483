#!/bin/sh
# Compiles dist/waifuctl-arm64, around the Bun for that processor that npm carries.
set -eu
cd "$(dirname "$0")/.."
PATH=$PWD/node_modules/.bin:$PATH
version=$(bun --version)
runtime=dist/bun-arm64-$version
if [ ! -x "$runtime" ]; then
  mkdir -p dist
  tarball=$(cd dist && npm pack --silent "@oven/bun-linux-aarch64@$version")
  tar -xzf "dist/$tarball" -C dist package/bin/bun
  mv dist/package/bin/bun "$runtime"
  rm -r "dist/$tarball" dist/package
  chmod +x "$runtime"
fi
exec sh .ci/compile.sh src/main.ts dist/waifuctl-arm64 --target=bun-linux-arm64 --compile-executable-path="$runtime"

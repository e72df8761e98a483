#!/bin/sh
# npm test: every check and every test, the lab included, from nothing. The last line counts them all.
set -u
cd "$(dirname "$0")/.."
sh test/setup.sh || exit 1
PATH=$PWD/node_modules/.bin:$PATH
export WAIFU_LAB=test
passed=0 failed=0
log=$(mktemp)

# check NAME COMMAND...: one check, passed or failed.
check() {
  name=$1
  shift
  echo "== $name"
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

# tests FOLDER-PATTERN-ARGUMENTS...: as many as bun counts; a runner that breaks off counts as a failure.
tests() {
  echo "== bun test $*"
  bun test "$@" >"$log" 2>&1
  status=$?
  cat "$log"
  sed -n '/^[A-Za-z]*[Ee]rror: /,/^(fail) /p' "$log" >>"$log.failures"
  pass=$(sed -n 's/^ *\([0-9][0-9]*\) pass$/\1/p' "$log" | tail -n 1)
  fail=$(sed -n 's/^ *\([0-9][0-9]*\) fail$/\1/p' "$log" | tail -n 1)
  [ "$status" = 0 ] || [ "${fail:-0}" != 0 ] || fail=1
  passed=$((passed + ${pass:-0})) failed=$((failed + ${fail:-0}))
}

tidy() {
  bun run test/lab/lab.ts down --name test >/dev/null 2>&1
  rm -f "$log" "$log.failures"
}
trap tidy EXIT
trap 'exit 130' INT TERM

# What an interrupted run left would be in the way.
bun run test/lab/lab.ts down --name test >/dev/null 2>&1

# The images and the ZFS node take minutes to make the first time; the quick tests run meanwhile.
bun run test/lab/zfs-node/cli.ts up test z1 >"$log.zfs" 2>&1 &
zfs=$!
check "types" tsc -p .
check "lint and format" biome check
check "compile" sh .ci/compile.sh src/main.ts dist/waifuctl
tests --path-ignore-patterns 'test/lab/**'
check "lab" bun run test/lab/lab.ts up --name test --nodes 3 --image tiny --image debian-12
check "ZFS node" wait "$zfs"
tests ./test/lab
rm -f "$log.zfs"

[ ! -s "$log.failures" ] || { echo "== what failed, once more" && cat "$log.failures"; }
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]

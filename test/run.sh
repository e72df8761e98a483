#!/bin/sh
# npm test: every check and every test, the lab included, from nothing. The last line counts them all.
set -u
cd "$(dirname "$0")/.."
sh test/setup.sh || exit 1
PATH=$PWD/node_modules/.bin:$PATH
export WAIFU_LAB=test
# What is struck and tried at random is another sample with each commit, and the same one when that is tested again.
seed=$(git rev-parse HEAD 2>/dev/null | tr -dc 0-9 | cut -c1-6)
export WAIFU_CRASH_SEED="${WAIFU_CRASH_SEED:-$seed}" WAIFU_RANDOM_SEED="${WAIFU_RANDOM_SEED:-$seed}"
passed=0 failed=0
log=$(mktemp)

# check NAME COMMAND...: one check, passed or failed.
check() {
  name=$1
  shift
  echo "== $name"
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

# tests PATTERN-ARGUMENTS...: as many as bun counts.
tests() {
  echo "== bun test $*"
  bun test "$@" >"$log" 2>&1
  count $? "$log"
}

# count STATUS LOG: what a bun test that ended so wrote; a runner that breaks off counts as a failure.
count() {
  cat "$2"
  sed -n '/^[A-Za-z]*[Ee]rror: /,/^(fail) /p' "$2" >>"$log.failures"
  pass=$(sed -n 's/^ *\([0-9][0-9]*\) pass$/\1/p' "$2" | tail -n 1)
  fail=$(sed -n 's/^ *\([0-9][0-9]*\) fail$/\1/p' "$2" | tail -n 1)
  [ "$1" = 0 ] || [ "${fail:-0}" != 0 ] || fail=1
  passed=$((passed + ${pass:-0})) failed=$((failed + ${fail:-0}))
}

tidy() {
  [ -z "${zfs:-}" ] || kill "$zfs" 2>/dev/null
  for name in test test-zfs; do bun run test/lab/lab.ts down --name $name >/dev/null 2>&1; done
  rm -f "$log" "$log".*
}
trap tidy EXIT
trap 'exit 130' INT TERM

# What an interrupted run left would be in the way.
for name in test test-zfs; do bun run test/lab/lab.ts down --name $name >/dev/null 2>&1; done

# The images and the ZFS node take minutes to make the first time; the quick tests run meanwhile.
bun run test/lab/zfs-node/cli.ts up test-zfs z1 >"$log.zfs" 2>&1 &
zfs=$!
check "types" tsc -p .
check "lint and format" biome check
check "compile" sh .ci/compile.sh src/main.ts dist/waifuctl
tests --path-ignore-patterns 'test/lab/**'
check "lab" bun run test/lab/lab.ts up --name test --nodes 3 --image tiny --image debian-12
check "ZFS node" wait "$zfs"
# An emulated machine has one processor and little to do on ours: its tests go beside the others, in a lab of their own.
WAIFU_LAB=test-zfs bun test ./test/lab/*zfs*.test.ts ./test/lab/zfs-node >"$log.zfs" 2>&1 &
zfs=$!
tests --path-ignore-patterns 'test/lab/**/*zfs*' --path-ignore-patterns 'test/lab/zfs-node/**' ./test/lab
echo "== the tests on ZFS, which ran meanwhile"
wait "$zfs"
count $? "$log.zfs"
# It stops at each program that the node runs, and the node is slow enough as it is: this comes last, and alone.
WAIFU_LAB=test-zfs
tests ./test/lab/crash/zfs-crash.test.ts

[ ! -s "$log.failures" ] || { echo "== what failed, once more" && cat "$log.failures"; }
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]

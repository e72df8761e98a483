import { expect, test } from "bun:test";
import { fateOf, thisProcess } from "../../src/state/living-process.ts";

const me = thisProcess();

test.each([
  ["this one", {}, "alive"],
  ["this one, as an older waifuctl wrote it down", { birth: "" }, "alive"],
  ["an earlier one of the same number", { birth: `${me.birth}0` }, "dead"],
  ["one of before the machine's restart", { birth: me.birth.replace(/^\S+/, "another-boot") }, "dead"],
  // Above every process id there can be (proc_sys_kernel(5), pid_max).
  ["a number that nobody has", { pid: 2 ** 22 + 1, birth: "" }, "dead"],
  ["one of another machine", { host: "elsewhere" }, "elsewhere"],
] as const)("%s: %p is %s", (_, change, fate) => {
  expect(fateOf({ ...me, ...change })).toBe(fate);
});

test("one that has ended is dead before its parent has asked", async () => {
  // The shell becomes a program that never waits for its child.
  const parent = Bun.spawn(["sh", "-c", "true & echo $!; exec sleep 60"]);
  const { value } = await parent.stdout.getReader().read();
  const child = { ...me, pid: Number(new TextDecoder().decode(value)), birth: `${me.birth.split(" ")[0]} 1` };
  expect(fateOf(child)).toBe("dead");
  parent.kill();
  await parent.exited;
});

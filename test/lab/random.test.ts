import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { writeIdleImage } from "./idle-image.ts";
import type { Outcome } from "./run.ts";
import { type TestLab, testLab } from "./test-lab.ts";
import { type Traces, tracesOf } from "./traces.ts";
import { newOperator, nodeTable, type Operator } from "./waifuctl.ts";

setDefaultTimeout(300_000);

const seed = Number(process.env.WAIFU_RANDOM_SEED ?? crypto.getRandomValues(new Uint16Array(1))[0]);
const runs = Number(process.env.WAIFU_RANDOM_RUNS ?? 2);

type Listed = {
  readonly name: string;
  readonly uuid: string;
  readonly node: string;
  readonly address: string;
};
type Move = { readonly operator: 0 | 1; readonly words: readonly string[]; readonly name?: string };
type Done = Move & Outcome;

let site: TestLab;
let operators: readonly [Operator, Operator];
let before: Traces[];

beforeAll(async () => {
  site = await testLab();
  const tables = site.nodes.map((node) => nodeTable(node));
  const [first, second] = await Promise.all([newOperator(tables), newOperator(tables)]);
  operators = [first, second];
  before = await tracesOf(site.nodes);
  const image = await writeIdleImage(first.home, "idle");
  await first.answer("template", "add", "idle", image, "--all-nodes");
  await second.answer("template", "add", "idle", image);
});

afterAll(async () => {
  await clear();
  await Promise.all(operators.map((operator) => operator.leave()));
});

const poolOfNames = ["a", "b", "c", "d", "e", "f"] as const;
const names = fc.constantFrom(...poolOfNames);
const operator = fc.constantFrom(0 as const, 1 as const);
const move: fc.Arbitrary<Move> = fc
  .oneof(
    { weight: 5, arbitrary: fc.record({ operator, name: names, kind: fc.constant("create") }) },
    { weight: 3, arbitrary: fc.record({ operator, name: names, kind: fc.constant("delete") }) },
    { weight: 1, arbitrary: fc.record({ operator, name: names, kind: fc.constant("list") }) },
  )
  .map(({ operator, name, kind }): Move => {
    if (kind === "list") return { operator, words: ["list"] };
    const words = kind === "create" ? ["create", name, "-t", "idle", "--no-wait"] : ["delete", name, "--yes"];
    return { operator, words, name };
  });

/** Ten at once, one round after another. */
const rounds = fc.array(fc.array(move, { minLength: 10, maxLength: 10 }), { minLength: 1, maxLength: 3 });

const carryOut = async (moves: readonly Move[]): Promise<Done[]> =>
  Promise.all(moves.map(async (one) => ({ ...one, ...(await operators[one.operator].run(...one.words)) })));

/** What must hold when a round is over, whatever the order in which its moves took effect. */
function checkRound(existed: ReadonlySet<string>, done: readonly Done[], listed: readonly Listed[]): void {
  const exist = listed.map(({ name }) => name);
  expect(exist).toEqual([...new Set(exist)]);
  for (const one of done) {
    // Taken, missing, or gone meanwhile: anything else is a fault.
    if (![0, 4].includes(one.exitCode)) throw new Error(wordsOf(one));
  }
  for (const name of poolOfNames) {
    const ended = (verb: string) =>
      done.filter((one) => one.name === name && one.words[0] === verb && one.exitCode === 0).length;
    const [made, gone, was, is] = [ended("create"), ended("delete"), existed.has(name), exist.includes(name)];
    const mayBe = gone === 0 ? [was || made > 0] : made === 0 ? [false] : [true, false];
    // Each but the first took the place of one that was deleted. Two that delete one may both be right.
    if (mayBe.includes(is) && made <= (was ? 0 : 1) + gone) continue;
    const said = done.filter((one) => one.name === name).map(wordsOf);
    throw new Error(
      [`${name}: ${was ? "there" : "not there"} before, ${is ? "" : "not "}now`, ...said].join("\n"),
    );
  }
}

const wordsOf = ({ operator, words, exitCode, stderr }: Done) =>
  `${operator}: waifuctl ${words.join(" ")}: exit ${exitCode} ${stderr.trim()}`;

/** Each instance has one domain, one disk, one seed and one reservation of its own; nothing else is there. */
async function checkNodes(listed: readonly Listed[]): Promise<void> {
  for (const [index, found] of (await tracesOf(site.nodes)).entries()) {
    const here = listed.filter(({ node }) => node === site.nodes[index]?.name);
    expect(found.domain?.toSorted() ?? []).toEqual(here.map(({ name }) => name).toSorted());
    expect(addresses(found.reservation)).toEqual(here.map(({ address }) => address).toSorted());
    expect(addresses(found.promise)).toEqual(here.map(({ address }) => address).toSorted());
    expect(found.file?.length ?? 0).toBe(here.length * 3);
    expect(found.lock).toBeUndefined();
  }
}

const addresses = (lines: readonly string[] = []) =>
  lines.map((line) => /192\.168\.122\.\d+/.exec(line)?.[0] ?? line).toSorted();

async function clear(): Promise<void> {
  for (;;) {
    const [first] = await operators[0].answer<Listed[]>("list");
    if (first === undefined) break;
    await operators[0].answer("delete", first.name, "--yes");
  }
  expect(await tracesOf(site.nodes)).toEqual(before);
}

test(`ten waifuctl at once, at random (WAIFU_RANDOM_SEED=${seed} WAIFU_RANDOM_RUNS=${runs})`, async () => {
  const property = fc.asyncProperty(rounds, async (moves) => {
    let existed: ReadonlySet<string> = new Set();
    for (const round of moves) {
      const done = await carryOut(round);
      const listed = await operators[1].answer<Listed[]>("list");
      checkRound(existed, done, listed);
      await checkNodes(listed);
      existed = new Set(listed.map(({ name }) => name));
    }
  });
  await fc.assert(property.beforeEach(clear), {
    seed,
    numRuns: runs,
    interruptAfterTimeLimit: 200_000,
    markInterruptAsFailure: true,
  });
});

import { expect, test } from "bun:test";
import fc from "fast-check";
import { tablesOf } from "../../src/apply/export.ts";
import { planApply } from "../../src/apply/plan-apply.ts";
import type { Actual } from "../../src/apply/sight.ts";
import { ownerLabel } from "../../src/config/description.ts";
import { parseDescriptions } from "../../src/config/parse-descriptions.ts";
import { writeDescriptions } from "../../src/config/write-descriptions.ts";
import { restartPolicies } from "../../src/instance-spec.ts";
import { nodeConfig, scriptedCluster } from "../scripted-cluster.ts";
import { history, instance, sightWithout } from "./sample.ts";

const label = fc.stringMatching(/^[A-Za-z][\w./-]{0,12}$/);
const bytes = fc.integer({ min: 1, max: 2 ** 45 });
const userData = fc.oneof(fc.string({ unit: "grapheme" }), fc.constant("#cloud-config\npackages: ['git']\n"));

/** Any instance that `create` and `edit` can have made. */
const anyInstance = fc
  .record({
    name: fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
    uuid: fc.uuid(),
    generation: fc.integer({ min: 1, max: 99 }),
    template: fc.record({
      name: fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/),
      digest: fc.stringMatching(/^([0-9a-f]{64}|[0-9a-f]{128})$/),
    }),
    cpus: fc.integer({ min: 1, max: 512 }),
    memoryBytes: bytes,
    diskBytes: bytes,
    seed: fc.constantFrom("http" as const, undefined),
    restart: fc.constantFrom(...restartPolicies, undefined),
    labels: fc.dictionary(fc.oneof(label, fc.constant(ownerLabel)), fc.string(), { maxKeys: 4 }),
    userData: fc.option(userData, { nil: undefined }),
  })
  .map(({ userData, ...more }): Actual => {
    const spec = instance(more.name, more);
    return {
      node: nodeConfig("n1"),
      spec,
      state: "running",
      cpus: spec.cpus,
      memoryBytes: spec.memoryBytes,
      history: userData === undefined ? undefined : history(spec, userData),
    };
  });

const anyCluster = fc.uniqueArray(anyInstance, { selector: ({ spec }) => spec.name, maxLength: 5 });

test("whatever runs, the export of it describes it, and no difference is left", () => {
  const cluster = scriptedCluster([]);
  fc.assert(
    fc.property(anyCluster, (actual) => {
      const text = writeDescriptions(tablesOf(actual));
      const described = parseDescriptions([{ path: "export.toml", folder: "/", text }], () => undefined);
      const options = { prune: true, replace: true };
      const changes = planApply(cluster, described, sightWithout(actual), options);
      expect(changes.map(({ action }) => action)).toEqual(actual.map(() => "none"));
    }),
    { numRuns: 300 },
  );
});

test("the order in which nodes answer makes no other file", () => {
  fc.assert(
    fc.property(anyCluster, (actual) => {
      expect(writeDescriptions(tablesOf(actual.toReversed()))).toBe(writeDescriptions(tablesOf(actual)));
    }),
    { numRuns: 50 },
  );
});

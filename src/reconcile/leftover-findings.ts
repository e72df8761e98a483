import { instanceWithLog } from "../libvirt/domain-xml.ts";
import { forgetSeed } from "../metadata/seed-service.ts";
import { seedCopyFolder, seedCopyPath } from "../metadata/service-paths.ts";
import { removeFiles, seedHistoryPath, seedPath } from "../storage/node-files.ts";
import type { Found } from "./finding.ts";
import type { Scene } from "./scene.ts";
import type { RedisKeys } from "./traces.ts";

/** What nothing belongs to any more. Only under the node's lock is it sure that nobody is about to use it. */
export function leftoverFindings(scene: Scene): Found[] {
  return [...orphans(scene), ...logs(scene), ...temporary(scene), ...templates(scene)];
}

/** Seeds and keys of an instance without domain, disk and operation. Redis keeps a tombstone: its service goes by it. */
function orphans({ node, traces, living, memories, now }: Scene): Found[] {
  const redis = typeof traces.redis === "object" ? traces.redis : undefined;
  const files = new Set(traces.files.flatMap(({ path }) => seedOwner(path) ?? []));
  const uuids = new Set([...files, ...(redis === undefined ? [] : keysOf(redis))]);
  return [...uuids]
    .filter((uuid) => !living.has(uuid) && !traces.definitions.has(uuid))
    .map((uuid) => {
      const name = memories.instances.find(({ spec }) => spec.uuid === uuid)?.spec.name;
      const paths = [seedPath(uuid), seedHistoryPath(uuid), seedCopyPath(uuid)];
      const isTold = redis === undefined || (redis.seeds.get(uuid) === "deleted" && !redis.others.has(uuid));
      const forget = isTold ? [] : [{ title: "serve its seed no more", commands: [forgetSeed(uuid, now)] }];
      const remove = removeFiles(...paths.flatMap((path) => [path, `${path}.new`]));
      return {
        kind: "orphan",
        node: node.name,
        instance: name,
        uuid,
        risk: "safe",
        message: `${node.name} keeps the seed of ${name ?? uuid}, which is gone`,
        reason: "it has neither domain nor disk, and nobody is making one",
        repair: { by: "steps", stages: [forget, [{ title: "delete its seed", commands: [remove] }]] },
      };
    });
}

function seedOwner(path: string): string | undefined {
  const isSeed = path.startsWith(seedPath("").replace(/[^/]*$/, "")) || path.startsWith(`${seedCopyFolder}/`);
  return isSeed ? /\/([0-9a-f-]{36})\.(?:img|json|seed)(?:\.new)?$/.exec(path)?.[1] : undefined;
}

/** A tombstone stays until it runs out. */
function keysOf({ seeds, others }: RedisKeys): string[] {
  return [...[...seeds].flatMap(([uuid, value]) => (value === "deleted" ? [] : [uuid])), ...others];
}

function logs({ node, traces, names }: Scene): Found[] {
  const owners = Map.groupBy(traces.files, ({ path }) => instanceWithLog(path));
  return [...owners].flatMap(([name, files]): Found[] => {
    if (name === undefined || names.has(name)) return [];
    const commands = [removeFiles(...files.map(({ path }) => path))];
    return [
      {
        kind: "log-orphan",
        node: node.name,
        instance: name,
        risk: "safe",
        message: `${node.name} keeps the console log of ${name}, which is gone`,
        reason: "nothing of that name is there",
        repair: { by: "steps", stages: [[{ title: "delete its console log", commands }]] },
      },
    ];
  });
}

function temporary({ node, probe, traces, living }: Scene): Found[] {
  const isBusy = (path: string) => traces.busyDigests.has(/([0-9a-f]{64,128})\.[^/]*$/.exec(path)?.[1] ?? "");
  return traces.files.flatMap(({ path, isStale }): Found[] => {
    const owner = seedOwner(path);
    const isOrphan = owner !== undefined && !living.has(owner);
    if (!isStale || isBusy(path) || isOrphan) return [];
    const name = probe.storage.disks.find(({ uuid }) => uuid === owner)?.name;
    return [
      {
        kind: "temporary",
        node: node.name,
        instance: name,
        risk: "safe",
        message: `${path} on ${node.name} was never finished${name === undefined ? "" : `, for ${name}`}`,
        reason: "for a day nobody has written to it, and nobody has it open",
        repair: { by: "steps", stages: [[{ title: `delete ${path}`, commands: [removeFiles(path)] }]] },
      },
    ];
  });
}

function templates({ node, probe, traces, memories }: Scene): Found[] {
  const open = new Set(memories.operations.map(({ uuid }) => uuid));
  return probe.storage.unfinished
    .filter((digest) => !open.has(digest) && !traces.busyDigests.has(digest))
    .map((digest) => ({
      kind: "template-unfinished",
      node: node.name,
      uuid: digest,
      risk: "safe",
      message: `the template ${digest.slice(0, 8)} on ${node.name} was never finished`,
      reason: "nobody is at work on it",
      repair: { by: "discard", digest },
    }));
}

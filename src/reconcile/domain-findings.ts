import type { InstanceSpec } from "../instance-spec.ts";
import type { Domain } from "../libvirt/domain-list.ts";
import { writeMetadata } from "../libvirt/metadata.ts";
import { resizeDomain } from "../libvirt/resize.ts";
import { setAutostart } from "../libvirt/virsh.ts";
import { formatSize } from "../size.ts";
import { storageOf } from "../storage/storage-of.ts";
import type { Found } from "./finding.ts";
import { isOn, type OwnDomain, type Scene } from "./scene.ts";

/** Domains that are not as they were defined, that lost their disk, or whose disk lost its domain. */
export function domainFindings(scene: Scene): Found[] {
  return [
    ...scene.ours.flatMap((domain) => [
      ...renamed(scene, domain),
      ...changed(scene, domain),
      ...diskless(scene, domain),
      ...autostart(scene, domain),
    ]),
    ...scene.probe.domains.flatMap((domain) => damaged(scene, domain)),
    ...domainless(scene),
  ];
}

function about({ node }: Scene, { uuid, name }: Pick<InstanceSpec, "uuid" | "name">) {
  return { node: node.name, instance: name, uuid };
}

function renamed(scene: Scene, { spec, name }: OwnDomain): Found[] {
  if (name === spec.name) return [];
  return [
    {
      ...about(scene, spec),
      kind: "domain-renamed",
      risk: "person",
      message: `${spec.name} on ${scene.node.name} is called ${name} there`,
      reason: "either name may be the wanted one",
      hint: `On ${scene.node.name}: virsh domrename ${name} ${spec.name}`,
    },
  ];
}

/** By its definition, which counts from its next start; where that can't be read, by how one that is off stands. */
function changed(scene: Scene, domain: OwnDomain): Found[] {
  const { node, traces } = scene;
  const { spec } = domain;
  const definition = traces.definitions.get(spec.uuid);
  const figures = definition ?? (isOn(domain) ? spec : domain);
  const found: Found[] = [];
  const words = [
    figures.cpus === spec.cpus ? [] : [`${figures.cpus} CPUs instead of ${spec.cpus}`],
    figures.memoryBytes === spec.memoryBytes
      ? []
      : [`${formatSize(figures.memoryBytes)} of memory instead of ${formatSize(spec.memoryBytes)}`],
  ].flat();
  if (words.length > 0) {
    found.push({
      ...about(scene, spec),
      kind: "domain-changed",
      risk: "force",
      message: `${spec.name} on ${node.name} is defined with ${words.join(" and ")}`,
      reason: "somebody may have wanted that",
      hint: "--force puts it back; a guest that runs has it from its next start.",
      repair: {
        by: "steps",
        stages: [[{ title: "put its size back", commands: resizeDomain(node.libvirtUri, spec.uuid, spec) }]],
      },
    });
  }
  if (definition !== undefined && !definition.macs.includes(spec.mac)) {
    found.push({
      ...about(scene, spec),
      kind: "domain-changed",
      risk: "person",
      message: `the network card of ${spec.name} on ${node.name} no longer has the MAC ${spec.mac}`,
      reason: "its address, its seed and its filter hang on that MAC",
      hint: `On ${node.name}: virsh edit ${domain.name}`,
    });
  }
  return found;
}

function diskless(scene: Scene, domain: OwnDomain): Found[] {
  const { node, probe } = scene;
  const { spec } = domain;
  if (probe.storage.disks.some(({ uuid }) => uuid === spec.uuid)) return [];
  const { digest } = spec.template;
  const found = { ...about(scene, spec), kind: "disk-missing" } as const;
  const message = `${spec.name} on ${node.name} has lost its disk`;
  if (isOn(domain)) {
    return [
      {
        ...found,
        risk: "person",
        message: `${message} and runs on without it`,
        reason: "what is on it is lost when the guest stops",
        hint: `Copy out of the guest what matters, then: waifuctl delete ${spec.name}`,
      },
    ];
  }
  const hint = `Restore it from a backup, or give it up: waifuctl delete ${spec.name}`;
  if (!probe.storage.templates.some((template) => template.digest === digest))
    return [
      { ...found, risk: "person", message, reason: `its template is not on ${node.name} either`, hint },
    ];
  const commands = storageOf(node.storage).createDisk(spec, digest, spec.diskBytes);
  return [
    {
      ...found,
      risk: "force",
      message,
      reason: "a fresh disk has nothing of what was on the old one",
      hint: `${hint}; --force gives it a fresh one.`,
      repair: { by: "steps", stages: [[{ title: "a fresh disk", commands }]] },
    },
  ];
}

function autostart(scene: Scene, { spec, hasAutostart }: OwnDomain): Found[] {
  const isWanted = spec.power !== "off";
  if (hasAutostart === isWanted) return [];
  const commands = [setAutostart(scene.node.libvirtUri, spec.uuid, isWanted)];
  return [
    {
      ...about(scene, spec),
      kind: "autostart",
      risk: "safe",
      message: `${spec.name} would ${isWanted ? "not start" : "start"} with ${scene.node.name}`,
      reason: isWanted ? "it is to run" : "it is to be off",
      repair: { by: "steps", stages: [[{ title: `autostart ${isWanted ? "on" : "off"}`, commands }]] },
    },
  ];
}

/** Ours by its disk's label, and no longer by its metadata. */
function damaged(scene: Scene, domain: Domain): Found[] {
  const { node, probe, memories } = scene;
  const disk = probe.storage.disks.find(({ uuid }) => uuid === domain.uuid);
  if (domain.spec !== undefined || disk === undefined) return [];
  const found = {
    ...about(scene, disk),
    kind: "metadata-damaged",
    message: `the domain of ${disk.name} on ${node.name} no longer says what was wanted of it`,
  } as const;
  const remembered = memories.instances.find(({ spec }) => spec.uuid === domain.uuid);
  if (remembered === undefined) {
    const hint = `Make it anew from its disk, or give it up, on ${node.name}: virsh undefine ${domain.uuid}; then: waifuctl delete ${disk.name}`;
    return [{ ...found, risk: "person", reason: "nobody here remembers it", hint }];
  }
  const commands = [writeMetadata(node.libvirtUri, remembered.spec, isOn(domain))];
  return [
    {
      ...found,
      risk: "force",
      reason: `what is remembered of it was seen at ${remembered.seenAt}, and may be old`,
      hint: "--force writes what is remembered.",
      repair: { by: "steps", stages: [[{ title: "metadata as remembered", commands }]] },
    },
  ];
}

function domainless(scene: Scene): Found[] {
  const { node, probe, memories, traces } = scene;
  const open = new Set(memories.operations.map(({ uuid }) => uuid));
  const isDefined = (uuid: string) =>
    traces.definitions.has(uuid) || probe.domains.some((domain) => domain.uuid === uuid);
  const disks = probe.storage.disks.filter(({ uuid }) => !isDefined(uuid) && !open.has(uuid));
  return disks.map((disk): Found => {
    const found = {
      ...about(scene, disk),
      kind: "domain-missing",
      message: `the disk of ${disk.name} on ${node.name} has no domain`,
      hint: `If it is not wanted any more: waifuctl delete ${disk.name}`,
    } as const;
    const remembered = memories.instances.find((seen) => seen.spec.uuid === disk.uuid);
    if (remembered === undefined)
      return {
        ...found,
        risk: "person",
        reason: "nobody here remembers what it was of, and it may hold data",
      };
    if (remembered.node !== node.name)
      return { ...found, risk: "person", reason: `its instance was last seen on ${remembered.node}` };
    return {
      ...found,
      risk: "force",
      reason: "somebody may have undefined it on purpose",
      hint: `${found.hint}; --force defines it again as it is remembered.`,
      repair: { by: "definition", spec: remembered.spec },
    };
  });
}

import { WaifuError } from "../errors.ts";
import { compareImages, convertToVolume } from "../qemu/qemu-img.ts";
import {
  cloneVolume,
  createFilesystem,
  createVolume,
  type Dataset,
  destroyVolume,
  hold,
  listClones,
  listDatasets,
  parseClones,
  parseDatasets,
  rollback,
  setProperty,
  snapshot,
  unlabelUncloned,
  waitForDevice,
  withSnapshotDevice,
} from "../zfs/zfs.ts";
import type { Disk, DiskName, NodeTemplate, Storage } from "./storage.ts";

/** Volume sizes are multiples of the block size (zfsprops(7)). */
const BLOCK_BYTES = 16 * 1024;

/** POOL/waifu/templates/DIGEST@ready and its clones POOL/waifu/instances/NAME. */
export function zfsStorage(pool: string): Storage {
  const templates = `${pool}/waifu/templates`;
  const instances = `${pool}/waifu/instances`;
  const templateVolume = (digest: string) => `${templates}/${digest}`;
  const volume = (disk: DiskName) => `${instances}/${disk.name}`;
  const device = (dataset: string) => `/dev/zvol/${dataset}`;

  return {
    kind: "zfs",
    inventory: () => listDatasets(pool, templates, instances),
    parseInventory(result) {
      const datasets = parseDatasets(result.stdout);
      const root = datasets.find((dataset) => dataset.name === pool);
      if (root === undefined) {
        throw new WaifuError("refused", `the pool ${pool} is not there: ${result.stderr.trim()}`, {
          hint: "Import it (zpool import), or correct `storage.pool` in cluster.toml.",
        });
      }
      return {
        totalBytes: root.usedBytes + root.availableBytes,
        freeBytes: root.availableBytes,
        disks: datasets.flatMap((dataset) => toDisk(dataset, instances)),
        templates: datasets.flatMap((dataset) => toTemplate(dataset, templates)),
        unfinished: datasets
          .filter(
            ({ name, labels }) => name === templateVolume(labels.uuid ?? "") && labels.digest === undefined,
          )
          .map(({ labels }) => labels.uuid ?? ""),
      };
    },
    clones: () => listClones(templates),
    parseClones(result) {
      if (result.exitCode !== 0) {
        throw new WaifuError(
          "remote-failed",
          `can't say what is cloned from the templates: ${result.stderr.trim()}`,
        );
      }
      return parseClones(result.stdout).map(({ origin, clone }) => ({
        name: clone.startsWith(`${instances}/`) ? clone.slice(instances.length + 1) : clone,
        digest: origin.slice(templates.length + 1),
      }));
    },
    // Its clones share its very blocks.
    canReplaceInUse: false,
    prepare: () => [createFilesystem(templates), createFilesystem(instances)],
    installTemplate(template, image, file) {
      const name = templateVolume(template.digest);
      const sizeBytes = Math.ceil(image.virtualBytes / BLOCK_BYTES) * BLOCK_BYTES;
      return [
        // Left by an interrupted try: without its label it is not a template yet.
        destroyVolume(name, template.digest),
        createVolume(name, sizeBytes, { uuid: template.digest, template: template.name }),
        waitForDevice(device(name)),
        convertToVolume(file, image.format, device(name)),
        snapshot(`${name}@ready`),
        hold("waifu", `${name}@ready`),
        setProperty(name, "waifu:digest", template.digest),
      ];
    },
    discardTemplate: (digest) => [destroyVolume(templateVolume(digest), digest)],
    deleteTemplate: (digest) => [
      // Without its snapshot it is none any more, and the volume may be busy for a while after that.
      unlabelUncloned(`${templateVolume(digest)}@ready`, "waifu:digest"),
      destroyVolume(templateVolume(digest), digest),
    ],
    compareTemplate(digest, image, file) {
      const volume = templateVolume(digest);
      const ready = device(`${volume}@ready`);
      return [
        // What clones read, and what somebody may have written to the volume since.
        withSnapshotDevice(volume, ready, compareImages(file, image.format, ready, "raw")),
        compareImages(file, image.format, device(volume), "raw"),
      ];
    },
    revertTemplate: (digest) => [rollback(`${templateVolume(digest)}@ready`)],
    createDisk: (disk, digest, sizeBytes) => [
      cloneVolume(`${templateVolume(digest)}@ready`, volume(disk), sizeBytes, { uuid: disk.uuid, digest }),
      snapshot(`${volume(disk)}@init`),
      waitForDevice(device(volume(disk))),
    ],
    resetDisk: (disk, _digest, sizeBytes) => [
      rollback(`${volume(disk)}@init`),
      // A rollback takes the size back too.
      setProperty(volume(disk), "volsize", String(sizeBytes)),
    ],
    deleteDisk: (disk) => [destroyVolume(volume(disk), disk.uuid)],
    diskSource: (disk) => ({ kind: "block", path: device(volume(disk)) }),
  };
}

function toDisk(dataset: Dataset, parent: string): Disk[] {
  const { uuid } = dataset.labels;
  if (!dataset.name.startsWith(`${parent}/`) || uuid === undefined) return [];
  return [
    {
      name: dataset.name.slice(parent.length + 1),
      uuid,
      allocatedBytes: dataset.usedBytes,
      virtualBytes: dataset.volsizeBytes,
    },
  ];
}

function toTemplate(dataset: Dataset, parent: string): NodeTemplate[] {
  const { digest, template } = dataset.labels;
  if (!dataset.name.startsWith(`${parent}/`) || digest === undefined) return [];
  return [
    {
      digest,
      name: template ?? digest.slice(0, 12),
      virtualBytes: dataset.volsizeBytes ?? 0,
      allocatedBytes: dataset.usedBytes,
    },
  ];
}

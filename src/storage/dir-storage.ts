import { repeatable } from "../command.ts";
import { WaifuError } from "../errors.ts";
import { convertToFile, createOverlay } from "../qemu/qemu-img.ts";
import { removeFiles, writeFile } from "./node-files.ts";
import type { Disk, DiskName, NodeTemplate, Storage } from "./storage.ts";

/** A heading, the file system's total and free bytes, then the templates' labels, then every disk with what it takes up. */
const inventoryScript = `
[ -d "$1" ] || mkdir -p "$1" || exit
df -B1 --output=size,avail "$1"
cat "$1"/templates/*.json 2>/dev/null
find "$1/instances" -maxdepth 1 -name '*.qcow2' -printf '%f\\t%b\\n' 2>/dev/null
exit 0`;

const diskFile = /^(?<name>[a-z0-9-]+)\.(?<uuid>[0-9a-f-]{36})\.qcow2$/;

/** A folder of qcow2 files: FOLDER/templates/DIGEST.qcow2 and overlays on them, FOLDER/instances/NAME.UUID.qcow2. */
export function dirStorage(folder: string): Storage {
  const template = (digest: string) => `${folder}/templates/${digest}`;
  const file = (disk: DiskName) => `${folder}/instances/${disk.name}.${disk.uuid}.qcow2`;
  const overlay = (disk: DiskName, digest: string, sizeBytes: number) =>
    createOverlay(file(disk), `${template(digest)}.qcow2`, sizeBytes);

  return {
    kind: "dir",
    inventory: () => repeatable(["sh", "-c", inventoryScript, "sh", folder]),
    parseInventory(result) {
      const [, sizes = "", ...lines] = result.stdout.split("\n");
      const [totalBytes, freeBytes] = sizes.trim().split(/\s+/).map(Number);
      if (result.exitCode !== 0 || totalBytes === undefined || freeBytes === undefined) {
        throw new WaifuError(
          "refused",
          `the storage folder ${folder} can't be used: ${result.stderr.trim()}`,
          {
            hint: "Correct `storage.path` in cluster.toml, or give the user the right to write there.",
          },
        );
      }
      return { totalBytes, freeBytes, disks: lines.flatMap(toDisk), templates: lines.flatMap(toTemplate) };
    },
    prepare: () => [repeatable(["mkdir", "-p", `${folder}/templates`, `${folder}/instances`])],
    installTemplate(label, image, source) {
      const path = template(label.digest);
      return [
        convertToFile(source, image.format, `${path}.qcow2`),
        // The label is what makes it a template: whoever sees it sees a whole image.
        writeFile(`${path}.json`, `${JSON.stringify(label)}\n`),
      ];
    },
    discardTemplate: (digest) => [removeFiles(`${template(digest)}.qcow2`, `${template(digest)}.json.new`)],
    createDisk: (disk, digest, sizeBytes) => [overlay(disk, digest, sizeBytes)],
    resetDisk: (disk, digest, sizeBytes) => [overlay(disk, digest, sizeBytes)],
    deleteDisk: (disk) => [removeFiles(file(disk))],
    diskSource: (disk) => ({ kind: "file", path: file(disk), format: "qcow2" }),
  };
}

function toDisk(line: string): Disk[] {
  const [fileName = "", blocks] = line.split("\t");
  const found = diskFile.exec(fileName)?.groups;
  if (found?.name === undefined || found.uuid === undefined) return [];
  return [{ name: found.name, uuid: found.uuid, allocatedBytes: Number(blocks) * 512 }];
}

function toTemplate(line: string): NodeTemplate[] {
  if (!line.startsWith("{")) return [];
  const label: Partial<NodeTemplate> = JSON.parse(line);
  const { digest, name, virtualBytes } = label;
  if (digest === undefined || name === undefined || virtualBytes === undefined) return [];
  return [{ digest, name, virtualBytes }];
}

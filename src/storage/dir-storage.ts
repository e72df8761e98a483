import { repeatable } from "../command.ts";
import { WaifuError } from "../errors.ts";
import { compareImages, convertToFile, createOverlay } from "../qemu/qemu-img.ts";
import { removeFiles, writeFile } from "./node-files.ts";
import type { Clone, Disk, DiskName, Storage, TemplateLabel } from "./storage.ts";

/** A heading, the file system's total and free bytes, then the templates' labels, then every file with what it takes up. */
const inventoryScript = `
[ -d "$1" ] || mkdir -p "$1" || exit
df -B1 --output=size,avail "$1"
cat "$1"/templates/*.json 2>/dev/null
find "$1/templates" "$1/instances" -maxdepth 1 -name '*.qcow2' -printf '%f\\t%b\\n' 2>/dev/null
exit 0`;

/** Of each disk its file's name, then what qemu-img knows of it. Running guests hold the locks of theirs: `-U`. */
const clonesScript = `
for file in "$1"/instances/*.qcow2; do
  [ -e "$file" ] || continue
  echo "@\${file##*/}"
  qemu-img info -U --output=json "$file" || exit
done`;

const diskFile = /^(?<name>[a-z0-9-]+)\.(?<uuid>[0-9a-f-]{36})\.qcow2$/;
const templateOf = /^(?<digest>[0-9a-f]{64,128})\.qcow2\t/;
const templateFile = /\/templates\/(?<digest>[0-9a-f]+)\.qcow2$/;

/** A folder of qcow2 files: FOLDER/templates/DIGEST.qcow2 and overlays on them, FOLDER/instances/NAME.UUID.qcow2. */
export function dirStorage(folder: string): Storage {
  const template = (digest: string) => `${folder}/templates/${digest}`;
  const files = (digest: string) =>
    ["qcow2", "qcow2.new", "json.new"].map((ending) => `${template(digest)}.${ending}`);
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
      const allocated = new Map(lines.map(fileAndBytes));
      const templates = lines.flatMap(toLabel).map((label) => ({
        ...label,
        allocatedBytes: allocated.get(`${label.digest}.qcow2`),
      }));
      const digests = lines.flatMap((line) => templateOf.exec(line)?.groups?.digest ?? []);
      const unfinished = digests.filter((digest) => !templates.some((label) => label.digest === digest));
      return { totalBytes, freeBytes, disks: lines.flatMap(toDisk), templates, unfinished };
    },
    clones: () => repeatable(["sh", "-c", clonesScript, "sh", folder]),
    parseClones(result) {
      if (result.exitCode !== 0) {
        const said = result.stderr.trim().split("\n").at(-1);
        throw new WaifuError("remote-failed", `can't say what is cloned from the templates: ${said}`);
      }
      return result.stdout.split(/^@/m).flatMap(toClone);
    },
    canReplaceInUse: true,
    prepare: () => [repeatable(["mkdir", "-p", `${folder}/templates`, `${folder}/instances`])],
    installTemplate(label, image, source) {
      const path = template(label.digest);
      return [
        // Disks may stand on an older file, if this is a repair: it must be whole at all times.
        convertToFile(source, image.format, `${path}.qcow2.new`),
        repeatable(["mv", "-f", `${path}.qcow2.new`, `${path}.qcow2`]),
        // The label is what makes it a template: whoever sees it sees a whole image.
        writeFile(`${path}.json`, `${JSON.stringify(label)}\n`),
      ];
    },
    discardTemplate: (digest) => [removeFiles(...files(digest))],
    // The label goes first.
    deleteTemplate: (digest) => [removeFiles(`${template(digest)}.json`, ...files(digest))],
    compareTemplate: (digest, image, source) => [
      compareImages(source, image.format, `${template(digest)}.qcow2`, "qcow2"),
    ],
    revertTemplate: () => [],
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

function fileAndBytes(line: string): [file: string, allocatedBytes: number] {
  const [file = "", blocks] = line.split("\t");
  return [file, Number(blocks) * 512];
}

/** A disk may also stand on another disk, which is then cloned from the template in its turn. */
function toClone(block: string): Clone[] {
  const at = block.indexOf("\n");
  const [file, info] = [block.slice(0, at), block.slice(at)];
  if (at < 0) return [];
  const { "full-backing-filename": backing = "" } = JSON.parse(info) as { "full-backing-filename"?: string };
  const digest = templateFile.exec(backing)?.groups?.digest;
  return digest === undefined ? [] : [{ name: diskFile.exec(file)?.groups?.name ?? file, digest }];
}

function toLabel(line: string): TemplateLabel[] {
  if (!line.startsWith("{")) return [];
  const label: Partial<TemplateLabel> = JSON.parse(line);
  const { digest, name, virtualBytes } = label;
  if (digest === undefined || name === undefined || virtualBytes === undefined) return [];
  return [{ digest, name, virtualBytes }];
}

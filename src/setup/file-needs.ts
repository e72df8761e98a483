import { type Command, repeatable } from "../command.ts";
import { binaryPath } from "../metadata/service-paths.ts";
import { storageOf } from "../storage/storage-of.ts";
import { replaceBinary } from "./binary.ts";
import { type Folder, folders, isInOrder } from "./folders.ts";
import type { Need, Subject } from "./need.ts";
import type { ServiceFile } from "./service-files.ts";

/** Folders, datasets, and all files that are ours. */
export function fileNeeds(subject: Subject): Need[] {
  const { node, machine, files } = subject;
  return [
    storageNeed(subject),
    ...folders(node).map((folder): Need => {
      const found = machine.files.get(folder.path);
      const wrong = `${folder.path} belongs to ${found?.owner} and has mode ${found?.mode.toString(8)}`;
      return {
        check: `folder ${folder.path}`,
        problem: isInOrder(folder, found) ? undefined : found ? wrong : `there is no folder ${folder.path}`,
        mend: { stage: "files", step: { title: `folder ${folder.path}`, commands: [makeFolder(folder)] } },
      };
    }),
    ...files.map((file): Need => {
      const digest = machine.files.get(file.path)?.digest;
      return {
        check: `file ${file.path}`,
        problem:
          digest === digestOf(file) ? undefined : `${file.path} ${digest ? "was changed" : "is not there"}`,
        mend: {
          stage: "files",
          step: { title: file.path, commands: [writeFile(file)] },
          restarts: file.unit,
        },
      };
    }),
    binaryNeed(subject),
  ];
}

function storageNeed({ node, machine }: Subject): Need {
  const { storage } = node;
  const check = "storage";
  if (storage.kind === "dir") return { check };
  const { pool } = storage;
  if (!machine.datasets.includes(pool)) {
    const hint = "Import it (zpool import), or correct `storage.pool` in cluster.toml.";
    return { check, problem: `there is no pool ${pool}`, hint };
  }
  const missing = [`${pool}/waifu/templates`, `${pool}/waifu/instances`].filter(
    (name) => !machine.datasets.includes(name),
  );
  return {
    check,
    problem: missing.length === 0 ? undefined : `there is no dataset ${missing.join(", ")}`,
    mend: {
      stage: "files",
      step: { title: `datasets in ${pool}/waifu`, commands: storageOf(storage).prepare() },
    },
  };
}

function binaryNeed({ node, machine, binary }: Subject): Need {
  const check = "waifuctl";
  const found = machine.files.get(binaryPath);
  const absent = found === undefined ? `there is no ${binaryPath}` : undefined;
  if (binary === undefined) {
    const hint = "Run the compiled waifuctl: what runs from source can't be copied to a node.";
    return { check, problem: absent, hint, isFirst: true };
  }
  if (binary.architecture !== machine.architecture) {
    const hint = `Run waifuctl node setup ${node.name} with one that was built for ${machine.architecture}.`;
    return { check, problem: absent, hint, isFirst: true };
  }
  const other = found?.digest === binary.digest ? undefined : `${binaryPath} is not this waifuctl`;
  return {
    check,
    problem: absent ?? other,
    mend: {
      stage: "binary",
      step: { title: `copy this waifuctl to ${binaryPath}`, commands: [replaceBinary(binary)] },
      restarts: "waifu-metadata.service",
    },
  };
}

function digestOf({ content }: ServiceFile): string {
  return new Bun.CryptoHasher("sha256").update(content).digest("hex");
}

/** Of an account that may have been made a moment ago. Those that are there keep what they hold. */
function makeFolder({ path, owner, mode }: Folder): Command {
  return repeatable(["install", "-d", "-o", owner, "-g", owner, "-m", mode.toString(8), path]);
}

const writeScript = 'mkdir -p "${1%/*}" && cat >"$1.new" && chmod 644 "$1.new" && mv -f "$1.new" "$1"';

function writeFile({ path, content }: ServiceFile): Command {
  return repeatable(["sh", "-c", writeScript, "sh", path], { stdin: content });
}

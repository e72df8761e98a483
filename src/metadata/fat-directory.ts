import { WaifuError } from "../errors.ts";

export const entryBytes = 32;

/** Where a file's bytes begin: its first cluster, 0 when it is empty. */
export type PlacedFile = { readonly name: string; readonly length: number; readonly firstCluster: number };

/** 1980-01-01, the first day that FAT knows: the same input must give the same bytes. */
const date = 0x0021;
const attribute = { label: 0x08, archive: 0x20, longName: 0x0f };
/** UTF-16 units in one long-name entry, and where they stand in it. */
const longNameOffsets = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];

/** How many entries the root directory needs: the label, and for each file its long name's and its own. */
export function countEntries(names: readonly string[]): number {
  return names.reduce((count, name) => count + Math.ceil(name.length / longNameOffsets.length) + 1, 1);
}

/** The root directory. Throws `bug` for names that FAT can't hold: they come from waifuctl, never from its user. */
export function rootDirectory(label: string, files: readonly PlacedFile[]): Uint8Array {
  const names = files.map((file) => file.name);
  const isWritable = names.every((name) => /^[^\p{Cc}"*/:<>?\\|]{1,255}$/u.test(name));
  const isUnique = new Set(names.map((name) => name.toUpperCase())).size === names.length;
  if (!isWritable || !isUnique || !/^[A-Z0-9_-]{1,11}$/.test(label)) {
    throw new WaifuError("bug", `FAT can't hold the label ${label} and the files ${names.join(", ")}`);
  }
  const entries = [shortEntry(label.padEnd(11), attribute.label)];
  for (const [index, file] of files.entries()) {
    const alias = shortName(file.name, index + 1);
    entries.push(...longNameEntries(file.name, alias), shortEntry(alias, attribute.archive, file));
  }
  const directory = new Uint8Array(entries.length * entryBytes);
  for (const [index, entry] of entries.entries()) directory.set(entry, index * entryBytes);
  return directory;
}

/** A name for systems that know no long ones; the number keeps it unique. */
function shortName(name: string, number: number): string {
  const tail = `~${number}`;
  const letters = name.toUpperCase().replace(/[^A-Z0-9_-]/g, "");
  return `${letters.slice(0, 8 - tail.length)}${tail}`.padEnd(11);
}

function shortEntry(name: string, attributes: number, file?: PlacedFile): Uint8Array {
  const entry = new Uint8Array(entryBytes);
  entry.set(new TextEncoder().encode(name));
  const view = new DataView(entry.buffer);
  view.setUint8(11, attributes);
  // Created, last read, last written.
  for (const offset of [16, 18, 24]) view.setUint16(offset, date, true);
  view.setUint16(26, file?.firstCluster ?? 0, true);
  view.setUint32(28, file?.length ?? 0, true);
  return entry;
}

/** The long name in pieces, the last piece first. */
function longNameEntries(name: string, alias: string): Uint8Array[] {
  const units = longNameOffsets.length;
  const count = Math.ceil(name.length / units);
  return Array.from({ length: count }, (_, index) => {
    const piece = count - 1 - index;
    const view = new DataView(new ArrayBuffer(entryBytes));
    view.setUint8(0, (piece + 1) | (index === 0 ? 0x40 : 0));
    view.setUint8(11, attribute.longName);
    view.setUint8(13, checksum(alias));
    for (const [position, offset] of longNameOffsets.entries()) {
      const unit = piece * units + position;
      // A name that ends inside its entry is closed with a zero, the rest is filled with ones.
      const filler = unit === name.length ? 0 : 0xffff;
      view.setUint16(offset, unit < name.length ? name.charCodeAt(unit) : filler, true);
    }
    return new Uint8Array(view.buffer);
  });
}

/** Ties a long name to its alias. */
function checksum(alias: string): number {
  return [...alias].reduce((sum, letter) => (((sum & 1) << 7) + (sum >> 1) + letter.charCodeAt(0)) & 0xff, 0);
}

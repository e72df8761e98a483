import { WaifuError } from "../errors.ts";
import { countEntries, entryBytes, rootDirectory } from "./fat-directory.ts";

export type FatFile = { readonly name: string; readonly bytes: Uint8Array };

const sectorBytes = 512;
/** The image grows in steps of 64 KiB, so that a zvol of any usual block size fits it to the byte. */
const stepSectors = 128;
const maximumMiB = 64;

type Layout = {
  readonly fatBits: 12 | 16;
  readonly clusterSectors: number;
  /** Of each of the two tables. */
  readonly fatSectors: number;
  readonly rootSectors: number;
  readonly totalSectors: number;
};

/**
 * A FAT12 or FAT16 file system without a partition table, as mkfs.vfat makes it: files in the root directory under their long
 * names, the label both in the boot sector and in the root. The same input gives the same bytes. Throws `usage` above 64 MiB.
 * After Microsoft's "FAT: General Overview of On-Disk Format", 1.03.
 */
export function fatImage({ label, files }: { label: string; files: readonly FatFile[] }): Uint8Array {
  const lengths = files.map((file) => file.bytes.length);
  if (sum(lengths) > maximumMiB * 1024 ** 2) {
    throw new WaifuError("usage", `The files of the ${label} disk are more than ${maximumMiB} MiB together`, {
      hint: "Let the guest download what is large.",
    });
  }
  const layout = chooseLayout(lengths, countEntries(files.map((file) => file.name)));
  const { fatSectors, rootSectors, clusterSectors, totalSectors } = layout;
  const clusterBytes = clusterSectors * sectorBytes;
  const rootStart = (1 + 2 * fatSectors) * sectorBytes;
  const dataStart = rootStart + rootSectors * sectorBytes;

  const image = new Uint8Array(totalSectors * sectorBytes);
  image.set(bootSector(layout, label));
  const clusterCounts = lengths.map((length) => Math.ceil(length / clusterBytes));
  const table = allocationTable(layout, clusterCounts);
  image.set(table, sectorBytes);
  image.set(table, (1 + fatSectors) * sectorBytes);
  let cluster = 2;
  const placed = files.map(({ name, bytes }, index) => {
    image.set(bytes, dataStart + (cluster - 2) * clusterBytes);
    const firstCluster = bytes.length === 0 ? 0 : cluster;
    cluster += clusterCounts[index] ?? 0;
    return { name, length: bytes.length, firstCluster };
  });
  image.set(rootDirectory(label, placed), rootStart);
  return image;
}

/** The kind of FAT follows from nothing but the number of clusters, so keep well away from the borders, 4085 and 65525. */
function chooseLayout(lengths: readonly number[], entries: number): Layout {
  const rootSectors = Math.ceil((entries * entryBytes) / sectorBytes);
  let clusterSectors = 1;
  const clustersNeeded = () =>
    sum(lengths.map((length) => Math.ceil(length / (clusterSectors * sectorBytes))));
  while (clustersNeeded() > 65_000) clusterSectors *= 2;
  const fatBits = clustersNeeded() <= 3900 ? 12 : 16;
  const clusters = fatBits === 12 ? clustersNeeded() : Math.max(clustersNeeded(), 4200);
  // Rounding the image up adds at most one step of clusters; two entries stand for none.
  const fatSectors = Math.ceil(((clusters + stepSectors + 2) * fatBits) / 8 / sectorBytes);
  const sectors = 1 + 2 * fatSectors + rootSectors + clusters * clusterSectors;
  const totalSectors = Math.ceil(sectors / stepSectors) * stepSectors;
  return { fatBits, clusterSectors, fatSectors, rootSectors, totalSectors };
}

function bootSector(layout: Layout, label: string): Uint8Array {
  const sector = new Uint8Array(sectorBytes);
  const view = new DataView(sector.buffer);
  const text = (offset: number, value: string) => sector.set(new TextEncoder().encode(value), offset);
  sector.set([0xeb, 0x3c, 0x90]);
  text(3, "MSWIN4.1");
  view.setUint16(11, sectorBytes, true);
  view.setUint8(13, layout.clusterSectors);
  view.setUint16(14, 1, true); // the boot sector itself
  view.setUint8(16, 2); // tables
  view.setUint16(17, (layout.rootSectors * sectorBytes) / entryBytes, true);
  const isShort = layout.totalSectors < 0x10000;
  view.setUint16(19, isShort ? layout.totalSectors : 0, true);
  view.setUint8(21, 0xf8); // a fixed disk
  view.setUint16(22, layout.fatSectors, true);
  view.setUint16(24, 32, true); // sectors a track: nobody asks, but mtools wants whole tracks
  view.setUint16(26, 2, true); // heads
  view.setUint32(32, isShort ? 0 : layout.totalSectors, true);
  sector.set([0x80, 0, 0x29], 36);
  text(39, "WAIF"); // serial number
  text(43, label.padEnd(11));
  text(54, `FAT${layout.fatBits}   `);
  sector.set([0x55, 0xaa], 510);
  return sector;
}

/** Each file's clusters follow one another, and so do the files. */
function allocationTable({ fatBits, fatSectors }: Layout, clusterCounts: readonly number[]): Uint8Array {
  const endOfChain = 2 ** fatBits - 1;
  const chains = clusterCounts.filter((count) => count > 0);
  const next = [endOfChain - 0x07, endOfChain];
  for (const count of chains) {
    for (let left = count - 1; left > 0; left--) next.push(next.length + 1);
    next.push(endOfChain);
  }
  const table = new Uint8Array(fatSectors * sectorBytes);
  const view = new DataView(table.buffer);
  for (const [cluster, value] of next.entries()) {
    if (fatBits === 16) {
      view.setUint16(cluster * 2, value, true);
    } else {
      // Three bytes hold two entries.
      const offset = Math.floor(cluster * 1.5);
      const shifted = cluster % 2 === 0 ? value : value << 4;
      view.setUint16(offset, view.getUint16(offset, true) | shifted, true);
    }
  }
  return table;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

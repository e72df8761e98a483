import type { SeedBook } from "./seed-book.ts";

type Recent = {
  readonly address: string;
  readonly file: Blob;
  readonly version: number;
  readonly readAtMs: number;
};

const maximumFiles = 1024;
/** As long as the neighbour table is good for. */
const freshMs = 1_000;

/**
 * Who was given which file a moment ago: asked again from the same address, it need not be found out again. It holds for a second, and
 * no longer than until any seed changes.
 */
export class RecentFiles {
  readonly #book: SeedBook;
  readonly #files = new Map<string, Recent>();

  constructor(book: SeedBook) {
    this.#book = book;
  }

  find(url: string, address: string, nowMs: number): Blob | undefined {
    const recent = this.#files.get(url);
    const isGood =
      recent !== undefined &&
      recent.address === address &&
      recent.version === this.#book.version &&
      nowMs - recent.readAtMs < freshMs;
    return isGood ? recent.file : undefined;
  }

  add(url: string, address: string, nowMs: number, file: Blob): void {
    if (this.#files.size === maximumFiles) this.#files.clear();
    this.#files.set(url, { address, file, version: this.#book.version, readAtMs: nowMs });
  }
}

import { hashToken, type SeedRecord } from "../../../src/metadata/seed-record.ts";
import type { Log } from "../../../src/metadata/server/service-log.ts";

/** What the guests of these tests are given; a token is the same letter 43 times. */
export const tokenOf = (letter: string) => letter.repeat(43);

export function seedOf(number: number, change: Partial<SeedRecord> = {}): SeedRecord {
  const letter = String.fromCharCode(64 + number);
  return {
    uuid: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
    name: `guest-${number}`,
    generation: 1,
    tokenHash: hashToken(tokenOf(letter)),
    mac: macOf(number),
    publicKeys: ["ssh-ed25519 AAAA mai@home"],
    files: {
      "meta-data": Buffer.from(`instance-id: ${number}\n`),
      "user-data": Buffer.from(`#user ${number}\n`),
    },
    ...change,
  };
}

export const macOf = (number: number) => `52:54:00:00:00:${number.toString(16).padStart(2, "0")}`;

export type ArpRow = readonly [address: string, mac: string, flags?: string, device?: string];

/** /proc/net/arp as Linux 6.1 prints it. */
export function arpTable(...rows: readonly ArpRow[]): string {
  const lines = rows.map(
    ([address, mac, flags = "0x2", device = "virbr0"]) =>
      `${address.padEnd(16)} 0x1         ${flags.padEnd(11)} ${mac}     *        ${device}`,
  );
  return [
    "IP address       HW type     Flags       HW address            Mask     Device",
    ...lines,
    "",
  ].join("\n");
}

/** Remembers what was told, and lets a test wait for a line. */
export class RecordingLog implements Log {
  readonly lines: string[] = [];
  #seen = 0;
  #wake = () => {};

  event = (line: string): void => {
    this.lines.push(line);
    this.#wake();
  };
  refusal = this.event;

  /** Waits for the next line with this in it, after those that were waited for before. */
  async until(text: string): Promise<void> {
    for (;;) {
      const index = this.lines.findIndex((line, at) => at >= this.#seen && line.includes(text));
      if (index >= 0) {
        this.#seen = index + 1;
        return;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }
}

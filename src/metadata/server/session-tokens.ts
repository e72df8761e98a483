import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

export const longestTtlSeconds = 21_600;

/**
 * Tokens of the EC2-style tree: when each ends, signed together with the guest's MAC by a key that lives as long as this process. So
 * none has to be kept, and no guest can make us keep many.
 */
export class SessionTokens {
  readonly #key = randomBytes(32);
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = performance.now.bind(performance)) {
    this.#nowMs = nowMs;
  }

  issue(mac: string, ttlSeconds: number): string {
    const end = Math.round(this.#nowMs() + ttlSeconds * 1000).toString(36);
    return `${end}.${this.#sign(mac, end)}`;
  }

  isGood(token: string, mac: string): boolean {
    const [end = "", signature = ""] = token.split(".");
    const expected = Buffer.from(this.#sign(mac, end));
    const given = Buffer.from(signature);
    const isOurs = given.length === expected.length && timingSafeEqual(given, expected);
    return isOurs && Number.parseInt(end, 36) > this.#nowMs();
  }

  #sign(mac: string, end: string): string {
    return createHmac("sha256", this.#key).update(`${mac} ${end}`).digest("base64url");
  }
}

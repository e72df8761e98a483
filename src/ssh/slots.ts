import { WaifuError } from "../errors.ts";

/** Lets at most `limit` holders through at a time, first come, first served. */
export class Slots {
  #limit: number;
  #held = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Waits for a slot and gives the function that returns it. Throws `interrupted` on abort. */
  async take(signal?: AbortSignal): Promise<() => void> {
    if (signal?.aborted) throw interrupted();
    if (this.#held >= this.#limit) await this.#queue(signal);
    else this.#held++;
    let isHeld = true;
    return () => {
      if (isHeld) this.#pass();
      isHeld = false;
    };
  }

  /** For a holder whom the other side refused: never again let in more than the others now holding. False if none are. */
  shrink(): boolean {
    const others = this.#held - 1;
    if (others > 0) this.#limit = Math.min(this.#limit, others);
    return others > 0;
  }

  #pass(): void {
    const next = this.#held <= this.#limit ? this.#waiting.shift() : undefined;
    if (next) next();
    else this.#held--;
  }

  #queue(signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(enter), 1);
      reject(interrupted());
    };
    const enter = (): void => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    };
    this.#waiting.push(enter);
    signal?.addEventListener("abort", onAbort, { once: true });
    return promise;
  }
}

export function interrupted(): WaifuError {
  return new WaifuError("interrupted", "interrupted");
}

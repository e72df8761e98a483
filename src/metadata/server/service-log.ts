export interface Log {
  event(line: string): void;
  /** Told like any event, but only so many a second: a guest must not fill the journal. */
  refusal(line: string): void;
}

const refusalsPerSecond = 10;

/** A line an event. Whoever calls it leaves tokens, and paths that hold them, out. */
export function createLog(write: (line: string) => void, now: () => number = performance.now): Log {
  let second = 0;
  let count = 0;
  return {
    event: write,
    refusal(line) {
      const current = Math.floor(now() / 1000);
      if (current !== second) {
        if (count > refusalsPerSecond) write(`${count - refusalsPerSecond} more refusals were not told`);
        [second, count] = [current, 0];
      }
      count++;
      if (count <= refusalsPerSecond) write(line);
    },
  };
}

/** Every way waifuctl can end, other than well, and the exit status that scripts and cron see. */
const exitStatus = {
  bug: 1,
  usage: 2,
  config: 3,
  "not-found": 4,
  exists: 4,
  refused: 4,
  "no-fit": 4,
  "digest-mismatch": 4,
  "host-key": 4,
  locked: 5,
  unreachable: 6,
  auth: 6,
  "remote-failed": 7,
  "outcome-unknown": 8,
  "half-changed": 8,
  "not-ready": 9,
  findings: 9,
  interrupted: 130,
} as const;

export type ErrorCode = keyof typeof exitStatus;

export type ErrorDetails = {
  /** One command or action that mends it. */
  hint?: string;
  node?: string;
  instance?: string;
  cause?: unknown;
};

/** The one error of the house. The message says what failed, for which instance, on which node. */
export class WaifuError extends Error {
  readonly code: ErrorCode;
  readonly hint?: string;
  readonly node?: string;
  readonly instance?: string;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    // Minifying mangles class names.
    this.name = "WaifuError";
    this.code = code;
    this.hint = details.hint;
    this.node = details.node;
    this.instance = details.instance;
  }

  get exitStatus(): number {
    return exitStatusOf(this.code);
  }
}

/** Also for what is no error, such as findings that were printed. */
export function exitStatusOf(code: ErrorCode): number {
  return exitStatus[code];
}

/** Anything thrown, as a WaifuError; what we did not foresee is a bug. */
export function toWaifuError(thrown: unknown): WaifuError {
  if (thrown instanceof WaifuError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new WaifuError("bug", message, {
    cause: thrown,
    hint: "This is a bug in waifuctl: please report it with the stack above.",
  });
}

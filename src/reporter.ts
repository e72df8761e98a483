/** How far a transfer is. */
export type Progress = { readonly doneBytes: number; readonly totalBytes?: number };

/** One piece of work under way. */
export interface Step {
  /** What it is busy with just now, or how far it is. Without a live display only bytes are told, and now and then. */
  update(progress: string | Progress): void;
  done(note?: string): void;
  failed(note?: string): void;
}

/** How verbs tell what they are doing; they print nothing themselves. */
export interface Reporter {
  step(label: string): Step;
  note(text: string): void;
  warn(text: string): void;
}

/** Tells whose work it is, where that of several is told at once. */
export function prefixed(reporter: Reporter, name: string): Reporter {
  return {
    step: (label) => reporter.step(`${name}: ${label}`),
    note: (text) => reporter.note(`${name}: ${text}`),
    warn: (text) => reporter.warn(`${name}: ${text}`),
  };
}

/** Does the work as one step, which fails when it throws; `noteOf` says what became of it. */
export async function reported<T>(
  reporter: Reporter,
  label: string,
  work: (step: Step) => Promise<T>,
  noteOf: (result: T) => string | undefined = () => undefined,
): Promise<T> {
  const step = reporter.step(label);
  try {
    const result = await work(step);
    step.done(noteOf(result));
    return result;
  } catch (error) {
    step.failed();
    throw error;
  }
}

/** One piece of work under way. */
export interface Step {
  /** What it is busy with just now, such as `42 %`. Only a live display shows it. */
  update(text: string): void;
  done(note?: string): void;
  failed(note?: string): void;
}

/** How verbs tell what they are doing; they print nothing themselves. */
export interface Reporter {
  step(label: string): Step;
  note(text: string): void;
  warn(text: string): void;
}

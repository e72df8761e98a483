/** A process on a pseudo-terminal, driven as a person does: wait until something is shown, then type. */
export function openPty(
  argv: string[],
  options: { columns?: number; rows?: number; env?: Record<string, string> } = {},
) {
  let screen = "";
  let read = 0;
  const waiting = new Set<() => void>();
  const child = Bun.spawn(argv, {
    env: { TERM: "xterm", ...options.env },
    terminal: {
      cols: options.columns ?? 80,
      rows: options.rows ?? 24,
      data(_terminal, bytes) {
        screen += new TextDecoder().decode(bytes);
        for (const check of waiting) check();
      },
    },
  });
  return {
    /** All that was shown so far, control sequences included. */
    get screen() {
      return screen;
    },
    /** Waits until `text` is shown after what was last waited for; ends with the process. */
    async shows(text: string): Promise<void> {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const check = () => {
        const at = screen.indexOf(text, read);
        if (at < 0) return;
        read = at + text.length;
        resolve();
      };
      waiting.add(check);
      child.exited.then(() =>
        reject(new Error(`ended without showing ${JSON.stringify(text)}: ${JSON.stringify(screen)}`)),
      );
      check();
      await promise.finally(() => waiting.delete(check));
    },
    type: (text: string) => void child.terminal?.write(text),
    resize: (columns: number, rows: number) => child.terminal?.resize(columns, rows),
    /** As when its window is closed. */
    hangUp: () => child.terminal?.close(),
    pid: child.pid,
    exited: child.exited,
  };
}

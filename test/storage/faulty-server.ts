/** A web server that has one image, and a way to fail with it for each route. */
export type FaultyServer = {
  url(route: string): string;
  /** `route` or `route RANGE`, in order. */
  readonly requests: string[];
  /** Resolves when `held`, whose end never comes, was asked for. */
  readonly held: Promise<void>;
  reset(): void;
  stop(): Promise<void>;
};

const CUT = 1_000_000;

export function serveFaults(image: Uint8Array): FaultyServer {
  const requests: string[] = [];
  let held = Promise.withResolvers<void>();
  const answers: Record<string, (from: number | undefined) => Answer> = {
    good: (from = 0) => ({ from, ranges: true, body: image.subarray(from) }),
    "no-ranges": () => ({ body: image }),
    "cut-ranges": (from = 0) => ({
      from,
      ranges: true,
      body: image.subarray(from, from + CUT),
      length: image.length - from,
    }),
    "cut-always": () => ({ body: image.subarray(0, CUT), length: image.length }),
    "stuck-ranges": (from = 0) => ({
      from,
      ranges: true,
      body: image.subarray(from, CUT),
      length: image.length - from,
    }),
    short: () => ({ body: image.subarray(0, CUT) }),
    long: () => ({ body: image.subarray(0, 2 * CUT), length: 4_000_000 }),
    missing: () => ({ status: "404 Not Found", body: Buffer.from("no such image\n") }),
    broken: () => ({ status: "503 Service Unavailable", body: Buffer.from("later\n") }),
    loop: () => ({ status: "302 Found", location: "/loop", body: Buffer.from("") }),
    page: () => ({ body: Buffer.from("<!DOCTYPE html>\n<html><body>moved</body></html>\n") }),
    empty: () => ({ body: Buffer.from("") }),
    held: () => ({ ranges: true, body: image.subarray(0, CUT), length: image.length, isHeld: true }),
    slow: () => ({ body: image, delayMs: 1200 }),
  };

  // By hand on a socket: an HTTP library mends the very lengths that are to be wrong.
  const server = Bun.listen<{ text: string }>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = { text: "" };
      },
      data(socket, chunk) {
        socket.data.text += chunk.toString("latin1");
        if (!socket.data.text.includes("\r\n\r\n")) return;
        const [, route = ""] = /^GET \/(\S*)/.exec(socket.data.text) ?? [];
        const range = /^range: (bytes=(\d+)-)/im.exec(socket.data.text);
        requests.push(range === null ? route : `${route} ${range[1]}`);
        const from = range === null ? undefined : Number(range[2]);
        const answer: Answer = answers[route]?.(from) ?? { status: "404 Not Found", body: Buffer.from("") };
        if (answer.isHeld) held.resolve();
        void send(socket, answer, from !== undefined, image.length);
      },
      drain(socket) {
        drained.get(socket)?.();
      },
    },
  });

  return {
    url: (route) => `http://127.0.0.1:${server.port}/${route}`,
    requests,
    get held() {
      return held.promise;
    },
    reset: () => {
      requests.length = 0;
      held = Promise.withResolvers<void>();
    },
    stop: async () => server.stop(true),
  };
}

type Answer = {
  readonly status?: string;
  readonly from?: number;
  readonly ranges?: boolean;
  readonly body: Uint8Array;
  /** What the header says; in truth it is the body's. */
  readonly length?: number;
  readonly location?: string;
  readonly isHeld?: boolean;
  readonly delayMs?: number;
};

const drained = new WeakMap<object, () => void>();

async function send(
  socket: Bun.Socket<{ text: string }>,
  answer: Answer,
  isRange: boolean,
  total: number,
): Promise<void> {
  const { from = 0, ranges = false, body, length = body.length, location } = answer;
  const isBeyond = isRange && ranges && from >= total;
  const isPart = isRange && ranges && !isBeyond;
  const status =
    answer.status ?? (isBeyond ? "416 Range Not Satisfiable" : isPart ? "206 Partial Content" : "200 OK");
  const headers = [
    `HTTP/1.1 ${status}`,
    `Content-Length: ${isBeyond ? 0 : length}`,
    "Connection: close",
    ...(ranges ? ["Accept-Ranges: bytes"] : []),
    ...(isPart ? [`Content-Range: bytes ${from}-${total - 1}/${total}`] : []),
    ...(location === undefined ? [] : [`Location: ${location}`]),
  ];
  await writeAll(socket, Buffer.from(`${headers.join("\r\n")}\r\n\r\n`));
  const half = answer.delayMs === undefined ? 0 : body.length / 2;
  if (answer.delayMs !== undefined) {
    await writeAll(socket, body.subarray(0, half));
    await Bun.sleep(answer.delayMs);
  }
  if (!isBeyond) await writeAll(socket, body.subarray(half));
  if (!answer.isHeld) socket.end();
}

async function writeAll(socket: Bun.Socket<{ text: string }>, bytes: Uint8Array): Promise<void> {
  let sent = 0;
  while (sent < bytes.length) {
    const written = socket.write(bytes.subarray(sent));
    if (written < 0) return;
    sent += written;
    if (sent < bytes.length) await new Promise<void>((resolve) => drained.set(socket, resolve));
  }
}

import { OPERATOR, subnetAddress } from "./switch.ts";

/** A web server of the test's own that the lab's nodes can reach, for images that are not what they should be. */
export type ImageServer = {
  url(name: "missing" | "other" | "held"): string;
  /** Resolves when a node has begun to fetch `held`, whose end never comes. */
  readonly held: Promise<void>;
  stop(): Promise<void>;
};

export function serveImages(labNumber: number): ImageServer {
  const { promise: held, resolve } = Promise.withResolvers<void>();
  const server = Bun.serve({
    hostname: subnetAddress(labNumber, OPERATOR),
    port: 0,
    idleTimeout: 255,
    routes: {
      "/missing": new Response("no such image\n", { status: 404 }),
      "/other": new Response("another image\n"),
      "/held": () => new Response(beginning(resolve)),
    },
  });
  return {
    url: (name) => new URL(name, server.url).href,
    held,
    stop: () => server.stop(true),
  };
}

function beginning(onStart: () => void): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(1024 * 1024));
      onStart();
    },
  });
}

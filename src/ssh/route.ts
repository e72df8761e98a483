import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";

type Address = { readonly host: string; readonly port: number };

/** A TCP connection. Rejects with the socket's own error. */
export function openSocket({ host, port }: Address, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(new Error("timed out")), timeoutMs);
    socket.once("error", fail);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", fail);
      resolve(socket);
    });
  });
}

/** A stream from a jump host. The connection to the jump host ends with it. */
export function openThrough(jump: Client, { host, port }: Address): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    jump.forwardOut("127.0.0.1", 0, host, port, (error, stream) => {
      if (error) {
        jump.end();
        reject(error);
        return;
      }
      stream.once("close", () => jump.end());
      resolve(stream);
    });
  });
}

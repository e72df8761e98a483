import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";

type Address = { readonly host: string; readonly port: number };

/** A stream to an address, from here or from a jump host. Rejects with the socket's or ssh2's own error. */
export function openStream(jump: Client | undefined, address: Address, timeoutMs: number): Promise<Duplex> {
  return jump ? openThrough(jump, address) : openSocket(address, timeoutMs);
}

function openSocket({ host, port }: Address, timeoutMs: number): Promise<Socket> {
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

/** The connection to the jump host ends with the stream. */
function openThrough(jump: Client, { host, port }: Address): Promise<Duplex> {
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

import { once } from "node:events";
import { WaifuError } from "../errors.ts";
import { announceReady } from "../metadata/server/announce-ready.ts";
import { startService } from "../metadata/server/service.ts";
import {
  metadataAddress,
  metadataPort,
  metricsAddress,
  metricsPort,
  redisSocket,
  seedCopyFolder,
} from "../metadata/service-paths.ts";
import { parseWholeNumber } from "./argument-values.ts";
import { defineCommand } from "./define-command.ts";

export const command = defineCommand({
  examples: ["waifuctl serve-metadata"],
  args: {
    listen: {
      type: "string",
      valueHint: "ADDRESS:PORT",
      default: `${metadataAddress}:${metadataPort}`,
      parse: parseEndpoint,
      description: "Where guests ask",
    },
    metrics: {
      type: "string",
      valueHint: "ADDRESS:PORT",
      default: `${metricsAddress}:${metricsPort}`,
      parse: parseEndpoint,
      description: "Where Prometheus asks for /metrics",
    },
    redis: { type: "string", valueHint: "SOCKET", default: redisSocket, description: "The node's own Redis" },
    copy: {
      type: "string",
      valueHint: "FOLDER",
      default: seedCopyFolder,
      description: "For when Redis is away",
    },
    leases: {
      type: "string",
      valueHint: "FOLDER",
      default: "/var/lib/libvirt/dnsmasq",
      description: "Where libvirt keeps its DHCP leases",
    },
    arp: {
      type: "string",
      valueHint: "FILE",
      default: "/proc/net/arp",
      description: "The kernel's neighbour table",
    },
    rate: {
      type: "string",
      valueHint: "NUMBER",
      default: "100",
      parse: parseWholeNumber({ min: 1, max: 1_000_000 }),
      description: "Requests a second that one guest may make",
    },
  },
  async run({ listen, metrics, redis, copy, leases, arp, rate }, { reporter, signal }) {
    const options = {
      listen,
      metrics,
      rate,
      redisSocket: redis,
      copyFolder: copy,
      leaseFolder: leases,
      arpFile: arp,
    };
    const service = await startService(options, (line) => reporter.note(line), signal);
    await announceReady(process.env);
    if (!signal.aborted) await once(signal, "abort");
    await service.stop();
  },
});

function parseEndpoint(text: string): { hostname: string; port: number } {
  const [, hostname, port] = /^([0-9.]+):(\d{1,5})$/.exec(text) ?? [];
  if (hostname !== undefined && Number(port) < 65_536) return { hostname, port: Number(port) };
  throw new WaifuError("usage", `${JSON.stringify(text)} is not of the form ADDRESS:PORT`);
}

import { once } from "../command.ts";
import type { Found } from "./finding.ts";
import type { Scene } from "./scene.ts";

/** A metadata service that was set up, and does not do its work. */
export function serviceFindings({ node, traces, version }: Scene): Found[] {
  const { redis, service } = traces;
  const found: Found[] = [];
  if (redis === "down") found.push(down("redis-down", "waifu-redis.service", "Redis", node.name));
  if (service?.isUp === false)
    found.push(down("service-down", "waifu-metadata.service", "the metadata service", node.name));
  else if (service !== undefined && service.version !== version) {
    found.push({
      kind: "service-version",
      node: node.name,
      risk: "person",
      message: `the metadata service on ${node.name} is of version ${service.version || "0.1.0 or older"}, and this is ${version}`,
      reason: "a hundred megabytes would be copied there",
      hint: `waifuctl node setup ${node.name}`,
    });
  }
  return found;
}

function down(kind: "redis-down" | "service-down", unit: string, what: string, node: string): Found {
  return {
    kind,
    node,
    risk: "safe",
    message: `${what} on ${node} does not answer`,
    reason: "guests that boot need it",
    hint: `See what it says, on ${node}: journalctl -u ${unit}`,
    repair: {
      by: "steps",
      stages: [[{ title: `start ${unit}`, commands: [once(["systemctl", "restart", unit])] }]],
    },
  };
}

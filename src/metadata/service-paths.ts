/** Where a node's metadata service lives: agreed between `node setup`, the units in templates/, serve-metadata and the operator. */

/** Guests ask here; link-local, the same on every node (RFC 3927; the address that EC2 made usual). */
export const metadataAddress = "169.254.169.254";
export const metadataPort = 80;

/** The node's own Redis, of nobody else: only root and the service's user reach its socket. */
export const redisSocket = "/run/waifu-redis/redis.sock";

/** What serve-metadata keeps of the seeds for the time that Redis is away: a file each, named by uuid. */
export const seedCopyFolder = "/var/lib/waifu-metadata/seeds";
export const seedCopyPath = (uuid: string) => `${seedCopyFolder}/${uuid}.seed`;

/** Loopback only. */
export const metricsAddress = "127.0.0.1";
export const metricsPort = 9469;

/** The account of both services. */
export const serviceUser = "waifu";

/** The compiled binary on the node, and the one before it, for --rollback. */
export const binaryPath = "/usr/local/lib/waifu/waifuctl";
export const previousBinaryPath = `${binaryPath}.previous`;

/** Below it a guest finds its seed. The path is all that tells it from other guests, so it is a secret. */
export const seedUrl = (token: string) => `http://${metadataAddress}/${token}/`;

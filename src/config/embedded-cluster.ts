import text from "../../cluster.toml" with { type: "text" };

/** The repository's cluster.toml: this machine alone, every key explained. */
export const embeddedClusterText: string = text;

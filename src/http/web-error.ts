import { WaifuError } from "../errors.ts";

/** What a failed `fetch` means, by the codes that Bun gives. What is an error of ours already stays as it is. */
export function toWebError(url: string, error: unknown): unknown {
  if (error instanceof WaifuError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const { host } = new URL(url);
  const fail = (message: string, hint: string) =>
    new WaifuError("unreachable", message, { hint, cause: error });
  if (code === "ENOTFOUND" || code.startsWith("EAI_") || code.startsWith("DNS_")) {
    return fail(`there is no host ${host}`, "Check the URL's spelling, and this machine's DNS.");
  }
  if (code === "ECONNRESET") {
    return fail(`${host} broke off before ${url} was whole`, "Try again, or another mirror.");
  }
  if (/CERT|TLS|SSL|SELF_SIGNED|ISSUER/i.test(code)) {
    return fail(
      `${host} can't prove that it is ${host}: ${code}`,
      "Check the URL, and this machine's clock.",
    );
  }
  if (code.startsWith("E") || code === "FailedToOpenSocket" || code === "ConnectionRefused") {
    return fail(`${host} can't be reached: ${code}`, "Check the URL, and this machine's network.");
  }
  return error;
}

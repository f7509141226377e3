import { isLoopback } from "@executor-registry/resolver/internal";
import type { Config } from "./schema.ts";

/** Something about a configuration that is no mistake, and that somebody should know of. */
export interface ConfigWarning {
  /** Such as docs/logs.md explains. */
  readonly code: "open-writes";
  /** The setting: `auth.writes`. */
  readonly path: string;
  /** What follows from it, and what to do. */
  readonly message: string;
}

/** What is worth a warning; nothing of a service that only its own machine reaches. */
export function configWarnings({ listen: { host }, auth }: Pick<Config, "listen" | "auth">): readonly ConfigWarning[] {
  if (auth.writes !== "open" || isLoopback(host)) return [];
  const message = `whoever reaches ${host} is an operator, without a token, and the journal names nobody; set it to token, or listen.host to 127.0.0.1`;
  return [{ code: "open-writes", path: "auth.writes", message }];
}

import { newest } from "./newest.ts";
import type { VersionPolicy } from "./policy.ts";

/** The version policies, by kind. A new one is added here, and has a file of its own. */
export const POLICIES = { newest } as const satisfies Readonly<Record<string, VersionPolicy>>;

/** The kind that decides about a type for which none is configured. */
export const DEFAULT_POLICY: keyof typeof POLICIES = "newest";

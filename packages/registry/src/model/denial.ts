import type { Digest } from "@executor-registry/resolver";

/** Which images of a type are denied: exactly one of `version`, `digest` and `pattern`. */
export interface DeniedImages {
  /** A tag. */
  readonly version?: string;
  readonly digest?: Digest;
  /** RE2 syntax, matched anywhere in a tag. */
  readonly pattern?: string;
  /** What the version named when it was denied: denied too, whatever tags they get. */
  readonly digests?: readonly Digest[];
  /** When it ends by itself, ISO 8601 in UTC; never where absent. */
  readonly until?: string;
}

/** Images that are kept out, by whom and why. */
export interface Denial extends DeniedImages {
  /** The sequence of its entry in the journal; 0 for the configuration's. */
  readonly id: number;
  readonly reason: string;
  readonly by: string;
  /** ISO 8601 in UTC. Of the configuration's, empty. */
  readonly since: string;
}

import type { Digest } from "@executor-registry/resolver";

/** Who asks for a change, and how. */
export interface How {
  /** For the journal. */
  readonly actor: string;
  /** Nothing is written down: the answer says what would become of it. */
  readonly dryRun: boolean;
  /** The entity tag of the state that the caller has seen, with its quotes. */
  readonly ifMatch?: string;
  /** Recognises the request where it is repeated, also after a restart. */
  readonly request?: string;
}

/** Why, and for how long. */
interface Because {
  readonly reason: string;
  /** Milliseconds until it ends by itself. */
  readonly for?: number | undefined;
}

/** @property to a version, which is a tag, or a digest */
export type PinRequest = Because & { readonly to: string };

/** @property to a revision @property deny whether what is left is denied too */
export type RollbackRequest = Because & { readonly to?: number | undefined; readonly deny?: boolean | undefined };

/** Exactly one of `version`, `digest` and `pattern`. */
export type DenyRequest = Because & {
  readonly version?: string | undefined;
  readonly digest?: Digest | undefined;
  readonly pattern?: string | undefined;
};

import { type Digest, ExecutorRegistryError } from "@executor-registry/resolver";
import type { SelectionChange } from "../catalogue/selection-fold.ts";
import type { CatalogueImage, CatalogueType, Pin } from "../catalogue/state.ts";
import type { Choice } from "../choice/current.ts";
import { deniedBy } from "../choice/pinned.ts";
import type { Grounds } from "../choice/rules.ts";
import type { DeniedImages } from "../model/denial.ts";
import { TagPattern } from "../policies/pattern.ts";
import { earlierVersion } from "./go-back.ts";
import type { DenyRequest, How, PinRequest, RollbackRequest } from "./requests.ts";
import { shownDigest, targetOf } from "./target.ts";

/** What a request comes to: changes, none where it is so already; and what was done, to follow the type's name. */
export interface Decision {
  readonly changes: readonly { readonly reason: string; readonly change: SelectionChange }[];
  readonly message: string;
}

/** What a decision is made by. */
export interface Situation {
  readonly type: CatalogueType;
  readonly choice: Choice;
  readonly grounds: Grounds;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly how: How;
}

const requested = ({ request }: How) => (request === undefined ? {} : { request });

const untilOf = (now: number, ms: number | undefined): { readonly until?: string } =>
  ms === undefined ? {} : { until: new Date(now + ms).toISOString() };

const held = ({ until }: { readonly until?: string }): string => (until === undefined ? "held" : `held until ${until}`);

const denialOf =
  ({ type, grounds }: Situation) =>
  (image: CatalogueImage): string | undefined =>
    deniedBy(image, type, grounds);

/** Whether a pin is there already, as it is asked for. */
function isHeld(pin: Pin | undefined, to: Pick<CatalogueImage, "repository" | "digest">, until?: string): boolean {
  return (
    pin?.digest === to.digest && pin.repository === to.repository.name && until === undefined && pin.until === undefined
  );
}

/** Holds a type at a version. @throws ExecutorRegistryError */
export function decidePin(situation: Situation, { to, reason, for: ms }: PinRequest): Decision {
  const { type, now, how } = situation;
  const { image, version } = targetOf(type, to, denialOf(situation));
  const { digest, repository } = image;
  const until = untilOf(now, ms);
  const which = `${version} (${shownDigest(digest)})`;
  // A rollback that is confirmed by name becomes a pin: one more rollback starts there.
  if (type.pin?.mode === "pin" && isHeld(type.pin, image, until.until)) {
    return { changes: [], message: `it is pinned to ${which} already` };
  }
  const about = { type: type.type, repository: repository.name, digest };
  const pin = { version, mode: "pin" as const, ...until, ...requested(how) };
  const change = { kind: "version-pinned" as const, ...about, ...pin };
  return { changes: [{ reason, change }], message: `pinned to ${which}, ${held(until)}` };
}

/** Lets the version policy choose again. */
export function decideUnpin({ type, how }: Situation, { reason }: { readonly reason: string }): Decision {
  if (type.pin === undefined) return { changes: [], message: "it is not pinned" };
  const change = { kind: "version-unpinned" as const, type: type.type, ...requested(how) };
  return { changes: [{ reason, change }], message: "unpinned" };
}

/** Goes back to a version that was served before, and holds it. @throws ExecutorRegistryError */
export function decideRollback(situation: Situation, { to, reason, deny, for: ms }: RollbackRequest): Decision {
  const { type, choice, now, how } = situation;
  const current = choice.current?.image ?? choice.refused?.image;
  const { revision, image, left } = earlierVersion(type, current, to, denialOf(situation));
  const { repository, digest, version } = revision;
  const until = untilOf(now, ms);
  const which = `${version} (${shownDigest(image.digest)})`;
  if (isHeld(type.pin, image, until.until)) return { changes: [], message: `it is held at ${which} already` };
  const about = { type: type.type, repository, digest };
  const pin = { version, mode: "rollback" as const, restored: revision.revision, left, ...until, ...requested(how) };
  const changes = [{ reason, change: { kind: "version-pinned" as const, ...about, ...pin } }];
  const message = `rolled back to ${which}, ${held(until)}`;
  if (deny !== true || current === undefined || current.digest === digest) return { changes, message };
  const denial = denialChange(type, { digest: current.digest }, how);
  return {
    changes: [...changes, { reason, change: denial }],
    message: `${message}; ${choice.current?.version ?? shownDigest(current.digest)} is denied`,
  };
}

const denialChange = (type: CatalogueType, denied: DeniedImages, how: How) => ({
  kind: "version-denied" as const,
  type: type.type,
  ...denied,
  ...requested(how),
});

/** Keeps images out. @throws ExecutorRegistryError `invalid-request` for a pattern that cannot be used */
export function decideDenial({ type, now, how }: Situation, request: DenyRequest): Decision {
  const { version, digest, pattern, reason, for: ms } = request;
  const problem = pattern === undefined ? undefined : TagPattern.parse(pattern);
  if (typeof problem === "string") {
    throw new ExecutorRegistryError("invalid-request", `the pattern ${pattern} cannot be used: ${problem}`);
  }
  const until = untilOf(now, ms);
  const named = version ?? digest ?? `what matches ${pattern}`;
  const same = type.denials.some(
    (one) =>
      one.version === version &&
      one.digest === digest &&
      one.pattern === pattern &&
      one.until === undefined &&
      !until.until,
  );
  if (same) return { changes: [], message: `${named} is denied already` };
  const digests: Digest[] = version === undefined ? [] : digestsOf(type, version);
  const denied: DeniedImages = {
    ...(version !== undefined && { version }),
    ...(digest !== undefined && { digest }),
    ...(pattern !== undefined && { pattern }),
    ...(digests.length > 0 && { digests }),
    ...until,
  };
  const message = `${named} denied${until.until === undefined ? "" : ` until ${until.until}`}`;
  return { changes: [{ reason, change: denialChange(type, denied, how) }], message };
}

const digestsOf = ({ images }: CatalogueType, version: string): Digest[] =>
  [...images].flatMap(({ state, tags, digest }) => (state !== "withdrawn" && tags.includes(version) ? [digest] : []));

/** Lifts a denial. @throws ExecutorRegistryError `not-found`, and for one of the configuration `invalid-request` */
export function decideAllowance(
  { type, how }: Situation,
  id: number,
  { reason }: { readonly reason: string },
): Decision {
  const denial = type.denials.find((one) => one.id === id);
  if (denial === undefined) {
    if (id === 0) {
      throw new ExecutorRegistryError(
        "invalid-request",
        "a denial of the configuration is lifted there: remove it from the policy's deny",
      );
    }
    throw new ExecutorRegistryError("not-found", `${type.type} has no denial ${id}`);
  }
  const change = { kind: "version-allowed" as const, type: type.type, denial: id, ...requested(how) };
  const named = denial.version ?? denial.digest ?? `what matches ${denial.pattern}`;
  return { changes: [{ reason, change }], message: `${named} allowed` };
}

import { pinnedName } from "@executor-registry/resolver";
import type { CatalogueImage, CatalogueType, Pin } from "../catalogue/state.ts";
import type { Claim } from "../model/change.ts";
import { oneLine } from "../model/one-line.ts";
import { failing } from "../model/verdict.ts";
import { versionTag } from "../model/version-tag.ts";
import type { Evaluation } from "../policies/rules.ts";
import { type Condition, heldVersion } from "./guard.ts";
import { type Pinned, pinnedOf, pinReason, pinWarning } from "./pinned.ts";
import { contextOf, type Grounds } from "./rules.ts";
import { unreadWarnings } from "./unread.ts";
import { better, failures, rivals, takeover } from "./warnings.ts";

/** Which version of a type is current, and why. */
export interface Current extends Pick<Evaluation, "reason" | "ambiguous" | "advice"> {
  readonly image: CatalogueImage;
  /** The tag that makes it this version. */
  readonly version: string;
  readonly decidedBy: Evaluation["decidedBy"] | "pin";
  /** How many admitted versions it was chosen from. */
  readonly versions: number;
  readonly warnings: readonly string[];
  /** What holds it. */
  readonly pin?: Pin;
}

/** The version for which a type is refused, and why, in a sentence. */
interface Refused {
  readonly image: CatalogueImage;
  readonly why: string;
}

/** What is chosen for a type: its current version, or the version that fails, for which the type is refused, or neither. */
export interface Choice {
  readonly current?: Current;
  readonly refused?: Refused;
  /** What becomes of the pin. */
  readonly pinned?: Pinned;
  /** What the version policy makes of the repository that the type is resolved from; absent where a pin is in force. */
  readonly evaluation?: Evaluation;
  readonly condition?: Condition;
}

/**
 * The current version of a type: the one that is pinned, or the one that the version policy chooses from the repository which the type's claims put
 * first. What is denied is neither.
 */
export function choose(type: CatalogueType, grounds: Grounds): Choice {
  const { onInvalid } = grounds.rules;
  const pinned = pinnedOf(type, grounds);
  if (pinned?.image && (pinned.problem === undefined || pinned.kept)) {
    return { pinned, current: pinnedVersion(type, pinned.image, pinned, grounds) };
  }
  if (pinned?.image && onInvalid === "refuse") {
    return { pinned, refused: { image: pinned.image, why: pinWarning(pinned, onInvalid) } };
  }
  const choice = chooseByPolicy(type, grounds);
  if (pinned === undefined) return choice;
  const { current } = choice;
  const warning = pinWarning(pinned, onInvalid);
  return { ...choice, pinned, ...(current && { current: { ...current, warnings: [warning, ...current.warnings] } }) };
}

function pinnedVersion(
  type: CatalogueType,
  image: CatalogueImage,
  pinned: Pinned,
  { rules, readsOf }: Grounds,
): Current {
  const { pin } = pinned;
  const admitted = [...type.images.of(pin.repository).values()].filter(({ state }) => state === "admitted");
  const warnings = [
    ...(pinned.problem === undefined ? failures(image) : [pinWarning(pinned, rules.onInvalid)]),
    ...(image.untagged ? [oneLine(`the pinned version has no tag any more: ${image.untagged.reason}`)] : []),
    ...unreadWarnings(pin.repository, readsOf(pin.repository)),
  ];
  const why = { decidedBy: "pin", reason: pinReason(pin), ambiguous: false } as const;
  return { image, version: pin.version, ...why, versions: admitted.length, warnings, pin };
}

/** The images of one repository that are not withdrawn, by whether they may be the version. */
interface Sorted {
  readonly admitted: readonly CatalogueImage[];
  /** Admitted once, and failing or waiting now. */
  readonly invalid: readonly CatalogueImage[];
  readonly waiting: readonly CatalogueImage[];
}

function chooseByPolicy(type: CatalogueType, grounds: Grounds): Choice {
  const { claims, from } = type;
  const { onInvalid, versions: rules } = grounds.rules;
  const [first, ...others] = claims;
  if (onInvalid === "refuse") {
    const refused = refusedOf(type, [from, first], grounds);
    if (refused !== undefined) return { refused: { image: refused, why: refusal(refused) } };
  }
  const claim = first ?? (onInvalid === "keep" ? from : undefined);
  if (claim === undefined) return {};
  const { repository } = claim;
  const { admitted, invalid, waiting } = sortedImages(type, repository);
  const context = contextOf(type, repository, grounds);
  const evaluation = rules.evaluate(admitted, context);
  const held = heldVersion(type, repository, evaluation, rules, context);
  const kept =
    onInvalid === "keep" && evaluation.pick === undefined
      ? rules.evaluate(invalid, { ...context, eligible: () => true })
      : evaluation;
  const chosen = held ?? kept.pick;
  const outcome = { evaluation, ...(held && { condition: held.condition }) };
  if (chosen === undefined) return outcome;
  const { image, tag: version } = chosen;
  const warnings = [
    ...(held ? [held.condition.message] : []),
    ...unreadWarnings(repository, grounds.readsOf(repository)),
    ...rivals(claim, others),
    ...(first === undefined ? [] : takeover(claim, from)),
    ...failures(image),
    ...better([...waiting, ...invalid.filter((one) => one !== image)], chosen, rules, context),
    ...kept.warnings,
  ];
  const why = held ? heldReason(held.condition) : whyOf(kept);
  return { ...outcome, current: { image, version, ...why, versions: admitted.length, warnings } };
}

const whyOf = ({ decidedBy, reason, ambiguous, advice }: Evaluation) => ({
  decidedBy,
  reason,
  ambiguous,
  ...(advice !== undefined && { advice }),
});

const heldReason = ({ message }: Condition) =>
  ({ decidedBy: "policy", reason: `it was the version before: ${message}`, ambiguous: false }) as const;

function sortedImages(type: CatalogueType, repository: string): Sorted {
  const admitted: CatalogueImage[] = [];
  const invalid: CatalogueImage[] = [];
  const waiting: CatalogueImage[] = [];
  for (const image of type.images.of(repository).values()) {
    if (image.state === "admitted") admitted.push(image);
    else if (image.state !== "withdrawn") (image.added === undefined ? waiting : invalid).push(image);
  }
  return { admitted, invalid, waiting };
}

/** The best of all that were ever admitted, where it fails: of the repository that was left because nothing in it passes, else of the first. */
function refusedOf(
  type: CatalogueType,
  claims: readonly (Claim | undefined)[],
  grounds: Grounds,
): CatalogueImage | undefined {
  for (const claim of claims) {
    if (claim === undefined) continue;
    const { admitted, invalid } = sortedImages(type, claim.repository);
    if (invalid.length === 0) continue;
    const context = { ...contextOf(type, claim.repository, grounds), eligible: () => true };
    const best = grounds.rules.versions.evaluate([...admitted, ...invalid], context).pick?.image;
    if (best !== undefined && invalid.includes(best)) return best;
  }
  return undefined;
}

/** What an image fails, and that its type has no version for it. */
function refusal({ tags, digest, repository, verdicts }: CatalogueImage): string {
  const [failed] = failing(verdicts);
  const why = failed === undefined ? "does not pass" : `does not pass the check ${failed.check}: ${failed.reason}`;
  const which = `its version ${versionTag(tags)} (${pinnedName(repository, digest)})`;
  return oneLine(
    `${which} ${why}; its policy (onInvalid: refuse) gives it no other version until this one passes or a better one does`,
  );
}

import type { CatalogueImage, CatalogueType, Pin } from "../catalogue/state.ts";
import { oneLine } from "../model/one-line.ts";
import { whyNotAdmitted } from "../model/verdict.ts";
import { contextOf, type Grounds } from "./rules.ts";

/** What becomes of a pin: its image answers, or it cannot, for a reason. */
export interface Pinned {
  readonly pin: Pin;
  readonly image?: CatalogueImage;
  /** Why the image may not be the version. */
  readonly problem?: string;
  /** It is given all the same, since its policy keeps what fails. */
  readonly kept?: boolean;
}

/** What a type's pin comes to; `undefined` where it has none. */
export function pinnedOf(type: CatalogueType, grounds: Grounds): Pinned | undefined {
  const { pin } = type;
  if (pin === undefined) return undefined;
  const image = type.images.get(pin.repository, pin.digest);
  if (image === undefined) return { pin, problem: "is not known any more" };
  const denied = deniedBy(image, type, grounds);
  const problem = denied ?? (image.state === "admitted" ? undefined : unfit(image));
  if (problem === undefined) return { pin, image };
  // What is denied is never given.
  return { pin, image, problem, kept: denied === undefined && grounds.rules.onInvalid === "keep" };
}

/** Why an image is denied; `undefined` where it is not. */
export function deniedBy(image: CatalogueImage, type: CatalogueType, grounds: Grounds): string | undefined {
  const context = contextOf(type, image.repository.name, grounds);
  const drop = grounds.rules.versions.dropOf(image, context);
  return drop?.code === "denied" ? drop.detail : undefined;
}

/** Why an image that is not admitted is none. */
export function unfit({ state, withdrawn, verdicts }: CatalogueImage): string {
  if (state === "withdrawn") return `was withdrawn at ${withdrawn?.at}: ${withdrawn?.reason}`;
  return `is ${state}: ${whyNotAdmitted(verdicts)}`;
}

/** Why it is this version. */
export const pinReason = ({ mode, by, since, reason, until }: Pin): string =>
  oneLine(
    `it is ${mode === "pin" ? "pinned" : "what the type was rolled back to"} by ${by} since ${since}${until === undefined ? "" : `, until ${until}`}: ${reason}`,
  );

/** That a pin is not in force, or in force though its image fails. */
export function pinWarning({ pin, problem, kept }: Pinned, onInvalid: string): string {
  const { version, repository, digest, by } = pin;
  const outcome = kept
    ? "it is kept all the same"
    : onInvalid === "refuse"
      ? "the type gets no other version"
      : "the version policy chooses instead";
  return oneLine(
    `the version ${version} that ${by} pinned (${repository}@${digest}) ${problem}; ${outcome} (onInvalid: ${onInvalid}); unpin the type, or pin another version`,
  );
}

import { UnknownTypeError } from "@executor-registry/resolver";
import type { Catalogue } from "../catalogue/catalogue.ts";

/** Says why a type cannot be resolved: nobody knows it, or it is known and none of its images may be used. */
export function unknownType(type: string, catalogue: Catalogue): UnknownTypeError {
  const images = [...(catalogue.type(type)?.images ?? [])].filter(({ state }) => state !== "withdrawn");
  const [refused] = images.flatMap(({ verdicts }) => verdicts.filter(({ state }) => state !== "passed"));
  const count =
    images.length === 1 ? "an image of it was found but is" : `${images.length} images of it were found but are`;
  const hints = refused === undefined ? [] : [`${count} not admitted: ${refused.reason}`];
  return new UnknownTypeError(type, catalogue.snapshot.types(), hints);
}

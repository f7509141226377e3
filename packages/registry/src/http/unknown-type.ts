import { UnknownTypeError } from "@executor-registry/resolver";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { oneLine } from "../catalogue/one-line.ts";

/** So many known types are named: whoever wants all asks for the list. */
const MOST_TYPES = 100;

/** Says why a type cannot be resolved: nobody knows it, or it is known and none of its images may be used. */
export function unknownType(type: string, catalogue: Catalogue): UnknownTypeError {
  const { index } = catalogue.snapshot;
  const known = { knownTypes: index.sorted.slice(0, MOST_TYPES), nearMisses: index.nearMisses(type) };
  return new UnknownTypeError(type, known, whyNone(type, catalogue));
}

function whyNone(type: string, catalogue: Catalogue): readonly string[] {
  const view = catalogue.view(type);
  if (view === undefined) return [];
  const refused = [...view.images("rejected"), ...view.images("pending")];
  const verdict = refused[0]?.verdicts.find(({ state }) => state !== "passed");
  if (verdict === undefined) return [];
  const count =
    refused.length === 1 ? "an image of it was found but is" : `${refused.length} images of it were found but are`;
  return [oneLine(`${count} not admitted: ${verdict.reason}`)];
}

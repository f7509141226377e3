import { z } from "zod";
import { durationBetween } from "../../../settings/duration.ts";
import { authoritySettings } from "../../signature/authorities.ts";
import type { Trust } from "../../signature/signers.ts";
import { trustSettings } from "../../signature/trusted-root.ts";
import { needsSigners, statementsAbout } from "../signed-statements.ts";
import type { Target } from "../targets.ts";
import { statementsIn, VEX_PREDICATES } from "./documents.ts";
import type { VexStatement } from "./statement.ts";

/** Who may say that a vulnerability does not matter. */
export const VexSettings = z
  .strictObject({
    ...authoritySettings,
    maxAge: durationBetween("1h", "3660d").optional().meta({
      description: "How old a statement may be; of any age when absent",
    }),
    ...trustSettings,
  })
  .superRefine(needsSigners);

/**
 * What those who may have stated about vulnerabilities of an image, attached to it as OpenVEX or CycloneDX.
 * @throws where there may be more than could be read, or a document is not as its format says: it may be the newest
 */
export async function vexStatements(
  target: Target,
  trust: Trust,
  signal: AbortSignal,
): Promise<readonly VexStatement[]> {
  const documents = await statementsAbout(target, trust, VEX_PREDICATES, signal);
  return documents.flatMap(({ predicateType, predicate }) => statementsIn(predicateType, predicate));
}

import { pinnedName } from "@executor-registry/resolver";
import type { PolicyTestDocument } from "@executor-registry/resolver/internal";
import type { z } from "zod";
import type { Examination } from "../judging/examine.ts";
import { verdictDocument } from "../model/verdict.ts";
import type { Api } from "./api.ts";
import { type Answer, type Call, json } from "./operation.ts";
import type { PolicyTestQuery } from "./queries.ts";

/** What the checks say of any image that the sources cover. Nothing of it is written down. */
export async function testPolicy(
  { query: { image, type }, signal }: Call<unknown, z.output<typeof PolicyTestQuery>>,
  { inForce }: Api,
): Promise<Answer<"json">> {
  return json(policyTestDocument(await inForce().examine(image, type, signal)));
}

/** The document of an examination. */
export function policyTestDocument({ repository, digest, source, types }: Examination): PolicyTestDocument {
  return {
    image: pinnedName(repository, digest),
    source,
    types: types.map(({ type, policy, state, verdicts }) => ({
      type,
      ...(policy !== "" && { policy }),
      state,
      verdicts: verdicts.map(verdictDocument),
    })),
  };
}

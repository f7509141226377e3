import { setImmediate } from "node:timers/promises";
import type { PolicyEffect } from "@executor-registry/resolver/internal";
import type { CatalogueType } from "../catalogue/state.ts";
import type { Choices } from "../choice/choices.ts";
import { type Choice, choose } from "../choice/current.ts";
import { basisOf, type RulesOf } from "../choice/rules.ts";
import { versionRef } from "./documents.ts";

/** What other rules make of the types. */
export interface PolicyEffects {
  /** Types that get another version, or none, or one where they had none. */
  readonly affected: number;
  readonly unchanged: number;
  /** The affected ones, in order; at most 100. */
  readonly changes: readonly PolicyEffect[];
}

const MAX_CHANGES = 100;
/** Milliseconds at a stretch: readers are answered in between. */
const STRETCH_MS = 20;

/**
 * What the types would be answered with under other rules, without changing anything.
 * @param only one type; it is described also where nothing changes for it
 */
export async function policyEffects(
  choices: Choices,
  rulesOf: RulesOf,
  only?: string,
  signal?: AbortSignal,
): Promise<PolicyEffects> {
  const { catalogue } = choices;
  const changes: PolicyEffect[] = [];
  let [affected, unchanged] = [0, 0];
  let began = performance.now();
  const names = only === undefined ? [...catalogue.types()].map(({ type }) => type) : [only];
  for (const name of names.sort()) {
    const type = catalogue.type(name);
    if (type === undefined) continue;
    if (only === undefined && basisOf(rulesOf(name)) === basisOf(choices.groundsOf(name).rules)) {
      // It would be chosen the same, from images that may have to be unpacked for it.
      unchanged += 1;
      continue;
    }
    const effect = effectOn(type, choices, rulesOf);
    const differs = effect.before?.image !== effect.after?.image;
    if (differs) affected += 1;
    else unchanged += 1;
    if ((differs || only !== undefined) && changes.length < MAX_CHANGES) changes.push(effect);
    if (performance.now() - began < STRETCH_MS) continue;
    await setImmediate();
    signal?.throwIfAborted();
    began = performance.now();
  }
  return { affected, unchanged, changes };
}

function effectOn(type: CatalogueType, choices: Choices, rulesOf: RulesOf): PolicyEffect {
  const grounds = choices.groundsOf(type.type);
  const rules = rulesOf(type.type);
  const before = choices.view(type.type)?.current;
  const { current: after, evaluation }: Choice = choose(type, { ...grounds, rules });
  return {
    type: type.type,
    ...(before && { before: versionRef(before) }),
    ...(after && { after: versionRef(after) }),
    candidates: evaluation?.candidates ?? 0,
    drops: evaluation?.drops ?? [],
  };
}

import { z } from "zod";
import { compareNumbers, wholeNumber } from "./text-order.ts";
import { keyed, PickSettings } from "./keyed.ts";
import type { Ordering } from "./ordering.ts";

export const NumericalSettings = z.object({ pick: PickSettings });

/** A mistake may be an identifier in place of a counter. */
const FAR = 1000n;

/** By the values of tags that are whole numbers, of any length. */
export function numerical({ pick }: z.output<typeof NumericalSettings>): Ordering<bigint> {
  const sign = pick === "highest" ? 1 : -1;
  return keyed({
    summary: pick === "highest" ? "numerical" : "numerical, the lowest",
    noun: "number",
    pick,
    read(text) {
      const key = wholeNumber(text);
      return key === undefined ? { drop: "not-a-version" } : { key };
    },
    compareKeys: (a, b) => sign * compareNumbers(a, b),
    explain: (_, text) => `${text} is not a whole number`,
    isFar: (best, next) => sign > 0 && next > 0n && best >= next * FAR,
  });
}

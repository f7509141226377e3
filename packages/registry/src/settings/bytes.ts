import { z } from "zod";

const FORM = /^([1-9]\d{0,14})(Ki|Mi|Gi|Ti|k|M|G|T)?$/;
const UNITS: Readonly<Record<string, number>> = {
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** `500Mi`, `2G`: bytes, as Kubernetes writes quantities. */
export const Bytes = z
  .string()
  .regex(FORM, "expected a whole number and a unit, such as 500Mi or 2Gi")
  .transform((text) => {
    const [, count, unit = ""] = FORM.exec(text) ?? [];
    return Number(count) * (UNITS[unit] ?? 1);
  })
  .refine(Number.isSafeInteger, "expected less than 8191Ti")
  .meta({ title: "bytes" });

/** Bytes for people, in the unit that they fill. */
export function inBytes(bytes: number): string {
  for (const unit of ["Ti", "Gi", "Mi", "Ki"]) {
    const count = bytes / (UNITS[unit] ?? 1);
    if (count >= 1) return `${Number(count.toFixed(1))}${unit}`;
  }
  return `${bytes} bytes`;
}

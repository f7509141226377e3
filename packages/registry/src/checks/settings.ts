import { z } from "zod";
import { durationBetween } from "../settings/duration.ts";
import { AgeSettings } from "./age.ts";
import { BaseImageSettings } from "./base-images.ts";
import { ExpressionSettings } from "./expression.ts";
import { LabelSettings } from "./labels.ts";
import { approvedNamespaces, NamespaceSettings } from "./namespace.ts";
import { PlatformSettings } from "./platforms.ts";
import { SizeSettings } from "./size.ts";
import { UserSettings } from "./user.ts";
import { VulnerabilitySettings } from "./vulnerabilities/vulnerabilities.ts";
import { SignatureSettings } from "./signature.ts";

const Mode = z.enum(["enforce", "warn"]).default("enforce").meta({
  description: "`warn`: what fails is a version all the same, with a warning",
});

/** The settings of one check in a policy. */
const moded = <Shape extends z.ZodRawShape>(settings: z.ZodObject<Shape>) => settings.extend({ mode: Mode }).optional();

/** What images of some types must pass. A check has its settings here, and its row in `checks.ts`. */
export const PolicySettings = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "expected words of a-z and 0-9, joined by -")
    .meta({
      description: "Names it in the journal, and for `extends`",
    }),
  types: z.array(z.string().min(1)).min(1).default(["*"]).meta({
    description:
      "Executor types that it is for; `*` stands for any characters. The first policy that names a type counts",
  }),
  extends: z.string().optional().meta({
    description: "Name of another policy: what this one does not say is taken from there",
  }),
  onInvalid: z.enum(["fallback", "keep", "refuse"]).optional().meta({
    description:
      "What a type is answered with when its version fails as it is judged again: `fallback` (default), the best that passes; `keep`, the same as long as no other passes, with a warning; `refuse`, nothing",
  }),
  deadline: durationBetween("1m", "365d").optional().meta({
    description: "For how long a check may be unable to answer about an image before the image fails; 24h when absent",
  }),
  revalidate: durationBetween("10m", "366d").optional().meta({
    description:
      "How long an answer holds that depends on more than the image, such as on what a scanner knows by now; 24h when absent",
  }),
  namespaces: moded(NamespaceSettings),
  labels: moded(LabelSettings),
  platforms: moded(PlatformSettings),
  age: moded(AgeSettings),
  size: moded(SizeSettings),
  user: moded(UserSettings),
  baseImages: BaseImageSettings.safeExtend({ mode: Mode }).optional(),
  expression: moded(ExpressionSettings),
  vulnerabilities: moded(VulnerabilitySettings),
  signature: SignatureSettings.safeExtend({ mode: Mode }).optional(),
});
export type PolicySettings = z.output<typeof PolicySettings>;

/** What images must pass: `none`, or policies. */
export const CheckSettings = z
  .strictObject({
    approvedNamespaces,
    policies: z.array(PolicySettings).default([]).meta({ description: "What images of which types must pass" }),
  })
  .superRefine(({ policies, approvedNamespaces: approved }, context) => {
    const names = policies.map(({ name }) => name);
    if (policies.length === 0 && approved.length === 0) {
      context.addIssue({
        code: "custom",
        message:
          "nothing is approved: name repositories in approvedNamespaces, or write `checks: none` to approve every image",
      });
    }
    for (const [index, policy] of policies.entries()) {
      const fail = (member: string, message: string): void =>
        context.addIssue({ code: "custom", path: ["policies", index, member], message });
      if (names.indexOf(policy.name) !== index) fail("name", `"${policy.name}" is the name of another policy`);
      const base = policies.findIndex(({ name }) => name === policy.extends);
      if (policy.extends !== undefined && base < 0) fail("extends", `there is no policy "${policy.extends}"`);
      else if (policy.extends !== undefined && chain(policies, policy).includes(policy)) {
        fail("extends", `"${policy.name}" would extend itself`);
      } else if (approved.length === 0 && [policy, ...chain(policies, policy)].every(({ namespaces }) => !namespaces)) {
        fail(
          "namespaces",
          "no repository is approved for these types: name some here, or in checks.approvedNamespaces",
        );
      }
    }
  });
export type CheckSettings = z.output<typeof CheckSettings>;

/** The policies that one extends, the nearest first; ends where it comes round. */
export function chain(policies: readonly PolicySettings[], policy: PolicySettings): readonly PolicySettings[] {
  const found: PolicySettings[] = [];
  let next = policies.find(({ name }) => name === policy.extends);
  while (next !== undefined && !found.includes(next)) {
    found.push(next);
    const { extends: name } = next;
    next = policies.find((one) => one.name === name);
  }
  return found;
}

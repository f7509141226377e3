import { z } from "zod";
import type { Image } from "../model/image.ts";
import { oneLine } from "../model/one-line.ts";
import type { PlatformImage } from "../oci/read/platform-images.ts";
import type { CelImage, Expression } from "./cel.ts";
import { type Check, fingerprintOf, type Judgement } from "./check.ts";
import { judgeImages, everyOf } from "./platforms-of.ts";

const Cel = z.string().min(1).max(4096);

export const ExpressionSettings = z.strictObject({
  rule: Cel.meta({
    description:
      "An expression in CEL over `image` that must be true: `image.labels['tier'] == 'gold' && image.sizeBytes < 1000000000`",
  }),
  messageExpression: Cel.optional().meta({
    description: "An expression in CEL that makes the reason of a failure: a text, over `image` too",
  }),
});
type Settings = z.output<typeof ExpressionSettings>;

/** Loads the library. @throws TypeError for what {@link expressionMistakes} finds */
async function compile({ rule, messageExpression }: Settings) {
  const { parseExpression } = await import("./cel.ts");
  const sound = (text: string, type: "bool" | "string"): Expression => {
    const parsed = parseExpression(text, type);
    if (typeof parsed === "string") throw new TypeError(`the expression ${text}: ${parsed}`);
    return parsed;
  };
  return {
    rule: sound(rule, "bool"),
    message: messageExpression === undefined ? undefined : sound(messageExpression, "string"),
  };
}

/** What is wrong with the expressions, by their member. */
export async function expressionMistakes({
  rule,
  messageExpression,
}: Settings): Promise<readonly { readonly member: string; readonly message: string }[]> {
  const { parseExpression } = await import("./cel.ts");
  const mistakes = [
    { member: "rule", message: parseExpression(rule, "bool") },
    { member: "messageExpression", message: parseExpression(messageExpression ?? "''", "string") },
  ];
  return mistakes.flatMap(({ member, message }) => (typeof message === "string" ? [{ member, message }] : []));
}

/**
 * Lets in only images of which an expression is true, for each of their platforms.
 * @param limitMs of one evaluation, in which nothing else is answered. Common ones take less than a millisecond
 */
export function createExpressionCheck(settings: Settings, limitMs = 100): Check {
  let compiled: ReturnType<typeof compile> | undefined;
  return {
    name: "expression",
    fingerprint: fingerprintOf(settings.rule, settings.messageExpression),
    byTags: /\btags\b/.test(`${settings.rule} ${settings.messageExpression}`),
    async judge(subject, signal) {
      const { rule, message } = await (compiled ??= compile(settings));
      return judgeImages(subject, signal, (images) =>
        everyOf(images, (one): Judgement => {
          const image = celImage(subject.image, one, images);
          const result = rule.evaluate(image, limitMs);
          const short = oneLine(settings.rule, 200);
          if ("problem" in result) {
            const reason = `the rule ${short} cannot be evaluated: ${oneLine(result.problem, 200)}; test for it in the rule, such as with has()`;
            return { state: "failed", code: "expression-error", reason };
          }
          if (result.value === true) return { state: "passed", reason: `the rule ${short} is true` };
          const said = message?.evaluate(image, limitMs);
          const own = said && "value" in said && typeof said.value === "string" ? oneLine(said.value.trim(), 500) : "";
          const reason =
            own || `the rule ${short} is not true; build an image for which it is, or change the rule in its policy`;
          return { state: "failed", code: "expression-false", reason };
        }),
      );
    },
  };
}

function celImage({ repository, digest, tags }: Image, one: PlatformImage, all: readonly PlatformImage[]): CelImage {
  const { platform = "", labels, sizeBytes, created, user, entrypoint, cmd, env } = one;
  return {
    repository: repository.name,
    registry: repository.registry,
    path: repository.path,
    digest,
    tags,
    labels: Object.fromEntries(labels),
    platform,
    platforms: [...new Set(all.flatMap((image) => image.platform ?? []))].sort(),
    ...(sizeBytes !== undefined && { sizeBytes: BigInt(sizeBytes) }),
    ...(created !== undefined && { created: new Date(created) }),
    user,
    entrypoint,
    cmd,
    env,
  };
}

import { z } from "zod";
import { repositoryPattern } from "../model/repository-pattern.ts";
import { type Check, fingerprintOf } from "./check.ts";

const Pattern = z.string().min(1);

export const approvedNamespaces = z.array(Pattern).default([]).meta({
  description:
    "Patterns of `registry/path` that images of every type must be in, where their policy has no `namespaces`: `*` stands for anything within a segment, `**` for any number of segments",
});

export const NamespaceSettings = z.strictObject({
  allow: z
    .array(
      z.union(
        [
          Pattern,
          z.strictObject({
            repositories: Pattern.meta({ description: "Pattern of `registry/path`" }),
            owner: z.string().min(1).max(200).meta({ description: "Who owns the executors in these repositories" }),
          }),
        ],
        "expected a pattern of `registry/path`, or `repositories` and `owner`",
      ),
    )
    .min(1)
    .meta({
      description:
        "Which repositories may provide these types: a pattern of `registry/path`, or `repositories` and `owner`",
    }),
});

/**
 * Lets in only images of approved repositories. A pattern is matched against `registry/path`: `*` stands for anything within
 * a segment, `**` for any number of segments. Without a pattern everything passes, and says so.
 */
export function createNamespaceCheck(allow: z.output<typeof NamespaceSettings>["allow"]): Check {
  const approved = allow.map((one) => {
    const { repositories, owner } = typeof one === "string" ? { repositories: one, owner: undefined } : one;
    return { text: repositories, owner, matches: repositoryPattern(repositories) };
  });
  return {
    name: "approved-namespace",
    fingerprint: fingerprintOf(allow),
    immediate: true,
    async judge({ image }) {
      const { name: repository } = image.repository;
      if (approved.length === 0) return { state: "passed", reason: "`checks: none` approves every repository" };
      const by = approved.find(({ matches }) => matches(repository));
      if (by !== undefined) {
        const evidence = { namespace: by.text, ...(by.owner !== undefined && { owner: by.owner }) };
        return { state: "passed", reason: `${repository} is in the approved namespace ${by.text}`, evidence };
      }
      const patterns = approved.map(({ text }) => text).join(", ");
      return {
        state: "failed",
        code: "namespace-not-allowed",
        reason: `${repository} is in none of the approved namespaces (${patterns}); add it to the namespaces of its policy, or to checks.approvedNamespaces, if it should be`,
      };
    },
  };
}

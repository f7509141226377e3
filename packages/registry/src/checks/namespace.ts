import { z } from "zod";
import { repositoryPattern } from "../model/repository-pattern.ts";
import { type Check, fingerprintOf } from "./check.ts";

export const approvedNamespaces = z.array(z.string().min(1)).default([]).meta({
  description: "Patterns of `registry/path` that images must be in; all are approved when empty",
});

/**
 * Lets in only images of approved repositories. A pattern is matched against `registry/path`: `*` stands for anything within
 * a segment, `**` for any number of segments. Without a pattern everything passes, and says so.
 */
export function createNamespaceCheck(patterns: readonly string[]): Check {
  const approved = patterns.map((text) => ({ text, matches: repositoryPattern(text) }));
  return {
    name: "approved-namespace",
    fingerprint: fingerprintOf(patterns),
    async judge({ image: { repository } }) {
      if (approved.length === 0) {
        return { state: "passed", reason: "no namespaces are configured: every repository is approved" };
      }
      const by = approved.find(({ matches }) => matches(repository));
      return by === undefined
        ? {
            state: "failed",
            reason: `${repository} is in none of the approved namespaces (${patterns.join(", ")}); add it to checks.approvedNamespaces if it should be`,
          }
        : { state: "passed", reason: `${repository} is in the approved namespace ${by.text}` };
    },
  };
}

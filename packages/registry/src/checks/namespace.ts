import type { Check } from "./check.ts";
import { repositoryPattern } from "../model/repository-pattern.ts";

/**
 * Lets in only images of approved repositories. A pattern is matched against `registry/path`: `*` stands for anything within
 * a segment, `**` for any number of segments. Without a pattern everything passes, and says so.
 */
export function createApprovedNamespaceCheck(patterns: readonly string[]): Check {
  const approved = patterns.map((text) => ({ text, matches: repositoryPattern(text) }));
  return {
    name: "approved-namespace",
    async judge({ repository }) {
      if (approved.length === 0) {
        return {
          check: this.name,
          state: "passed",
          reason: "no namespaces are configured: every repository is approved",
        };
      }
      const by = approved.find(({ matches }) => matches(repository));
      return by === undefined
        ? {
            check: this.name,
            state: "failed",
            reason: `${repository} is in none of the approved namespaces (${patterns.join(", ")}); add it to checks.approvedNamespaces if it should be`,
          }
        : { check: this.name, state: "passed", reason: `${repository} is in the approved namespace ${by.text}` };
    },
  };
}

import { type Digest, repositoryNamed } from "@executor-registry/resolver";
import type { CatalogueImage, RepositoryReads } from "../../catalogue/state.ts";
import { makeVersionPolicies } from "../policies.ts";
import type { EvaluationContext, VersionRules } from "../rules.ts";
import { VersionSettings } from "../settings.ts";

const repository = repositoryNamed("registry.test/team/executor-ml");
/** The first complete look at the repository ended with this entry of the journal. */
const FIRST_COMPLETE = 100;

export const reads = (unreadTotal = 0): RepositoryReads => {
  return { repository, source: "s", firstComplete: FIRST_COMPLETE, unread: [], unreadTotal };
};

/** `09:30` of the day of the tests. */
export const at = (time: string): string => `2026-11-20T${time}:00.000Z`;

/** What is unusual about an image. */
export interface ImageFacts {
  /** A letter, or more. */
  readonly digest?: string;
  readonly pushed?: string;
  readonly created?: string;
  readonly found?: string;
  /** 0 for the first look. */
  readonly since?: number;
  readonly tagTimes?: Readonly<Record<string, string>>;
  readonly platforms?: readonly string[];
  readonly state?: CatalogueImage["state"];
  readonly untagged?: true;
}

/** The digest that a name of the tests stands for. */
export const digestOf = (name: string): Digest => {
  const hex = Array.from(name, (character) => (character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")).join("");
  return `sha256:${hex.slice(-64).padStart(64, "0")}`;
};

/** An image that was there at the first look, admitted, without any time, whose digest follows from its tags. */
export function image(tags: string | readonly string[], facts: ImageFacts = {}): CatalogueImage {
  const all = [...(typeof tags === "string" ? [tags] : tags)].sort();
  const { digest = all.join(), pushed, created, since = 0, tagTimes, untagged } = facts;
  const found = facts.found ?? pushed ?? at("06:00");
  return {
    repository,
    digest: digestOf(digest),
    tags: all,
    ...(pushed !== undefined && { pushed }),
    details: {
      mediaType: "m",
      platforms: facts.platforms ?? [],
      labels: {},
      ...(created !== undefined && { created }),
    },
    source: "s",
    state: facts.state ?? "admitted",
    verdicts: [],
    found,
    since,
    added: found,
    ...(tagTimes && { tagTimes }),
    ...(untagged && { untagged: { at: found, reason: "a tag names another image now" } }),
    sequence: 1,
  };
}

/** The rules of one policy, as it is written in the configuration. @throws ZodError */
export function rules(policy: object): VersionRules {
  return makeVersionPolicies(VersionSettings.parse({ policies: [{ name: "tested", ...policy }] })).of("ml");
}

export const context = (more: Partial<EvaluationContext> = {}): EvaluationContext => {
  return { reads: reads(), denials: [], now: Date.parse(at("12:00")), ...more };
};

import { pinnedName } from "@executor-registry/resolver";
import type {
  DenialDocument,
  HistoryPage,
  PinDocument,
  VersionPolicyReport,
  VersionRef,
} from "@executor-registry/resolver/internal";
import type { CatalogueType } from "../catalogue/state.ts";
import { type Choice, choose, type Current } from "../choice/current.ts";
import { pinMembers } from "../choice/document.ts";
import type { Pinned } from "../choice/pinned.ts";
import { contextOf, type Grounds } from "../choice/rules.ts";
import type { Denial } from "../model/denial.ts";
import type { Standing } from "../policies/rules.ts";

/** What a type is answered with. */
export const versionRef = ({ image: { repository, digest }, version, decidedBy, reason }: Current): VersionRef => ({
  image: pinnedName(repository, digest),
  digest,
  version,
  decidedBy,
  reason,
});

/** A pin, what became of it, and what the version policy would choose in its place. */
export function pinDocument(type: CatalogueType, { pin, problem }: Pinned, grounds: Grounds): PinDocument {
  const { repository, digest, version } = pin;
  const { pin: _, ...unpinned } = type;
  const { current } = choose(unpinned, grounds);
  return {
    type: type.type,
    image: `${repository}@${digest}`,
    digest,
    version,
    ...pinMembers(pin),
    state: problem === undefined ? "in-force" : "invalid",
    ...(problem !== undefined && { problem }),
    ...(current && { policyWouldChoose: versionRef(current) }),
  };
}

/** A denial of an operator, or of the configuration. */
export function denialDocument(denial: Denial): DenialDocument {
  const { digests: _, ...shown } = denial;
  return { ...shown, from: denial.id === 0 ? "configuration" : "operator" };
}

/** What a type was answered with, newest first. */
export function historyPage({ type, revisions }: CatalogueType, limit: number): HistoryPage {
  const shown = revisions.slice(-limit).reverse();
  return {
    type,
    total: revisions.at(-1)?.revision ?? 0,
    revisions: shown.map(({ repository, digest, revision, version, since, decidedBy, reason, by }) => {
      return { revision, image: `${repository}@${digest}`, digest, version, since, decidedBy, reason, by };
    }),
  };
}

/** The version policy of a type, and what it makes of the type's images. */
export function policyReport(
  type: CatalogueType,
  { current, condition }: Choice,
  grounds: Grounds,
  setByOperator: boolean,
): VersionPolicyReport {
  const { versions: rules } = grounds.rules;
  const { name, kind, summary } = rules;
  const repository = type.claims[0]?.repository ?? "";
  const images = [...type.images.of(repository).values()].filter(({ state }) => state === "admitted");
  const { pick, runnerUp, reason, candidates, drops, warnings } = rules.evaluate(
    images,
    contextOf(type, repository, grounds),
  );
  return {
    type: type.type,
    policy: { name, kind, summary },
    from: name === "" ? "default" : setByOperator ? "operator" : "configuration",
    evaluation: {
      ...(pick && { pick: standing(pick) }),
      ...(runnerUp && { runnerUp: standing(runnerUp) }),
      reason,
      candidates,
      images: images.length,
      drops,
      warnings,
    },
    ...(current && { current: versionRef(current) }),
    ...(condition && { condition: condition.code }),
  };
}

const standing = ({ image: { repository, digest }, tag: version }: Standing) => ({
  image: pinnedName(repository, digest),
  digest,
  version,
});

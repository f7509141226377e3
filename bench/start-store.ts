import { createHash } from "node:crypto";
import { type Digest, silentLogger, systemClock } from "@executor-registry/resolver";
import {
  CAPABILITY_RULES,
  Catalogue,
  Choices,
  makePolicies,
  makeVersionPolicies,
} from "@executor-registry/registry/internal";
import type { Reasoned, Store } from "@executor-registry/registry/internal";
import { openStore } from "@executor-registry/registry/internal";

/** Versions of each type. */
export const VERSIONS = 50;

export const openCatalogue = (file: string): Promise<Catalogue> => openCatalogueAt(`sqlite:${file}`);

/** @param store its address */
const openCatalogueAt = async (store: string): Promise<Catalogue> => openCatalogueOn(await openStore(store));

export const openCatalogueOn = (store: Store): Promise<Catalogue> =>
  Catalogue.open({ store, rank: () => 0, clock: systemClock, log: silentLogger });

/** As the service's own checks give them: it has nothing to judge again when it starts. */
export const VERDICTS = makePolicies("none")
  .of("executor")
  .checks.map(({ name, fingerprint }) => ({
    check: name,
    state: "passed" as const,
    reason:
      name === "runnable" ? "it is a container image" : "no namespaces are configured: every repository is approved",
    fingerprint,
  }));

/** Fills a store with so many types, found one repository at a time as a scan finds them, and ends as the service does. */
export const fillStore = (file: string, types: number): Promise<void> => fillStoreAt(`sqlite:${file}`, types);

/** @param store its address */
export async function fillStoreAt(store: string, types: number): Promise<void> {
  const catalogue = await openCatalogueAt(store);
  // Answers are kept in the store too.
  const versions = makeVersionPolicies({ policies: [] }).of("executor");
  const choices = new Choices(
    catalogue,
    () => 0,
    () => () => ({ onInvalid: "fallback", versions }),
    systemClock,
  );
  for (let type = 0; type < types; type += 1) {
    const since = catalogue.head.sequence;
    await catalogue.record("source:builds", () => [
      ...Array.from({ length: VERSIONS }, (_, version) => found(type, version, since)),
      lookedAt(type),
    ]);
    await catalogue.record("system", () => afterwards(type, versions.fingerprint));
  }
  if (choices.snapshot.size !== types) throw new Error(`${choices.snapshot.size} of ${types} types have an answer`);
  await catalogue.close();
}

export const repositoryOf = (typeIndex: number): string => `127.0.0.1:1/team/executor-type-${typeIndex}`;

/** The end of a first look at a repository that could be read completely. */
export function lookedAt(typeIndex: number): Reasoned {
  const repository = repositoryOf(typeIndex);
  const change = {
    kind: "repository-read",
    source: "builds",
    repository,
    complete: true,
    unread: [],
    unreadTotal: 0,
  } as const;
  return { reason: "every tag was read", change };
}

/** What the service writes down of the version that it answers with, so that a start has nothing to find out. */
export function afterwards(typeIndex: number, rules: string): readonly Reasoned[] {
  const { change } = found(typeIndex, VERSIONS - 1, 0);
  if (change.kind !== "image-found") throw new TypeError("an image is found by an entry of this kind");
  const { type, repository, digest } = change;
  const about = { type, repository, digest };
  const decidedBy = "policy" as const;
  const served = {
    kind: "version-served",
    ...about,
    version: `1.${VERSIONS - 1}.0`,
    revision: 1,
    decidedBy,
    rules,
  } as const;
  const capabilities = ["python 3.12.4", "pytorch 2.4.0", "cuda 12.4.1"].map((text) => {
    const [name = "", version = ""] = text.split(" ");
    return { name, version, from: "sbom", strength: "found", evidence: `pkg:generic/${name}@${version}` } as const;
  });
  const findings = { capabilities, sboms: 1, rules: CAPABILITY_RULES };
  return [
    { reason: "it is the last that was built", change: served },
    { reason: "1 SBOM read", change: { kind: "capabilities-found", ...about, ...findings } },
  ];
}

/**
 * A build as registries hold them: digest, tags, time, size, revision and version are its own.
 * @param since the head of the journal when the look began that found it
 */
export function found(typeIndex: number, version: number, since: number): Reasoned {
  const type = `type-${typeIndex}`;
  const repository = repositoryOf(typeIndex);
  const hex = createHash("sha256").update(`${type} ${version}`).digest("hex");
  const digest: Digest = `sha256:${hex}`;
  const tags = [`1.${version}.0`, `git-${hex.slice(0, 12)}`];
  const created = new Date(Date.UTC(2026, 0, 1) + (typeIndex * VERSIONS + version) * 61_007).toISOString();
  const details = {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    platforms: ["linux/amd64", "linux/arm64"],
    sizeBytes: 100_000_000 + Number.parseInt(hex.slice(0, 6), 16),
    created,
    labels: {
      "executor-registry.dev/capabilities": "cuda, batch",
      "executor-registry.dev/owner": `team-${typeIndex % 20}`,
      "org.opencontainers.image.created": created,
      "org.opencontainers.image.revision": hex.slice(24),
      "org.opencontainers.image.source": `https://git.test/team-${typeIndex % 20}/${type}`,
      "org.opencontainers.image.version": `1.${version}.0`,
    },
  };
  const image = { repository, digest, tags, details };
  const change = {
    kind: "image-found",
    type,
    repository,
    digest,
    source: "builds",
    since,
    image,
    verdicts: VERDICTS,
  } as const;
  return { reason: `was found, as ${tags.join(", ")}`, change };
}

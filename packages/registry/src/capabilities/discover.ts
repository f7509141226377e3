import { type Digest, type Repository, shortDigest } from "@executor-registry/resolver";
import type { CapabilityFindings } from "../model/capability.ts";
import { oneLine } from "../model/one-line.ts";
import type { RepositoryReader } from "../oci/read/repository-reader.ts";
import { readEnvironment } from "./environment.ts";
import { attempt, type AttachedSbom, findSboms, isObstacle, type Obstacle } from "./find-sboms.ts";
import { readParts } from "./image-parts.ts";
import { mergePlatforms, type PlatformEvidence } from "./merge-platforms.ts";
import { readSbom } from "./read-sbom.ts";
import { RULES_FINGERPRINT } from "./rules.ts";

/** SBOMs of one image that are read, and bytes of one. BuildKit's have 40 MB at most, most some hundred thousand. */
const MAX_SBOMS = 24;
const SBOM_BYTES = 32 << 20;
/** Obstacles that are named. */
const NAMED = 2;
const INCOMPLETE_CHARACTERS = 500;

/**
 * What an image can do, by what is attached to it and by its configuration. What could not be read is said: that nothing was found does
 * not show that there is nothing.
 * @throws what the registry has no part in, and the signal's reason
 */
export async function discover(
  { repository, digest }: { readonly repository: Repository; readonly digest: Digest },
  reader: RepositoryReader,
  signal: AbortSignal,
): Promise<CapabilityFindings> {
  const place = { host: repository.registry, repository: repository.path };
  const parts = await attempt({ signal }, "the image", () => readParts(repository, digest, reader, signal));
  if (isObstacle(parts)) return discovery([], new Map(), 0, [parts]);
  const obstacles: Obstacle[] = [];
  const found: PlatformEvidence[] = [];
  const platforms = new Map<Digest, string>();
  for (const part of parts.platforms) {
    const environment = await attempt({ signal }, `the configuration of ${shortDigest(part.digest)}`, () =>
      readEnvironment(part, reader, place, signal),
    );
    platforms.set(part.digest, (isObstacle(environment) ? part.platform : environment.platform) ?? part.digest);
    if (isObstacle(environment)) obstacles.push(environment);
    else found.push({ of: part.digest, evidence: environment.evidence });
  }
  if (parts.left > 0) obstacles.push({ refused: `${parts.left} more platforms are not looked at`, lasting: true });
  let [sboms, tried] = [0, 0];
  for await (const sbom of findSboms(parts, reader, signal)) {
    if ((tried += 1) > MAX_SBOMS) {
      obstacles.push({ refused: `more than ${MAX_SBOMS} SBOMs are attached to it`, lasting: true });
      break;
    }
    const evidence = isObstacle(sbom) ? sbom : await readAttached(sbom, { place, reader, signal });
    if (isObstacle(evidence)) obstacles.push(evidence);
    else {
      sboms += 1;
      found.push(evidence);
    }
  }
  return discovery(found, platforms, sboms, obstacles);
}

async function readAttached(
  { name, digest, size, about, of }: AttachedSbom,
  { place, reader, signal }: Reading,
): Promise<PlatformEvidence | Obstacle> {
  if (size > SBOM_BYTES) return { refused: `${name} has ${size} bytes; at most ${SBOM_BYTES} are read`, lasting: true };
  return attempt({ signal }, name, async () => {
    const bytes = await reader.blob(digest, SBOM_BYTES, signal);
    return { of, evidence: await readSbom(bytes, { place, about }, signal) };
  });
}

interface Reading {
  readonly place: { readonly host: string; readonly repository: string };
  readonly reader: RepositoryReader;
  readonly signal: AbortSignal;
}

function discovery(
  found: readonly PlatformEvidence[],
  platforms: ReadonlyMap<Digest, string>,
  sboms: number,
  obstacles: readonly Obstacle[],
): CapabilityFindings {
  const more = obstacles.length - NAMED;
  const named = obstacles.slice(0, NAMED).map(({ refused }) => refused);
  const reasons = [
    ...(sboms === 0 ? ["no SBOM of it was read"] : []),
    ...named,
    ...(more > 0 ? [`${more} more could not be read`] : []),
  ];
  const whole = obstacles.every(({ lasting }) => lasting);
  return {
    capabilities: mergePlatforms(found, platforms),
    sboms,
    ...(whole && { rules: RULES_FINGERPRINT }),
    ...(reasons.length > 0 && { incomplete: oneLine(reasons.join("; "), INCOMPLETE_CHARACTERS) }),
  };
}

import { type Clock, systemClock } from "../clock.ts";
import { ExecutorRegistryError } from "../errors.ts";
import { type Logger, silentLogger } from "../logger.ts";
import { familiarName, withDigest } from "../reference/reference.ts";
import { shortDigest } from "../reference/digest.ts";
import type { ExecutorTemplate } from "../reference/template.ts";
import type { Candidate, Finding } from "../resolution.ts";
import type { Source } from "../source.ts";
import { SourceState } from "../source-state.ts";
import { InvalidLayoutError } from "./errors.ts";
import { isContainerImage, type LayoutImage, readLayout } from "./layout-image.ts";

export interface LayoutOptions {
  /** The folder, as `skopeo copy … oci:FOLDER:NAME` writes it. */
  readonly directory: string;
  readonly template: ExecutorTemplate;
  /** @default silent */
  readonly log?: Logger;
  /** @default the machine's */
  readonly clock?: Clock;
}

/** Executors in an OCI image layout, read once. The newest is the one whose configuration was created last. */
export function openLayout({ directory, template, log = silentLogger, clock = systemClock }: LayoutOptions): Source {
  const state = new SourceState(clock);
  let findings = new Map<string, Finding>();

  async function read(): Promise<void> {
    const types = new Map<string, LayoutImage[]>();
    for (const image of (await readLayout(directory)).filter(isContainerImage)) {
      const type = template.typeOf(image.reference);
      if (type !== undefined) types.set(type, [...(types.get(type) ?? []), image]);
    }
    findings = new Map([...types].map(([type, images]) => [type, findingOf(images)]));
    state.ready();
  }
  const reading = read().catch((error: unknown) => {
    log.error({ directory, err: error }, "the OCI image layout cannot be read");
    state.lost(
      error instanceof ExecutorRegistryError ? error : new InvalidLayoutError(directory, String(error), error),
    );
  });

  return {
    name: "oci-layout",
    settled: state.settled,
    status: () => state.status(),
    find: (type) => findings.get(type),
    types: () => findings.keys(),
    onChange: (listener) => state.onChange(listener),
    async close() {
      await reading;
      state.close();
    },
  };
}

function findingOf(images: readonly LayoutImage[]): Finding {
  const ordered = [...images].sort((a, b) => (b.created ?? 0) - (a.created ?? 0) || (nameOf(a) < nameOf(b) ? 1 : -1));
  const [first, second] = ordered;
  if (!first) throw new RangeError("a type has at least one image");
  const dated = ordered.every(({ created }) => created !== undefined);
  const told = !second || (dated && first.created !== second.created);
  const created = new Date(first.created ?? 0).toISOString();
  const reason = second
    ? `created at ${created}, after ${ordered.length === 2 ? "the other one" : `the other ${ordered.length - 1}`}`
    : "the only image of this type in the layout";
  return {
    image: nameOf(first),
    digest: first.digest,
    version: versionOf(first),
    pullPolicy: "IfNotPresent",
    decidedBy: told ? (second ? "created" : "only-candidate") : "none",
    reason: told ? reason : `nothing tells which of ${ordered.length} images is the newest`,
    candidates: ordered.map(candidateOf),
    ambiguous: !told,
    ...(!told && { advice: "build without a fixed creation time, or keep one image of the type in the layout" }),
    warnings: [],
  };
}

function candidateOf(image: LayoutImage): Candidate {
  const { digest, sizeBytes, created, reference } = image;
  return {
    image: nameOf(image),
    digest,
    version: versionOf(image),
    names: [nameOf(image), familiarName(reference)],
    sizeBytes,
    evidence:
      created === undefined
        ? []
        : [{ kind: "created", at: new Date(created).toISOString(), detail: "creation time in its configuration" }],
  };
}

function nameOf({ reference, digest }: LayoutImage): string {
  return familiarName(withDigest(reference, digest));
}

function versionOf({ reference, digest }: LayoutImage): string {
  return reference.tag ?? shortDigest(digest);
}

import { isPast } from "../tools/build-time.ts";
import { type Clock, systemClock } from "../tools/clock.ts";
import { ExecutorRegistryError } from "../tools/errors.ts";
import { type Logger, silentLogger } from "../tools/logger.ts";
import { createFindings, type Note } from "../sources/findings.ts";
import { findingsSource } from "../sources/findings-source.ts";
import { familiarName, type ImageReference, parseReference } from "../reference/reference.ts";
import { pinnedName, repositoryOf } from "../reference/repository.ts";
import { shortDigest } from "../reference/digest.ts";
import type { ExecutorTemplate } from "../reference/template.ts";
import { CAPABILITIES_LABEL, declaredCapabilities } from "../contract/capability.ts";
import type { Candidate, Finding } from "../contract/resolution.ts";
import type { Source } from "../sources/source.ts";
import { SourceState } from "../contract/source-state.ts";
import { InvalidLayoutError } from "./blobs.ts";
import { isRunnable, type LayoutImage, readLayout } from "./layout-image.ts";

const NOT_RUNNABLE = "is no image that a container can be started from";

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
  const ending = new AbortController();
  const findings = createFindings({ clock, signal: ending.signal, changed: (type) => state.changed(type) });

  async function read(): Promise<void> {
    const types = new Map<string, LayoutImage[]>();
    const { images, unreadable, malformed } = await readLayout(
      directory,
      (name) => template.typeOf(name) !== undefined,
    );
    for (const image of images.filter(isRunnable)) {
      const type = template.typeOf(image.reference);
      if (type !== undefined) types.set(type, [...(types.get(type) ?? []), believed(image, clock.now())]);
    }
    const note = (reference: ImageReference, what: string): Note => {
      const type = template.typeOf(reference);
      return { text: `${familiarName(reference)} ${what}`, ...(type !== undefined && { type }) };
    };
    const notes: Note[] = [
      ...(malformed ? [{ text: malformed.message }] : []),
      ...unreadable.map(({ reference, problem }) => note(reference, `cannot be read: ${problem.message}`)),
      ...images.filter((image) => !isRunnable(image)).map(({ reference }) => note(reference, NOT_RUNNABLE)),
    ];
    const warnings = (type: string): readonly string[] =>
      notes.flatMap((note) => (note.type === type ? note.text : []));
    findings.replace(new Map([...types].map(([type, images]) => [type, findingOf(images, warnings(type))])), notes);
    state.ready();
  }
  const reading = read().catch((error: unknown) => {
    log.error({ directory, err: error }, "the OCI image layout cannot be read");
    state.lost(
      error instanceof ExecutorRegistryError ? error : new InvalidLayoutError(directory, String(error), error),
    );
  });

  return findingsSource("oci-layout", state, findings, () => {
    ending.abort();
    return reading;
  });
}

/** A time of the future is no evidence. */
function believed({ created, ...image }: LayoutImage, now: number): LayoutImage {
  return created !== undefined && isPast(created, now) ? { ...image, created } : image;
}

function findingOf(images: readonly LayoutImage[], warnings: readonly string[]): Finding {
  const ordered = [...images].sort((a, b) => (b.created ?? 0) - (a.created ?? 0) || (nameOf(a) < nameOf(b) ? 1 : -1));
  const [first, second] = ordered;
  if (!first) throw new RangeError("a type has at least one image");
  const dated = ordered.every(({ created }) => created !== undefined);
  const decided = !second || (dated && first.created !== second.created);
  const created = new Date(first.created ?? 0).toISOString();
  const reason = second
    ? `created at ${created}, after ${ordered.length === 2 ? "the other one" : `the other ${ordered.length - 1}`}`
    : "the only image of this type in the layout";
  return {
    image: nameOf(first),
    digest: first.digest,
    version: versionOf(first),
    pullPolicy: "IfNotPresent",
    decidedBy: decided ? (second ? "created" : "only-candidate") : "none",
    reason: decided ? reason : `nothing shows which of ${ordered.length} images is the newest`,
    candidates: ordered.map(candidateOf),
    ambiguous: !decided,
    ...declaredCapabilities(first.labels[CAPABILITIES_LABEL], { from: "label", evidence: CAPABILITIES_LABEL }),
    ...(!decided && { advice: "build without a fixed creation time, or keep one image of the type in the layout" }),
    warnings,
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
  return familiarName(parseReference(pinnedName(repositoryOf(reference), digest)));
}

function versionOf({ reference, digest }: LayoutImage): string {
  return reference.tag ?? shortDigest(digest);
}

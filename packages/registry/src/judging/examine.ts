import {
  type Clock,
  type Digest,
  ExecutorRegistryError,
  type ImageReference,
  type Repository,
  repositoryOf,
} from "@executor-registry/resolver";
import { stateOf } from "../catalogue/state.ts";
import type { ImagePolicies, ImagePolicy } from "../checks/checks.ts";
import { boundedDetails, type Image } from "../model/image.ts";
import type { Naming } from "../model/naming.ts";
import type { Verdict } from "../model/verdict.ts";
import type { ImageSource } from "../sources/image-source.ts";
import { ask } from "./ask.ts";
import { CheckAnswers, distinct } from "./verdicts.ts";

/** What the checks say of an image now. Nothing of it is written down. */
export interface Examination {
  readonly repository: Repository;
  readonly digest: Digest;
  readonly source: string;
  /** By type: each has its own policy. */
  readonly types: readonly {
    readonly type: string;
    /** Empty where no policy names the type. */
    readonly policy: string;
    /** What would become of the image. */
    readonly state: "admitted" | "rejected" | "pending";
    readonly verdicts: readonly Verdict[];
  }[];
}

/** What an examination needs. */
export interface ExaminationOptions {
  readonly policies: ImagePolicies;
  readonly sources: readonly ImageSource[];
  readonly naming: Pick<Naming, "typesOf">;
  readonly clock: Clock;
  /** What else is known of the image, where there is a catalogue: tags, and when it was pushed. */
  known?(repository: string, digest: Digest): Pick<Image, "tags" | "pushed"> | undefined;
}

/**
 * Asks every check about an image. Its tag is resolved once; all that is read after that is read by digest.
 * @param type of which it is to be judged; else all that its names mean
 * @throws ExecutorRegistryError code `invalid-request` where no source covers its repository, or its type is not known
 * @throws RegistryError where it cannot be read
 */
export async function examine(
  reference: ImageReference,
  type: string | undefined,
  options: ExaminationOptions,
  signal: AbortSignal,
): Promise<Examination> {
  const { policies, naming, clock } = options;
  const repository = repositoryOf(reference);
  const types = type === undefined ? naming.typesOf(repository.path, reference.tag ?? "") : [type];
  if (types.length === 0) {
    const why = `by the configuration's executors, ${reference.original} is of no executor type: name the type to test it for`;
    throw new ExecutorRegistryError("invalid-request", why);
  }
  const { image, source } = await read(repository, reference, options, signal);
  const subject = { image, reader: source.reader(repository) };
  const answers = new CheckAnswers();
  for (const check of distinct(types.flatMap((one) => policies.of(one).checks))) {
    answers.put(check, await ask(check, subject, clock, signal));
  }
  return {
    repository,
    digest: image.digest,
    source: source.name,
    types: types.map((one) => ({ type: one, ...judgedBy(policies.of(one), answers) })),
  };
}

function judgedBy({ name, checks }: ImagePolicy, answers: CheckAnswers) {
  const verdicts = checks.flatMap((check) => answers.get(check) ?? []);
  return { policy: name, state: stateOf(verdicts), verdicts };
}

/** The image as a source has it: of several that cover the repository, the first that holds it. */
async function read(
  repository: Repository,
  reference: ImageReference,
  { sources, known }: ExaminationOptions,
  signal: AbortSignal,
): Promise<{ readonly image: Image; readonly source: ImageSource }> {
  const covering = sources.filter((source) => source.rank(repository) !== undefined);
  let missing: unknown = new ExecutorRegistryError(
    "invalid-request",
    `no source of the configuration covers ${repository.name}: only what the service may look at can be tested`,
  );
  for (const source of covering) {
    try {
      const tag = reference.tag ?? "latest";
      const digest = reference.digest ?? (await source.reader(repository).tagged(tag, signal)).digest;
      const details = boundedDetails(await source.details(repository, digest, signal));
      const named = reference.digest !== undefined && reference.tag === undefined ? [] : [tag];
      const { tags = [], pushed } = known?.(repository.name, digest) ?? {};
      const all = [...new Set([...named, ...tags])].sort();
      const image = {
        repository,
        digest,
        tags: all,
        ...(pushed !== undefined && { pushed }),
        details,
      };
      return { image, source };
    } catch (error) {
      if (!(error instanceof ExecutorRegistryError) || error.code !== "not-found") throw error;
      missing = error;
    }
  }
  throw missing;
}

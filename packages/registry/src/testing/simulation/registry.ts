import { type Digest, ExecutorRegistryError, pinnedName, repositoryAt } from "@executor-registry/resolver";
import { type Check, type Judgement } from "../../checks/check.ts";
import { RegistryError } from "../../oci/wire/errors.ts";
import type { ImageSource } from "../../sources/image-source.ts";
import { listing, scriptedSource, unreadable } from "../scripted-source.ts";
import type { Network } from "./network.ts";
import type { Owner, Scheduler } from "./scheduler.ts";

const HOST = "registry.test";
/** Two of one type, which take turns at being the one that it is resolved from, and one of another. */
export const PATHS = ["team/executor-ml", "other/executor-ml", "team/executor-nlp"] as const;
export const VERSIONS = ["1.0.0", "1.1.0", "1.2.0", "2.0.0", "latest"] as const;
/** What the check says of an image: for ever, not before it is settled, or until it turns. */
const FATES = ["passes", "passes", "passes", "fails", "waits", "turns"] as const;
/** Milliseconds that the verdict holds of an image that may turn. */
const LIFETIME_MS = 300_000;

export type Fate = (typeof FATES)[number];

/** An image, where it was pushed to. */
interface PushedImage {
  readonly digest: Digest;
  readonly tags: Set<string>;
  /** Steps of the simulation: when a tag came to it that had none, and when it lost its last. */
  readonly named: { from: number; until: number }[];
}

/** A registry that all replicas look at, and what a check says of its images. */
export class SimulatedRegistry {
  readonly #scheduler: Scheduler;
  readonly #network: Network;
  readonly #images = new Map<string, Map<Digest, PushedImage>>(PATHS.map((path) => [path, new Map()]));
  /** Every image that was ever pushed to a repository: deleted ones too. */
  readonly pushed = new Map<string, PushedImage>();
  readonly #fates = new Map<Digest, Fate>();
  /** Whether what waits is judged, and what turns has turned. */
  settled = false;

  constructor(scheduler: Scheduler, network: Network) {
    this.#scheduler = scheduler;
    this.#network = network;
  }

  /** Pushes an image, or one that is there with another tag. */
  push(path: string, tag: string, digest?: Digest, fate?: Fate): Digest {
    const images = this.#at(path);
    const pushed = digest ?? this.#newDigest(fate ?? this.#scheduler.pick(FATES));
    const key = pinnedName(repositoryAt(HOST, path), pushed);
    let image = images.get(pushed) ?? this.pushed.get(key);
    if (image === undefined) this.pushed.set(key, (image = { digest: pushed, tags: new Set(), named: [] }));
    images.set(pushed, image);
    this.#untag(path, tag);
    if (image.tags.size === 0) image.named.push({ from: this.#scheduler.steps, until: Infinity });
    image.tags.add(tag);
    return pushed;
  }

  /** Takes away a tag; the image stays, for who knows its digest. */
  untag(path: string, tag: string): void {
    this.#untag(path, tag);
  }

  /** Takes away an image with all of its tags. */
  delete(path: string, digest: Digest): void {
    for (const tag of this.#at(path).get(digest)?.tags ?? []) this.#untag(path, tag);
    this.#at(path).delete(digest);
  }

  /** What is in a repository, with its tags: none where only its digest names it. */
  images(path: string): readonly PushedImage[] {
    return [...this.#at(path).values()];
  }

  /** The tags there are. */
  tags(path: string): readonly string[] {
    return this.images(path).flatMap(({ tags }) => [...tags]);
  }

  /** What the check says now. */
  verdictOf(digest: Digest): Judgement["state"] {
    const fate = this.#fates.get(digest);
    if (fate === "passes" || (fate === "waits" && this.settled)) return "passed";
    if (fate === "waits") return "pending";
    return fate === "turns" && !this.settled ? "passed" : "failed";
  }

  /** A source of a replica: between what is in the registry and what the replica learns lies an await point. */
  source(owner: Owner): ImageSource {
    const failing = (): boolean => this.#network.faulty && this.#scheduler.chance(0.05);
    const source = scriptedSource(async ({ only, known, signal }, found) => {
      const paths = only === undefined ? PATHS : PATHS.filter((path) => only.some((one) => one.path === path));
      for (const path of paths) {
        known(repositoryAt(HOST, path));
        await this.#scheduler.point(owner);
        const images = this.images(path).flatMap(({ digest, tags }) =>
          tags.size === 0 ? [] : [{ digest, tags: [...tags].sort(), details: DETAILS }],
        );
        await this.#scheduler.point(owner);
        signal.throwIfAborted();
        if (failing()) {
          const problem = new RegistryError("unreachable", "it is away", { host: HOST });
          await found({ state: "failed", repository: repositoryAt(HOST, path), problem });
        } else await found(listing(path, ...images));
      }
      return { complete: only === undefined };
    });
    return {
      ...source,
      reader: (repository) => ({
        ...unreadable,
        manifest: async (digest) => {
          await this.#scheduler.point(owner);
          const there = this.#at(repository.path).has(digest);
          await this.#scheduler.point(owner);
          if (failing()) throw new RegistryError("unreachable", "it is away", { host: HOST });
          if (!there) throw new RegistryError("not-found", "there is no such manifest", { host: HOST });
          return { mediaType: DETAILS.mediaType, digest, bytes: new Uint8Array() } as never;
        },
      }),
    };
  }

  /** A check of a replica. */
  check(owner: Owner): Check {
    return {
      name: "simulated",
      fingerprint: "simulated",
      judge: async ({ image: { digest } }) => {
        await this.#scheduler.point(owner);
        const state = this.verdictOf(digest);
        const asked = this.#scheduler.steps;
        const expires = this.#scheduler.now + LIFETIME_MS;
        await this.#scheduler.point(owner);
        if (this.#network.faulty && this.#scheduler.chance(0.05))
          throw new ExecutorRegistryError("unreachable", "the check's server is away");
        const evidence = { asked: String(asked) };
        return { state, reason: `it ${state}`, evidence, ...(this.#fates.get(digest) === "turns" && { expires }) };
      },
    };
  }

  #untag(path: string, tag: string): void {
    for (const image of this.images(path)) {
      if (!image.tags.delete(tag) || image.tags.size > 0) continue;
      const last = image.named.at(-1);
      if (last !== undefined) last.until = this.#scheduler.steps;
    }
  }

  #newDigest(fate: Fate): Digest {
    const digest: Digest = `sha256:${(this.#fates.size + 1).toString(16).padStart(64, "0")}`;
    this.#fates.set(digest, fate);
    return digest;
  }

  #at(path: string): Map<Digest, PushedImage> {
    const images = this.#images.get(path);
    if (images === undefined) throw new RangeError(`there is no repository ${path}`);
    return images;
  }
}

const DETAILS = {
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  configType: "application/vnd.oci.image.config.v1+json",
  platforms: [],
  labels: {},
} as const;

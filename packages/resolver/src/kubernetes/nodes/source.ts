import type { Clock, Random } from "../../tools/clock.ts";
import { ExecutorRegistryError } from "../../tools/errors.ts";
import type { Logger } from "../../tools/logger.ts";
import { canonicalName, type ImageReference, tryParseReference } from "../../reference/reference.ts";
import type { ExecutorTemplate } from "../../reference/template.ts";
import type { Finding } from "../../contract/resolution.ts";
import type { Source } from "../../sources/source.ts";
import { SourceState } from "../../contract/source-state.ts";
import type { KubernetesApi } from "../api/api.ts";
import { createBackoff } from "../../tools/backoff.ts";
import { reflect } from "../api/reflector.ts";
import { nodeFinding } from "./finding.ts";
import { createLedger, NOTHING } from "./ledger.ts";
import { createImageReader, type ReportedImage } from "./node-image.ts";
import type { HeldImage } from "./held-image.ts";
import { MEMORY, type NodeCount, NodeIndex } from "./node-index.ts";
import { podStarts } from "./pods.ts";
import { rawNode } from "./raw-node.ts";

export interface NodesSourceOptions {
  readonly api: KubernetesApi;
  readonly template: ExecutorTemplate;
  /** Where the ledger and the pods are. */
  readonly namespace: string;
  readonly ledger: "write" | "read" | "off";
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/** The images on the cluster's nodes. */
export interface NodesSource extends Source {
  /** The nodes that report an image under this name, sorted. */
  holders(reference: ImageReference): readonly string[];
  /** What each node reports, counted. */
  counts(): readonly NodeCount[];
}

interface NodeObject {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly images?: readonly ReportedImage[] | null };
}

/** Watching more nodes than this costs the API server and the network more than a development tool should. */
const MANY_NODES = 5000;

/** What a timer may be early by, and much more, in milliseconds. */
const SLACK = 1000;

/** How long an end may wait for the last sightings to be kept, in milliseconds. */
const CLOSE_MS = 2000;

/** Nodes in one page of the list. A node with its images is some 10 kB; of larger pages V8 keeps more than is read. */
const PAGE = 40;

/** Follows all nodes and keeps, of their images, those of executors. */
export function createNodesSource(options: NodesSourceOptions): NodesSource {
  const { api, template, namespace, log, clock, random } = options;
  const state = new SourceState(clock);
  const ending = new AbortController();
  const { signal } = ending;
  const findings = new Map<string, Finding>();
  const fingerprints = new Map<string, string>();
  let earlier = NOTHING;
  let starts: ReadonlyMap<string, number> = new Map();
  let unlisted = new Set<string>();
  let listedAt = 0;

  const index = new NodeIndex({
    read: createImageReader(template),
    clock,
    recall: (id) => earlier.images.get(id),
    knew: (node) => earlier.nodes.has(node),
    changed(type) {
      findings.delete(type);
      // While a list runs the picture is not complete: no listener is called, and nothing is kept in place of what is.
      if (listedAt > 0) return;
      state.changed(type);
      ledger.touch();
    },
    gone() {
      // A timer and a clock need not agree to the millisecond.
      clock.sleep(MEMORY + SLACK, signal).then(
        () => index.sweep(),
        () => {},
      );
    },
  });
  const ledger = createLedger({
    ...options,
    mode: options.ledger,
    signal,
    current: () => ({
      nodes: new Set([...earlier.nodes, ...index.reporting()]),
      images: new Map([...earlier.images, ...index.sightings()]),
    }),
    adopt(images) {
      for (const type of index.adopt(images)) {
        findings.delete(type);
        state.changed(type);
      }
    },
  });
  /**
   * What earlier watching knew is for what this watch began with; what comes from there on is seen. A node whose kubelet has
   * not looked yet has not begun.
   */
  const begun = (): void => {
    if (earlier === NOTHING || listedAt > 0) return;
    const reporting = new Set(index.reporting());
    for (const node of index.nodes()) if (earlier.nodes.has(node) && !reporting.has(node)) return;
    earlier = NOTHING;
  };

  const remove = (node: string): void => {
    index.remove(node);
    fingerprints.delete(node);
  };
  const handler = {
    begin() {
      listedAt = index.moment(clock.now());
      unlisted = new Set(index.nodes());
      fingerprints.clear();
    },
    upsert(object: unknown, listed: boolean) {
      const { metadata, status } = object as NodeObject;
      unlisted.delete(metadata.name);
      index.update(metadata.name, status?.images ?? [], listed ? listedAt : index.moment(clock.now()));
      begun();
    },
    remove(object: unknown) {
      remove((object as NodeObject).metadata.name);
      begun();
    },
    synced() {
      for (const node of unlisted) remove(node);
      listedAt = 0;
      begun();
      const nodes = [...index.nodes()].length;
      if (nodes > MANY_NODES)
        log.warn(
          { nodes },
          "holding the images of this many nodes is not what it is made for; declare executors instead",
        );
      state.complete();
      state.changed();
      ledger.touch();
    },
    contact: (problem: ExecutorRegistryError | undefined) => (problem ? state.lost(problem) : state.ready()),
    skip(line: Buffer) {
      const raw = rawNode(line);
      if (!raw) return false;
      if (fingerprints.get(raw.name) === raw.fingerprint) return true;
      fingerprints.set(raw.name, raw.fingerprint);
      return false;
    },
  };

  /** What was known before must be loaded before anything new is judged. */
  async function run(): Promise<void> {
    const backoff = createBackoff(random);
    while (!signal.aborted) {
      try {
        earlier = await ledger.load();
        index.adopt(earlier.images);
        break;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ExecutorRegistryError) state.lost(error);
        await clock.sleep(backoff.next(), signal).catch(() => {});
      }
    }
    starts = await podStarts(api, namespace, signal).catch((error: unknown) => {
      log.debug({ err: error }, "pods could not be listed; images are ordered without their start times");
      return new Map<string, number>();
    });
    await reflect({ api, path: "/api/v1/nodes", pageSize: PAGE, handler, signal, log, clock, random });
  }
  const running = run();

  const dated = (image: HeldImage): HeldImage & { podStart?: number } => {
    const times = [...image.allNames].map((name) => starts.get(canonical(name)) ?? 0);
    const podStart = Math.max(...times);
    return podStart > 0 ? { ...image, podStart } : image;
  };

  return {
    name: "nodes",
    settled: state.settled,
    status: () => state.status(),
    find(type) {
      const known = findings.get(type);
      if (known) return known;
      const images = index.images(type);
      if (images.length === 0) return undefined;
      const finding = nodeFinding(type, images.map(dated));
      findings.set(type, finding);
      return finding;
    },
    types: () => index.types(),
    holders(reference) {
      const type = template.typeOf(reference);
      const wanted = canonicalName(reference);
      return type === undefined ? [] : index.holders(type, (name) => canonical(name) === wanted);
    },
    counts: () => index.counts(),
    onChange: (listener) => state.onChange(listener),
    async close() {
      const enough = clock.sleep(CLOSE_MS, signal).catch(() => {});
      await Promise.race([ledger.flush(), enough]);
      ending.abort();
      await running;
      state.close();
    },
  };
}

function canonical(name: string): string {
  const reference = tryParseReference(name);
  return reference ? canonicalName(reference) : name;
}

import type { Digest } from "../../reference/digest.ts";
import { type ImageReference, repositoryName, tryParseReference } from "../../reference/reference.ts";
import type { ExecutorTemplate } from "../../reference/template.ts";
import { versionOf } from "../declared/exact.ts";
import { tagTime } from "./tag-time.ts";
import { tagVersion } from "./tag-version.ts";

/** An entry of a node's `status.images`. Old runtimes leave `names` null when a tag has moved on. */
export interface ReportedImage {
  readonly names?: readonly string[] | null;
  readonly sizeBytes?: number;
}

/** An image of an executor type, as one node reports it. */
export interface NodeImage {
  readonly type: string;
  /** Tells images apart: the digest in its repository, or tag and size. A tag that moved has another size. */
  readonly id: string;
  /** The name to run it by, exactly as the node reports it. */
  readonly name: string;
  readonly names: readonly string[];
  readonly digest?: Digest;
  readonly tag?: string;
  readonly version: string;
  readonly sizeBytes: number;
}

interface Named {
  readonly name: string;
  readonly reference: ImageReference;
  readonly type: string;
}

/** What `ctr images import --digests`, and so `kind load`, adds: names that are no image's of anybody. */
const IMPORTED = /^import-\d{4}-\d{2}-\d{2}$/;
const MOST_MEMORY = 20_000;

/** Whether a name says nothing about which image it is. */
export function isImportName(name: string): boolean {
  const repository = name.slice(0, name.indexOf("@"));
  return IMPORTED.test(repository.slice(repository.lastIndexOf("/") + 1));
}

/** Reads entries of `status.images`. Names repeat from node to node, so what they mean is remembered. */
export function createImageReader(template: ExecutorTemplate): (image: ReportedImage) => readonly NodeImage[] {
  const memory = new Map<string, Named | undefined>();
  const meaning = (name: string): Named | undefined => {
    if (memory.has(name)) return memory.get(name);
    if (memory.size >= MOST_MEMORY) memory.clear();
    const reference = isImportName(name) ? undefined : tryParseReference(name);
    const type = reference && template.typeOf(reference);
    const named = reference && type !== undefined ? { name, reference, type } : undefined;
    memory.set(name, named);
    return named;
  };
  return ({ names, sizeBytes = 0 }) => {
    const named = (names ?? []).map(meaning).filter((one) => one !== undefined);
    const [first] = named;
    if (!first) return [];
    // One content may carry the names of several types.
    const types = named.every(({ type }) => type === first.type)
      ? [first.type]
      : [...new Set(named.map(({ type }) => type))];
    return types.map((type) =>
      imageOf(
        type,
        named.filter((one) => one.type === type),
        sizeBytes,
      ),
    );
  };
}

function imageOf(type: string, named: readonly Named[], sizeBytes: number): NodeImage {
  const [best] = [...named].sort((a, b) => telling(b.reference) - telling(a.reference) || (a.name < b.name ? -1 : 1));
  if (!best) throw new RangeError("an image has at least one name");
  const { reference } = best;
  const pinned = named.find(
    (one) => one.reference.digest !== undefined && repositoryName(one.reference) === repositoryName(reference),
  );
  const digest = pinned?.reference.digest;
  return {
    type,
    id: digest === undefined ? `${best.name}#${sizeBytes}` : `${repositoryName(reference)}@${digest}`,
    name: (pinned ?? best).name,
    names: named.map(({ name }) => name),
    ...(digest !== undefined && { digest }),
    ...(reference.tag !== undefined && { tag: reference.tag }),
    version: versionOf(reference),
    sizeBytes,
  };
}

/** How much a name says: a tag with a time or version, any other tag, a digest, `latest`. */
function telling({ tag }: ImageReference): number {
  if (tag === undefined) return 1;
  if (tag === "latest") return 0;
  return tagTime(tag) || tagVersion(tag) ? 3 : 2;
}

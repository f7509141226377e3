import type { Digest } from "../../reference/digest.ts";
import { type ImageReference, tryParseReference } from "../../reference/reference.ts";
import { pinnedName, repositoryOf } from "../../reference/repository.ts";
import type { ExecutorTemplate } from "../../reference/template.ts";
import { versionOf } from "../declared/local-name.ts";
import { compareTags } from "./recency.ts";
import { tagTime } from "./tag-time.ts";
import { tagVersion } from "../../reference/tag-version.ts";

/** An entry of a node's `status.images`. Old runtimes leave `names` null when a tag has moved on. */
export interface ReportedImage {
  readonly names?: readonly string[] | null;
  readonly sizeBytes?: number;
}

/** An image of an executor type, as one node reports it. */
export interface NodeImage {
  readonly type: string;
  /** Identifies the image: the first of `ids`, else of `tagged`. */
  readonly id: string;
  /** What it alone is ever known by: digests in their repositories, and tags that are made of the content, with its size. */
  readonly ids: readonly string[];
  /** Its other tags, with its size, the most informative first. One that moved on has, mostly, another size. */
  readonly tagged: readonly string[];
  /** The name to run it by, exactly as the node reports it. */
  readonly name: string;
  readonly names: readonly string[];
  readonly digest?: Digest;
  /** The most informative one: with the latest time, else with the highest version. */
  readonly tag?: string;
  /** All of them, sorted. */
  readonly tags: readonly string[];
  /** The node reports as many names of the image as it reports at most, so there may be more. */
  readonly capped: boolean;
  readonly version: string;
  readonly sizeBytes: number;
}

interface Named {
  readonly name: string;
  readonly reference: ImageReference;
  readonly type: string;
}

/**
 * As many names of one image does a kubelet report, digests first, the others in alphabetical order.
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/nodestatus/setters.go
 */
const REPORTED_NAMES = 5;

/** What `ctr images import --digests`, and so `kind load`, adds: names that are no image's of anybody. */
const IMPORTED = /^import-\d{4}-\d{2}-\d{2}$/;
/** Tags of Skaffold's local builds and of Tilt's: a hash of the content, which no other content gets. */
const CONTENT = /^(?:[0-9a-f]{64}|tilt-[0-9a-f]{16})$/;
const MAX_REMEMBERED = 10_000;

/** Whether a name says nothing about which image it is. */
export function isImportName(name: string): boolean {
  const repository = name.slice(0, name.indexOf("@"));
  return IMPORTED.test(repository.slice(repository.lastIndexOf("/") + 1));
}

/** Reads entries of `status.images`. They repeat from node to node, so what they mean is remembered. */
export function createImageReader(template: ExecutorTemplate): (image: ReportedImage) => readonly NodeImage[] {
  const memory = new Map<string, readonly NodeImage[]>();
  const meaning = (name: string): Named | undefined => {
    const reference = isImportName(name) ? undefined : tryParseReference(name);
    const type = reference && template.typeOf(reference);
    return reference && type !== undefined ? { name, reference, type } : undefined;
  };
  const read = (names: readonly string[], sizeBytes: number): readonly NodeImage[] => {
    const named = names.map(meaning).filter((one) => one !== undefined);
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
        { sizeBytes, capped: names.length >= REPORTED_NAMES },
      ),
    );
  };
  return ({ names, sizeBytes = 0 }) => {
    if (!names) return [];
    const key = `${sizeBytes} ${names.join(" ")}`;
    let images = memory.get(key);
    if (images) return images;
    if (memory.size >= MAX_REMEMBERED) memory.clear();
    memory.set(key, (images = read(names, sizeBytes)));
    return images;
  };
}

function imageOf(
  type: string,
  named: readonly Named[],
  { sizeBytes, capped }: Pick<NodeImage, "sizeBytes" | "capped">,
): NodeImage {
  const sorted = [...named].sort(
    (a, b) =>
      telling(b.reference) - telling(a.reference) ||
      compareTags(b.reference.tag ?? "", a.reference.tag ?? "") ||
      (a.name < b.name ? -1 : 1),
  );
  const [best] = sorted;
  if (!best) throw new RangeError("an image has at least one name");
  const { reference } = best;
  const { name } = repositoryOf(reference);
  const pinned = named.find((one) => one.reference.digest !== undefined && repositoryOf(one.reference).name === name);
  const digest = pinned?.reference.digest;
  const sized = ({ name }: Named): string => `${name}#${sizeBytes}`;
  const ids = [
    ...sorted.flatMap(({ reference: one }) =>
      one.digest === undefined ? [] : [pinnedName(repositoryOf(one), one.digest)],
    ),
    ...sorted.filter(isOfContent).map(sized),
  ];
  const tagged = sorted.filter((one) => one.reference.digest === undefined && !isOfContent(one)).map(sized);
  return {
    type,
    id: ids[0] ?? tagged[0] ?? sized(best),
    ids,
    tagged,
    name: (pinned ?? best).name,
    names: named.map(({ name }) => name),
    ...(digest !== undefined && { digest }),
    ...(reference.tag !== undefined && { tag: reference.tag }),
    tags: [...new Set(named.flatMap((one) => one.reference.tag ?? []))].sort(),
    capped,
    version: versionOf(reference),
    sizeBytes,
  };
}

/** What an image's tags are known by. */
export function tagIds({ ids, tagged }: Record<"ids" | "tagged", Iterable<string>>): readonly string[] {
  return [...ids, ...tagged].filter((id) => !id.includes("@"));
}

function isOfContent({ reference }: Named): boolean {
  return reference.digest === undefined && CONTENT.test(reference.tag ?? "");
}

/** How much a name says: a tag with a time or version, any other tag, a digest, `latest`. */
function telling({ tag }: ImageReference): number {
  if (tag === undefined) return 1;
  if (tag === "latest") return 0;
  return tagTime(tag) || tagVersion(tag) ? 3 : 2;
}

import { type ExecutorDocument, isDigest } from "@executor-registry/resolver";
import type {
  ExplainedVersion,
  LookedInSource,
  UnreadTagDocument,
  Whereabouts,
  WhyDocument,
} from "@executor-registry/resolver/internal";
import type { CatalogueImage } from "../catalogue/state.ts";
import { oneLine } from "../model/one-line.ts";
import { whyNotAdmitted } from "../model/verdict.ts";
import type { Beaten } from "./beaten.ts";
import type { Choices } from "./choices.ts";
import { wholeVersion } from "./document.ts";
import type { TypeView } from "./type-view.ts";
import { type Evidence, notLookedAt } from "./unknown-type.ts";

/** What is asked of a type: about an image by tag or digest, or about the type itself. */
export interface Question {
  readonly type: string;
  readonly image?: string | undefined;
}

/** What the answer is based on, besides the catalogue. */
export interface Grounds extends Evidence {
  /** The policy of a type; its name is empty where none names the type. */
  readonly policies: { of(type: string): { readonly name: string } };
}

const MAX_IMAGES = 10;
const MAX_LISTED = 20;

/** What became of an image or a tag of a type, or of the type itself, whether it was ever seen or not. */
export function why({ type, image: name }: Question, choices: Choices, grounds: Grounds): WhyDocument {
  const view = choices.view(type);
  const served = choices.snapshot.document(type);
  const images = view === undefined ? [] : meant(view, name);
  const unread = unreadTags(type, name, choices, grounds, view);
  const [first] = images;
  const isCurrent = (image: CatalogueImage): boolean => served?.live === undefined && view?.isCurrent(image) === true;
  const explained = images.slice(0, MAX_IMAGES).map((image): ExplainedVersion => {
    const is = isCurrent(image);
    return {
      ...wholeVersion(image, is, { type, profile: view?.profile }),
      ...(is ? { why: view?.current?.reason ?? "" } : whyNot(image, view, served)),
    };
  });
  const otherTypes = name === undefined ? [] : typesOf(name, type, choices, view).slice(0, MAX_LISTED);
  const { name: policy } = grounds.policies.of(type);
  const { versions: version } = choices.groundsOf(type).rules;
  const answer = ((): { readonly answer: Whereabouts; readonly reason: string } => {
    const [shown] = explained;
    if (served?.live && names(served, name)) return { answer: "current", reason: served.reason };
    // Only of the type itself: of an image, its own verdicts say why.
    if (name === undefined && view?.refused) return { answer: "rejected", reason: view.refused.why };
    if (first && shown) return { answer: isCurrent(first) ? "current" : first.state, reason: shown.why };
    const [tag] = unread;
    if (tag) return { answer: "unread", reason: oneLine(`tag ${tag.tag} could not be read: ${tag.reason}`) };
    return { answer: "unknown", reason: neverSeen(type, name, otherTypes, grounds, view) };
  })();
  return {
    type,
    ...(name !== undefined && { image: name }),
    ...answer,
    ...(policy !== "" && { policy }),
    versionPolicy: { name: version.name, kind: version.kind, summary: version.summary },
    ...(served && { current: { image: served.image, version: served.version, reason: served.reason } }),
    images: explained,
    unread: unread.slice(0, MAX_LISTED),
    otherTypes,
    sources: lookedIn(type, name, choices, grounds, view),
  };
}

/** The images that are meant, the best first. Of a type itself the current one, or else the newest that is there. */
function meant(view: TypeView, name: string | undefined): readonly CatalogueImage[] {
  if (name !== undefined) return view.named(isDigest(name) ? name : { tag: name });
  const image = view.current?.image ?? view.refused?.image;
  if (image !== undefined) return [image];
  const all = view.images();
  const newest = all.find(({ state }) => state !== "withdrawn") ?? all[0];
  return newest === undefined ? [] : [newest];
}

/** Whether a live answer is what is asked about. */
const names = ({ version, digest, tags }: ExecutorDocument, name: string | undefined): boolean =>
  name === undefined || name === version || name === digest || tags.includes(name);

/** Why an image is not the current version. */
function whyNot(image: CatalogueImage, view: TypeView | undefined, served: ExecutorDocument | undefined): Beaten {
  const { state, verdicts, withdrawn } = image;
  if (state === "withdrawn") return { why: oneLine(`it was withdrawn at ${withdrawn?.at}: ${withdrawn?.reason}`) };
  if (state !== "admitted") return { why: oneLine(whyNotAdmitted(verdicts)) };
  if (served?.live) return { why: `source ${served.source} comes first in the configuration, and has another image` };
  if (view?.refused) return { why: oneLine(`it passes, but the type is refused: ${view.refused.why}`) };
  return view?.beaten(image) ?? { why: "" };
}

/** The type's tags that could not be read: those that are meant, or all of them where the type itself has no image. */
function unreadTags(
  type: string,
  name: string | undefined,
  { catalogue }: Choices,
  { typesOf }: Evidence,
  view: TypeView | undefined,
): readonly UnreadTagDocument[] {
  if (name === undefined && view !== undefined) return [];
  return catalogue.unread.flatMap(({ repository: where, unread }) => {
    const { name: repository, path } = where;
    return unread.flatMap(({ tag, digest, code, reason }) => {
      if (name !== undefined && tag !== name && digest !== name) return [];
      if (!typesOf(path, tag).includes(type)) return [];
      return { repository, tag, ...(digest !== undefined && { digest }), code, reason: oneLine(reason) };
    });
  });
}

/** The other types that have an image of this name: by digest anywhere, by tag in the repositories of this type. */
function typesOf(name: string, type: string, { catalogue }: Choices, view: TypeView | undefined): readonly string[] {
  const found = new Set<string>();
  const look = (other: string, image: CatalogueImage | undefined): void => {
    if (other !== type && image !== undefined && image.state !== "withdrawn") found.add(other);
  };
  if (isDigest(name)) {
    for (const repository of catalogue.state.repositories.keys()) {
      for (const [other, image] of catalogue.holding(repository, name)) look(other, image);
    }
  } else {
    for (const repository of view?.repositories ?? []) {
      for (const other of catalogue.typesIn(repository)) {
        for (const image of catalogue.type(other)?.images.of(repository).values() ?? [])
          if (image.tags.includes(name)) look(other, image);
      }
    }
  }
  return [...found].sort();
}

function neverSeen(
  type: string,
  name: string | undefined,
  otherTypes: readonly string[],
  evidence: Evidence,
  view: TypeView | undefined,
): string {
  const what = name === undefined ? `an image of executor type "${type}"` : `${name} of executor type "${type}"`;
  const notYet = notLookedAt(evidence.health());
  const notes = [
    ...(otherTypes.length > 0 ? [`it is an image of ${otherTypes.join(", ")}`] : []),
    ...(notYet === undefined ? [] : [`not looked at yet: ${notYet}`]),
    ...unlisted(view),
  ];
  return oneLine([`${what} was never seen`, ...notes].join("; "));
}

/** What is unread is listed up to a bound: the tag may be behind it. */
function unlisted(view: TypeView | undefined): readonly string[] {
  const { unread, total } = view?.unread() ?? { unread: [], total: 0 };
  return total > unread.length ? [`it may be one of the ${total - unread.length} unread tags that are not listed`] : [];
}

/** Every source, with its repositories that hold the type, as far as they were looked at. */
function lookedIn(
  type: string,
  name: string | undefined,
  { catalogue }: Choices,
  { health, typesOf }: Evidence,
  view: TypeView | undefined,
): readonly LookedInSource[] {
  const tag = name === undefined || isDigest(name) ? "" : name;
  const holds = new Set(view?.repositories);
  const bySource = new Map<string, string[]>();
  for (const { repository, source } of catalogue.reads()) {
    const found = bySource.get(source) ?? [];
    if (found.length >= MAX_LISTED) continue;
    if (!holds.has(repository.name) && !typesOf(repository.path, tag).includes(type)) continue;
    bySource.set(source, [...found, repository.name]);
  }
  return health().map(({ name: source, state, completed, attempted, problem }) => ({
    name: source,
    state,
    ...(completed !== undefined && { completed }),
    ...(attempted !== undefined && { attempted }),
    ...(problem && { problem: { code: problem.code, message: oneLine(problem.message) } }),
    repositories: bySource.get(source) ?? [],
  }));
}

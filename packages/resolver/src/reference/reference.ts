import { type Digest, isDigest } from "./digest.ts";
import { InvalidReferenceError } from "./errors.ts";
import { repositoryOf } from "./repository.ts";
import {
  ALPHANUMERIC,
  bracketedAddress,
  classesIn,
  COLON,
  DASH,
  DIGIT,
  DOT,
  hostLabel,
  is,
  pathComponent,
  run,
  UNDERSCORE,
  UPPER,
  MAX_NAME_CHARS,
} from "./scan.ts";

/**
 * An image reference, `registry/repository[:tag][@digest]`, by the grammar of the distribution project.
 * @see https://github.com/distribution/reference
 */
export interface ImageReference {
  /** What was parsed, unchanged. */
  readonly original: string;
  /** Host, with port if given, in lower case. `docker.io` when the text named none. */
  readonly registry: string;
  /** Path below the registry. Docker Hub's single names get their `library/`. */
  readonly repository: string;
  readonly tag?: string;
  /** With a tag as well, the digest decides. */
  readonly digest?: Digest;
}

const HUB = "docker.io";
const LEGACY_HUB = "index.docker.io";
const LOCALHOST = "localhost";
const OFFICIAL = "library/";
const MAX_TAG_CHARS = 128;
const MAX_CHARS = MAX_NAME_CHARS + 1 + MAX_TAG_CHARS + 1 + "sha512:".length + 128;

/**
 * Reads a reference in familiar (`executor-ml:1.0`) or canonical form. Time is linear in the text's length.
 *
 * The first part of the path is a registry only if it holds a `.` or `:`, has an upper-case letter or is `localhost`.
 *
 * @throws InvalidReferenceError that names the offending part and where it is
 */
export function parseReference(text: string): ImageReference {
  if (text === "") throw new InvalidReferenceError(text, "reference", 0, "it is empty");
  // `index.docker.io/library/` may shorten on normalisation, so the limit on the text is a little wider.
  if (text.length > MAX_CHARS + LEGACY_HUB.length) {
    throw new InvalidReferenceError(text, "reference", MAX_CHARS, "it is longer than any reference can be");
  }
  const at = text.indexOf("@");
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) {
    throw new InvalidReferenceError(
      text,
      "digest",
      at + 1,
      "expected sha256: and 64, or sha512: and 128 lower-case hex digits",
    );
  }
  const nameEnd = at < 0 ? text.length : at;
  const slash = text.indexOf("/");
  const first = slash > 0 && slash < nameEnd ? classesIn(text, 0, slash) : 0;
  const host = first !== 0 && isHost(text, slash, first) ? slash : 0;
  if (host > 0) checkRegistry(text, host);
  const path = host > 0 ? host + 1 : 0;
  const colon = text.indexOf(":", path);
  const pathEnd = colon >= 0 && colon < nameEnd ? colon : nameEnd;
  checkRepository(text, path, pathEnd);
  if (pathEnd < nameEnd) checkTag(text, pathEnd + 1, nameEnd);

  const named = host > 0 ? text.slice(0, host) : HUB;
  const lower = (first & UPPER) === 0 ? named : lowerCased(named);
  const registry = lower === LEGACY_HUB ? HUB : lower;
  const written = text.slice(path, pathEnd);
  const repository = registry === HUB && !written.includes("/") ? OFFICIAL + written : written;
  if (registry.length + 1 + repository.length > MAX_NAME_CHARS) {
    throw new InvalidReferenceError(
      text,
      "repository",
      path,
      `registry and repository have more than ${MAX_NAME_CHARS} characters`,
    );
  }
  if (host === 0 && pathEnd === text.length && isImageId(written)) {
    throw new InvalidReferenceError(text, "repository", 0, "64 hex digits are an image ID, not a name");
  }
  // Each form by itself: spreading what may be absent would take as long as all of the above.
  const original = text;
  if (pathEnd === nameEnd)
    return digest === undefined ? { original, registry, repository } : { original, registry, repository, digest };
  const tag = text.slice(pathEnd + 1, nameEnd);
  return digest === undefined
    ? { original, registry, repository, tag }
    : { original, registry, repository, tag, digest };
}

/** As {@link parseReference}, with `undefined` for what is no reference. */
export function tryParseReference(text: string): ImageReference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (error instanceof InvalidReferenceError) return undefined;
    throw error;
  }
}

/** `docker.io/library/executor-ml:1.0@sha256:…`: everything said. */
export function canonicalName(reference: ImageReference): string {
  return repositoryOf(reference).name + suffix(reference);
}

/** `executor-ml:1.0`: what Docker Hub implies is left out. */
export function familiarName(reference: ImageReference): string {
  if (reference.registry !== HUB) return canonicalName(reference);
  const { repository } = reference;
  const short = repository.startsWith(OFFICIAL) ? repository.slice(OFFICIAL.length) : repository;
  // Shortened, a name such as `localhost/x` would read as a registry's.
  const slash = short.indexOf("/");
  const ambiguous = slash < 0 ? isImageId(short) : isHost(short, slash);
  return (ambiguous ? repositoryOf(reference).name : short) + suffix(reference);
}

function suffix({ tag, digest }: ImageReference): string {
  return (tag === undefined ? "" : `:${tag}`) + (digest === undefined ? "" : `@${digest}`);
}

/** What a name without a registry must not be: it would read as the ID of an image. */
const isImageId = (name: string): boolean => name.length === 64 && isDigest(`sha256:${name}`);

/** Host names know no case; but a name that is a host only by its capitals would not be read as one again. */
function lowerCased(host: string): string {
  const lower = host.toLowerCase();
  return isHost(lower, lower.length) ? lower : host;
}

/** Whether the first part of a path, which ends at `to`, is a registry. */
function isHost(text: string, to: number, classes = classesIn(text, 0, to)): boolean {
  return (classes & (DOT | COLON | UPPER)) !== 0 || (to === LOCALHOST.length && text.startsWith(LOCALHOST));
}

function checkRegistry(text: string, to: number): void {
  let end = text.startsWith("[") ? bracketedAddress(text, 0, to) : hostName(text, to);
  if (end >= 0 && end < to && text[end] === ":") {
    const port = run(text, end + 1, to, DIGIT);
    end = port > end + 1 ? port : ~port;
  }
  if (end === to) return;
  throw new InvalidReferenceError(
    text,
    "registry",
    end < 0 ? ~end : end,
    "expected a host name or [IPv6 address], and :port or nothing",
  );
}

function hostName(text: string, to: number): number {
  let end = hostLabel(text, 0, to);
  while (end >= 0 && end < to && text[end] === ".") end = hostLabel(text, end + 1, to);
  return end;
}

function checkRepository(text: string, from: number, to: number): void {
  const expected = "expected lower-case letters and digits, separated by one of . _ __ or dashes";
  for (let start = from; ;) {
    const end = pathComponent(text, start, to);
    if (end < 0) throw new InvalidReferenceError(text, "repository", ~end, expected);
    if (end === to) return;
    start = end + 1;
  }
}

function checkTag(text: string, from: number, to: number): void {
  const end = run(text, from, to, ALPHANUMERIC | UNDERSCORE | DOT | DASH);
  if (end < to || from === to || is(text, from, DOT | DASH)) {
    const offset = end < to ? end : from;
    throw new InvalidReferenceError(
      text,
      "tag",
      offset,
      "expected letters, digits, _ . and -, beginning with neither . nor -",
    );
  }
  if (to - from > MAX_TAG_CHARS)
    throw new InvalidReferenceError(text, "tag", from + MAX_TAG_CHARS, `it has more than ${MAX_TAG_CHARS} characters`);
}

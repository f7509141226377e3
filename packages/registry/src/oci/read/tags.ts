import { z } from "zod";
import { type Place, RegistryError, RepositoryGoneError, shown } from "../wire/errors.ts";
import { parseJson } from "../wire/json.ts";
import { pages } from "./pages.ts";
import { isRepositoryPath } from "@executor-registry/resolver/internal";
import type { Session } from "./session.ts";

/** Registries that grant no such page grant the next, or one of their own size (distribution's `maxtags`, `maxentries`). */
const SIZES = [1000, 100, undefined] as const;
const REFUSED_PAGE = [400, 405, 413, 414, 416, 422] as const;
/** What registries without a catalogue answer. */
const NO_CATALOGUE: readonly number[] = [404, 405, 501];

/** @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests */
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const names = z
  .array(z.unknown())
  .nullish()
  .transform((all) => (all ?? []).filter((one) => typeof one === "string"));
const tagsPage = z.object({ tags: names }).transform(({ tags }) => tags);
const repositoriesPage = z.object({ repositories: names }).transform(({ repositories }) => repositories);

/** Every tag of a repository, page by page. What is not a tag by the grammar cannot be asked for, and is left out. */
export async function* listTags(
  session: Session,
  repository: string,
  signal: AbortSignal,
): AsyncGenerator<readonly string[]> {
  const place = { host: session.host, repository };
  const resource = { kind: "repository", name: repository } as const;
  const list = { resource, path: `/v2/${repository}/tags/list` };
  let first = true;
  try {
    for await (const tags of sized(session, list, tagsPage, "its list of tags", place, signal)) {
      first = false;
      yield tags.filter((tag) => TAG.test(tag));
    }
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== "not-found") throw error;
    if (first && error instanceof RepositoryGoneError) throw error;
    // Zot forgets its place when the tag it stopped at is deleted.
    const why = first ? `its tags cannot be listed (${error.message})` : "its tags changed while they were listed";
    throw new RegistryError("registry-protocol", why, place, { cause: error, status: 404 });
  }
}

/**
 * Every repository, page by page, where the registry offers that. Not part of the specification.
 * @param leftOut called for each name that is not one by the grammar, and cannot be asked for: bounded and printable
 */
export async function* listRepositories(
  session: Session,
  signal: AbortSignal,
  leftOut: (name: string) => void,
): AsyncGenerator<readonly string[]> {
  const place = { host: session.host };
  const list = { resource: { kind: "catalog" } as const, path: "/v2/_catalog", takes: NO_CATALOGUE };
  const what = "its list of repositories";
  for await (const repositories of sized(session, list, repositoriesPage, what, place, signal)) {
    yield repositories.filter((name) => {
      const usable = isRepositoryPath(name, session.host);
      if (!usable) leftOut(shown(name, 100));
      return usable;
    });
  }
}

interface SizedList {
  readonly resource: { readonly kind: "catalog" } | { readonly kind: "repository"; readonly name: string };
  readonly path: string;
  /** Statuses that say that there is no such list. */
  readonly takes?: readonly number[];
}

/** Asks for pages of 1,000, of 100 where that is refused, and of no size where that is refused too. */
async function* sized(
  session: Session,
  { resource, path, takes = [] }: SizedList,
  schema: z.ZodType<readonly string[]>,
  what: string,
  place: Place,
  signal: AbortSignal,
): AsyncGenerator<readonly string[]> {
  const { learnt } = session;
  const { kind } = resource;
  const granted = SIZES.findIndex((size) => learnt.pageSizes.has(kind) && learnt.pageSizes.get(kind) === size);
  const from = granted < 0 ? Number(session.host === "quay.io") : granted;
  // What is granted now is noted at the end; what fails is not tried first again.
  learnt.pageSizes.delete(kind);
  for (const size of SIZES.slice(from)) {
    const refusals = size === undefined ? [] : REFUSED_PAGE;
    const query = size === undefined ? "" : `?n=${size}`;
    const follow = new Following(size, learnt.unpaged);
    const list = { resource, path: path + query, takes: [...takes, ...refusals], next: () => follow.next() };
    let refused = false;
    for await (const answer of pages(session, list, place, signal)) {
      if (takes.includes(answer.status)) {
        const why = `it does not offer a list of its repositories (${answer.status}). Name them in the configuration`;
        throw new RegistryError("not-found", why, place, { status: answer.status });
      }
      refused = answer.status >= 400;
      if (refused) break;
      const page = parseJson(schema, answer.body, what, place);
      const fresh = follow.take(page);
      if (follow.unpaged) learnt.unpaged = true;
      yield fresh;
    }
    if (!refused) {
      if (size !== SIZES[0]) learnt.pageSizes.set(kind, size);
      return;
    }
  }
}

/**
 * Follows pages that are as long as was asked for and come without `Link`, which registries may leave out: with `last`, in the
 * order that the registry has. One that knows neither `n` nor `last` brings nothing new, which ends it.
 */
class Following {
  readonly #size: number | undefined;
  readonly #unpaged: boolean;
  #before: ReadonlySet<string> = new Set();
  #page: readonly string[] = [];
  #asked = false;
  /** Whether the registry turned out to list everything, however much was asked for. */
  unpaged = false;

  constructor(size: number | undefined, unpaged: boolean) {
    this.#size = size;
    this.#unpaged = unpaged;
  }

  /** @returns what of the page is new */
  take(page: readonly string[]): readonly string[] {
    const fresh = this.#asked ? page.filter((one) => !this.#before.has(one)) : page;
    this.unpaged = this.#asked && fresh.length === 0 && page.length > (this.#size ?? Infinity);
    this.#page = fresh.length === 0 ? [] : page;
    return fresh;
  }

  /** The query of the page after the last one taken, where there is no link to it. */
  next(): string | undefined {
    const last = this.#page.at(-1);
    if (this.#size === undefined || last === undefined || this.#page.length < this.#size) return undefined;
    if (this.#unpaged && this.#page.length > this.#size) return undefined;
    this.#before = new Set(this.#page);
    this.#asked = true;
    return `?${new URLSearchParams({ n: String(this.#size), last }).toString()}`;
  }
}

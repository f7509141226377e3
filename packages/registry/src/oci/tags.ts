import { z } from "zod";
import { type Place, RegistryError, RepositoryGoneError } from "./errors.ts";
import { parseJson } from "./json.ts";
import { pages } from "./pages.ts";
import type { Session } from "./session.ts";

const PAGE = 1000;
/** Every registry grants as many; Quay refused more, some proxies of ECR do. */
const SMALL_PAGE = 100;
const REFUSED_PAGE = [400, 405, 413] as const;

/** @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests */
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const tagsPage = z.object({ tags: z.array(z.string()).nullish() });
const repositoriesPage = z.object({ repositories: z.array(z.string()).nullish() });

/** Every tag of a repository, page by page. What is no tag by the grammar cannot be asked for, and is left out. */
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
    for await (const { tags } of sized(session, list, tagsPage, "its list of tags", place, signal)) {
      first = false;
      yield (tags ?? []).filter((tag) => TAG.test(tag));
    }
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== "not-found") throw error;
    if (first) throw new RepositoryGoneError("there is no such repository", place, { status: 404, cause: error });
    // Zot forgets its place when the tag it stopped at is deleted.
    const why = "its tags changed while they were listed";
    throw new RegistryError("registry-protocol", why, place, { cause: error, status: 404 });
  }
}

/** Every repository, page by page, where the registry offers that. Not part of the specification. */
export async function* listRepositories(session: Session, signal: AbortSignal): AsyncGenerator<readonly string[]> {
  const place = { host: session.host };
  const list = { resource: { kind: "catalog" } as const, path: "/v2/_catalog", takes: [404] };
  for await (const { repositories } of sized(
    session,
    list,
    repositoriesPage,
    "its list of repositories",
    place,
    signal,
  )) {
    yield repositories ?? [];
  }
}

/** Asks for pages of 1,000, and of 100 where that is refused. */
async function* sized<T extends z.ZodType>(
  session: Session,
  list: {
    readonly resource: { readonly kind: "catalog" } | { readonly kind: "repository"; readonly name: string };
    readonly path: string;
    readonly takes?: readonly number[];
  },
  schema: T,
  what: string,
  place: Place,
  signal: AbortSignal,
): AsyncGenerator<z.output<T>> {
  const sizes = session.host === "quay.io" ? [SMALL_PAGE] : [PAGE, SMALL_PAGE];
  for (const size of sizes) {
    const last = size === SMALL_PAGE;
    const takes = [...(list.takes ?? []), ...(last ? [] : REFUSED_PAGE)];
    let refused = false;
    for await (const answer of pages(session, { ...list, path: `${list.path}?n=${size}`, takes }, place, signal)) {
      if (answer.status === 404) {
        const why = "it does not offer a list of its repositories. Name them in the configuration";
        throw new RegistryError("not-found", why, place, { status: 404 });
      }
      refused = answer.status >= 400;
      if (refused) break;
      yield parseJson(schema, answer.body, what, place);
    }
    if (!refused) return;
  }
}

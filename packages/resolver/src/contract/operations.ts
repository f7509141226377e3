import { parseDocument, parseDocuments } from "./parse-document.ts";
import { parseHealth, parseJournalPage, parseRefreshResult, parseVersionsPage } from "./parse-service-documents.ts";

/** An operation of the service as its clients see it. The service's own table of operations is made from the same values. */
export interface ServiceOperation<
  Path extends `/${string}` = `/${string}`,
  Query extends string = string,
  Answer = unknown,
> {
  readonly id: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With parameters as `{type}`. */
  readonly path: Path;
  /** The names of the query's parameters. */
  readonly query: readonly Query[];
  /** @throws NotADocument for what is not the documented answer */
  parse(json: unknown, params: PathParams<Path>): Answer;
}

/** The values of a path's parameters, by name. */
export type PathParams<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [N in Name]: string } & PathParams<Rest>
  : unknown;

const operation = <const Path extends `/${string}`, Query extends string, Answer>(
  definition: ServiceOperation<Path, Query, Answer>,
): ServiceOperation<Path, Query, Answer> => definition;

/** The operations that the command line asks, by their ids. */
export const SERVICE_OPERATIONS = {
  listExecutors: operation({
    id: "listExecutors",
    method: "GET",
    path: "/executors",
    query: ["capability", "fields", "limit", "after"],
    parse: parseDocuments,
  }),
  getExecutor: operation({
    id: "getExecutor",
    method: "GET",
    path: "/executors/{type}",
    query: ["subject", "fields"],
    parse: (json, { type }) => parseDocument(json, type),
  }),
  listVersions: operation({
    id: "listVersions",
    method: "GET",
    path: "/executors/{type}/versions",
    query: ["state", "limit", "offset"],
    parse: (json, { type }) => parseVersionsPage(json, type),
  }),
  refresh: operation({
    id: "refresh",
    method: "POST",
    path: "/executors/refresh",
    query: ["type", "wait"],
    parse: parseRefreshResult,
  }),
  listJournal: operation({
    id: "listJournal",
    method: "GET",
    path: "/journal",
    query: ["type", "kind", "actor", "from", "until", "repository", "digest", "before", "after", "limit", "format"],
    parse: parseJournalPage,
  }),
  health: operation({ id: "health", method: "GET", path: "/health", query: [], parse: parseHealth }),
};

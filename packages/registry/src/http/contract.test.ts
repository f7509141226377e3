import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExecutorDocument, ExecutorEvent, ProblemDocument } from "@executor-registry/resolver";
import {
  type HealthDocument,
  type JournalPage,
  type PolicyTestDocument,
  type RefreshResult,
  type RevalidateResult,
  SERVICE_OPERATIONS,
  type VersionDetails,
  type VersionsPage,
  type WhyDocument,
} from "@executor-registry/resolver/internal";
import type { z } from "zod";
import { OPERATIONS } from "./operations.ts";
import { ExecutorQuery, ExecutorsQuery, JournalQuery, RefreshQuery, VersionsQuery } from "./queries.ts";
import type * as schemas from "./schemas.ts";

/** A document as JSON has it: nothing is written to. What may be absent is marked, since types with more optional members are assignable. */
type Wire<T> = unknown extends T
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Wire<Item>[]
    : T extends object
      ? {
          readonly [Name in keyof T]-?: undefined extends T[Name]
            ? { readonly optional: Wire<Exclude<T[Name], undefined>> }
            : Wire<T[Name]>;
        }
      : T;
type Equal<A, B> = [Wire<A>, Wire<B>] extends [Wire<B>, Wire<A>] ? true : { service: A; contract: B };
type Served<Name extends keyof typeof schemas> = z.output<(typeof schemas)[Name]>;

// Each line fails to compile where what the service documents is not exactly what the contract gives its clients.
const SAME_TYPES: {
  executor: Equal<Served<"Executor">, ExecutorDocument>;
  versions: Equal<Served<"VersionsPage">, VersionsPage>;
  version: Equal<Served<"VersionDetails">, VersionDetails>;
  revalidate: Equal<Served<"VersionDetails"> | Served<"Accepted">, RevalidateResult>;
  why: Equal<Served<"Why">, WhyDocument>;
  policyTest: Equal<Served<"PolicyTest">, PolicyTestDocument>;
  journal: Equal<Served<"JournalPage">, JournalPage>;
  refresh: Equal<Served<"RefreshScans"> | Served<"Accepted">, RefreshResult>;
  health: Equal<Served<"Health">, HealthDocument>;
  problem: Equal<Served<"Problem">, ProblemDocument>;
  event: Equal<Served<"ExecutorEvent">, ExecutorEvent>;
} = {
  executor: true,
  versions: true,
  version: true,
  revalidate: true,
  why: true,
  policyTest: true,
  journal: true,
  refresh: true,
  health: true,
  problem: true,
  event: true,
};

test("the documents of the service are those of the contract, by their types", () => {
  assert.ok(Object.values(SAME_TYPES).every(Boolean));
});

test("every operation that clients ask is in the table, with the query that they know", () => {
  const queries = {
    listExecutors: ExecutorsQuery,
    getExecutor: ExecutorQuery,
    listVersions: VersionsQuery,
    refresh: RefreshQuery,
    listJournal: JournalQuery,
    health: undefined,
  } satisfies Record<keyof typeof SERVICE_OPERATIONS, z.ZodObject | undefined>;
  for (const [name, operation] of Object.entries(SERVICE_OPERATIONS)) {
    const row = OPERATIONS.find(({ id }) => id === operation.id);
    assert.deepEqual([row?.method, row?.path], [operation.method, operation.path], name);
    const query = queries[name as keyof typeof queries];
    assert.equal(row?.query, query, name);
    assert.deepEqual(Object.keys(query?.shape ?? {}).sort(), [...operation.query].sort(), name);
  }
});

test("ids are unique, and so is each method of a path", () => {
  for (const keys of [OPERATIONS.map(({ id }) => id), OPERATIONS.map(({ method, path }) => `${method} ${path}`)]) {
    assert.deepEqual([...new Set(keys)], keys);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExecutorDocument, ExecutorEvent, ProblemDocument } from "@executor-registry/resolver";
import {
  type DenialsDocument,
  type HealthDocument,
  type HistoryPage,
  type JournalPage,
  type PinAnswer,
  type PoliciesDocument,
  type PolicyChange,
  type PolicyTestDocument,
  type RefreshResult,
  type RevalidateResult,
  SELECTION_OPERATIONS,
  type SelectionChange,
  SERVICE_OPERATIONS,
  type VersionDetails,
  type VersionPolicyReport,
  type VersionsPage,
  type WhyDocument,
} from "@executor-registry/resolver/internal";
import type { z } from "zod";
import { OPERATIONS } from "./operations.ts";
import { ExecutorQuery, ExecutorsQuery, JournalQuery, RefreshQuery, VersionsQuery } from "./queries.ts";
import type * as schemas from "./schemas.ts";
import { DryRunQuery, HistoryQuery, PolicyChangeQuery, RemovalQuery } from "./selection-queries.ts";
import type * as selection from "./selection-schemas.ts";
import type * as explanation from "./why-schemas.ts";

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
type Schemas = typeof schemas & typeof selection & typeof explanation;
type Served<Name extends keyof Schemas> = z.output<Schemas[Name]>;

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
  pin: Equal<Served<"PinAnswer">, PinAnswer>;
  denials: Equal<Served<"Denials">, DenialsDocument>;
  selectionChange: Equal<Served<"SelectionChange">, SelectionChange>;
  history: Equal<Served<"History">, HistoryPage>;
  versionPolicy: Equal<Served<"VersionPolicyReport">, VersionPolicyReport>;
  policyChange: Equal<Served<"PolicyChange">, PolicyChange>;
  policies: Equal<Served<"Policies">, PoliciesDocument>;
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
  pin: true,
  denials: true,
  selectionChange: true,
  history: true,
  versionPolicy: true,
  policyChange: true,
  policies: true,
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
    getPin: undefined,
    pin: DryRunQuery,
    unpin: RemovalQuery,
    rollback: DryRunQuery,
    history: HistoryQuery,
    listDenials: undefined,
    deny: DryRunQuery,
    allow: RemovalQuery,
    getTypePolicy: undefined,
    getPolicies: undefined,
    setPolicies: PolicyChangeQuery,
    unsetPolicies: RemovalQuery,
  } satisfies Record<keyof typeof SERVICE_OPERATIONS | keyof typeof SELECTION_OPERATIONS, z.ZodObject | undefined>;
  for (const [name, operation] of Object.entries({ ...SERVICE_OPERATIONS, ...SELECTION_OPERATIONS })) {
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

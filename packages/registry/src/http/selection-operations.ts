import { ExecutorRegistryError } from "@executor-registry/resolver";
import {
  SELECTION_OPERATIONS,
  type SelectionChange as SelectionChangeDocument,
  type ServiceOperation,
} from "@executor-registry/resolver/internal";
import type { z } from "zod";
import { unknownType } from "../choice/unknown-type.ts";
import type { Api } from "./api.ts";
import { type Answer, type Call, json, operation, type Operation } from "./operation.ts";
import { TypeParams } from "./queries.ts";
import { Problem } from "./schemas.ts";
import type { How } from "../selection/requests.ts";
import type { Selection } from "../selection/selection.ts";
import {
  DenialBody,
  DenialParams,
  DryRunQuery,
  HistoryQuery,
  PinBody,
  PoliciesBody,
  PolicyChangeQuery,
  RemovalQuery,
  RollbackBody,
} from "./selection-queries.ts";
import {
  Denials,
  History,
  PinAnswer,
  Policies,
  PolicyChange,
  SelectionChange,
  VersionPolicyReport,
} from "./selection-schemas.ts";

const known = ({ id, method, path }: ServiceOperation) => ({ id, method, path });

const UNKNOWN = { description: "No image of this type was ever found", schema: Problem };
const RUNNING = "`idempotency-key-in-use`: the first request with this key is not answered yet";
const MAX_POLICIES_BYTES = 256 << 10;

/** What reading has in common. */
const reading = { role: "reader", kind: "json" } as const;
/** What changing has in common. */
const changing = { role: "operator", rate: "writes", conditional: true, kind: "json" } as const;

const jsonBody = <Body>(schema: z.ZodType<Body>, description: string, maxBytes = 8 << 10) =>
  ({ media: "json", description, maxBytes, schema }) as const;

const conditions = {
  409: { description: RUNNING, schema: Problem },
  412: { description: "The ETag of `If-Match` is not that of the state", schema: Problem },
  422: { description: "The `Idempotency-Key` named another request", schema: Problem },
} as const;
const outcomes = {
  ...conditions,
  200: { description: "What was changed, or that it was so already: `unchanged`", schema: SelectionChange },
  404: UNKNOWN,
} as const;
const policyOutcomes = {
  ...conditions,
  200: { description: "Whose answers change, before and after", schema: PolicyChange },
} as const;

type OfType = z.output<typeof TypeParams>;

/** The operations by which an operator decides which version is current. */
export const SELECTION_ROWS: readonly Operation[] = [
  operation({
    ...known(SELECTION_OPERATIONS.getPin),
    ...reading,
    summary: "Whether an operator holds a type at one version: who, why, since when, and what the policy would choose",
    params: TypeParams,
    answers: { 200: { description: "The pin, or that there is none", schema: PinAnswer }, 404: UNKNOWN },
    handle: reader((type, selection) => {
      const pin = selection.pinOf(type);
      return pin === undefined ? { type, pinned: false } : { ...pin, pinned: true };
    }),
  }),
  operation({
    ...known(SELECTION_OPERATIONS.pin),
    ...changing,
    summary: "Hold a type at one version, until it is unpinned or its time is over",
    description:
      "The digest is kept: a tag that moves on moves nothing. It goes before rollouts and policies; denials go before it.",
    params: TypeParams,
    query: DryRunQuery,
    body: jsonBody(PinBody, "Which version, and why"),
    answers: {
      ...outcomes,
      409: {
        description: `The image is rejected, denied or gone; with what the checks say. ${RUNNING}`,
        schema: Problem,
      },
    },
    handle: (call, api) => changed(call, api, (selection, how) => selection.pin(call.params.type, call.body, how)),
  }),
  operation({
    ...known(SELECTION_OPERATIONS.unpin),
    ...changing,
    summary: "Let the policy choose again",
    description: "Of a type that is not pinned, nothing changes: `unchanged`.",
    params: TypeParams,
    query: RemovalQuery,
    answers: outcomes,
    handle: (call, api) => changed(call, api, (selection, how) => selection.unpin(call.params.type, call.query, how)),
  }),
  operation({
    ...known(SELECTION_OPERATIONS.rollback),
    ...changing,
    summary: "Go back to the version before, and hold it",
    description:
      "To the last version that was answered before this one and is still admitted. It is a pin until it is unpinned. Again, it goes further back, and " +
      "never to what was left.",
    params: TypeParams,
    query: DryRunQuery,
    body: jsonBody(RollbackBody, "Why, and to which revision"),
    answers: {
      ...outcomes,
      409: { description: `No earlier version, or not one that is admitted. ${RUNNING}`, schema: Problem },
    },
    handle: (call, api) => changed(call, api, (selection, how) => selection.rollback(call.params.type, call.body, how)),
  }),
  operation({
    ...known(SELECTION_OPERATIONS.history),
    ...reading,
    summary: "What a type was answered with, since when, by whom and why, newest first",
    params: TypeParams,
    query: HistoryQuery,
    answers: { 200: { description: "The revisions", schema: History }, 404: UNKNOWN },
    handle: reader<z.output<typeof HistoryQuery>>((type, selection, { limit }) => selection.history(type, limit)),
  }),
  operation({
    ...known(SELECTION_OPERATIONS.listDenials),
    ...reading,
    summary: "Which images of a type are denied, by whom and why",
    params: TypeParams,
    answers: { 200: { description: "The denials", schema: Denials }, 404: UNKNOWN },
    handle: reader((type, selection) => ({ type, denials: selection.denials(type) })),
  }),
  operation({
    ...known(SELECTION_OPERATIONS.deny),
    ...changing,
    summary: "Keep images out: a version with what it names now, a digest, or all whose tags fit a pattern",
    params: TypeParams,
    query: DryRunQuery,
    body: jsonBody(DenialBody, "What to deny, and why"),
    answers: outcomes,
    handle: (call, api) => changed(call, api, (selection, how) => selection.deny(call.params.type, call.body, how)),
  }),
  operation({
    ...known(SELECTION_OPERATIONS.allow),
    ...changing,
    summary: "Take a denial away",
    params: DenialParams,
    query: RemovalQuery,
    answers: { ...outcomes, 404: { description: "No such denial, or no such type", schema: Problem } },
    handle(call, api) {
      const { type, id } = call.params;
      return changed(call, api, (selection, how) => selection.allow(type, id, call.query, how));
    },
  }),
  operation({
    ...known(SELECTION_OPERATIONS.getTypePolicy),
    ...reading,
    summary: "Which version policy a type has, what it chooses, and what it passes over",
    params: TypeParams,
    answers: { 200: { description: "The policy and its evaluation", schema: VersionPolicyReport }, 404: UNKNOWN },
    handle: reader((type, selection) => selection.policyOf(type)),
  }),
  operation({
    ...known(SELECTION_OPERATIONS.getPolicies),
    ...reading,
    summary: "The version policies in force",
    answers: { 200: { description: "The policies", schema: Policies } },
    handle: (_call, { selection }) => json(selection.policies(), 200, { etag: selection.etag() }),
  }),
  operation({
    ...known(SELECTION_OPERATIONS.setPolicies),
    ...changing,
    summary: "Set the version policies in place of the configuration's",
    description:
      "With `dryRun=All` the answer is all that happens: whose answers would change, from what to what, and what the policies pass over.",
    query: PolicyChangeQuery,
    body: jsonBody(PoliciesBody, "The policies, and why", MAX_POLICIES_BYTES),
    answers: policyOutcomes,
    async handle(call, { selection }) {
      const { policies, reason } = call.body;
      const { type } = call.query;
      const change = await selection.setPolicies(policies, { reason, type }, howOf(call));
      return json(change, 200, { etag: selection.etag() });
    },
  }),
  operation({
    ...known(SELECTION_OPERATIONS.unsetPolicies),
    ...changing,
    summary: "Let the configuration's version policies count again",
    query: RemovalQuery,
    answers: policyOutcomes,
    async handle(call, { selection }) {
      const { reason } = call.query;
      const change = await selection.setPolicies(undefined, { reason }, howOf(call));
      return json(change, 200, { etag: selection.etag() });
    },
  }),
];

type Changing = Call<OfType, { readonly dryRun?: "All" | undefined }>;

/** Answers a change of a type's selection, with the entity tag of what is there then. */
async function changed(
  call: Changing,
  api: Api,
  act: (selection: Selection, how: How) => Promise<SelectionChangeDocument>,
): Promise<Answer<"json">> {
  const { type } = call.params;
  checkKnown(type, api);
  const change = await act(api.selection, howOf(call));
  return json(change, 200, { etag: api.selection.etag(type) });
}

function howOf({
  principal,
  query: { dryRun },
  conditions,
}: Pick<Changing, "principal" | "query" | "conditions">): How {
  const { ifMatch, name } = conditions;
  return {
    actor: principal.name,
    dryRun: dryRun !== undefined,
    ...(ifMatch !== undefined && { ifMatch }),
    ...(name && { request: name.hash }),
  };
}

/** Answers what is known of a type's selection, with its entity tag. */
function reader<Query>(read: (type: string, selection: Selection, query: Query) => object) {
  return ({ params: { type }, query }: Call<OfType, Query>, api: Api): Answer<"json"> => {
    checkKnown(type, api);
    return json(read(type, api.selection, query), 200, { etag: api.selection.etag(type) });
  };
}

/** @throws UnknownTypeError with the types that are meant perhaps; `invalid-request` for a type that a cluster alone has */
function checkKnown(type: string, { choices, inForce }: Api): void {
  if (choices.catalogue.type(type) !== undefined) return;
  const served = choices.snapshot.document(type);
  if (served?.live === undefined) throw unknownType(type, choices, inForce());
  const why = `${type} is what source ${served.source} finds in its cluster, which has no versions to choose from; declare its image there`;
  throw new ExecutorRegistryError("invalid-request", why);
}

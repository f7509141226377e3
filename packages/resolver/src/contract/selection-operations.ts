import type { ServiceOperation } from "./operations.ts";
import {
  parseDenials,
  parseHistory,
  parsePinAnswer,
  parsePolicies,
  parsePolicyChange,
  parsePolicyReport,
  parseSelectionChange,
} from "./parse-selection.ts";

const operation = <const Path extends `/${string}`, Query extends string, Answer>(
  definition: ServiceOperation<Path, Query, Answer>,
): ServiceOperation<Path, Query, Answer> => definition;

type OfType = { readonly type: string };

/** The operations by which an operator decides which version is current, by their ids. A resolver asks none of them. */
export const SELECTION_OPERATIONS = {
  getPin: operation({
    id: "getPin",
    method: "GET",
    path: "/executors/{type}/pin",
    query: [],
    parse: (json, { type }: OfType) => parsePinAnswer(json, type),
  }),
  pin: operation({
    id: "pin",
    method: "PUT",
    path: "/executors/{type}/pin",
    query: ["dryRun"],
    parse: (json, { type }: OfType) => parseSelectionChange(json, type),
  }),
  unpin: operation({
    id: "unpin",
    method: "DELETE",
    path: "/executors/{type}/pin",
    query: ["reason", "dryRun"],
    parse: (json, { type }: OfType) => parseSelectionChange(json, type),
  }),
  rollback: operation({
    id: "rollback",
    method: "POST",
    path: "/executors/{type}/rollback",
    query: ["dryRun"],
    parse: (json, { type }: OfType) => parseSelectionChange(json, type),
  }),
  history: operation({
    id: "history",
    method: "GET",
    path: "/executors/{type}/history",
    query: ["limit"],
    parse: (json, { type }: OfType) => parseHistory(json, type),
  }),
  listDenials: operation({
    id: "listDenials",
    method: "GET",
    path: "/executors/{type}/denials",
    query: [],
    parse: (json, { type }: OfType) => parseDenials(json, type),
  }),
  deny: operation({
    id: "deny",
    method: "POST",
    path: "/executors/{type}/denials",
    query: ["dryRun"],
    parse: (json, { type }: OfType) => parseSelectionChange(json, type),
  }),
  allow: operation({
    id: "allow",
    method: "DELETE",
    path: "/executors/{type}/denials/{id}",
    query: ["reason", "dryRun"],
    parse: (json, { type }: OfType) => parseSelectionChange(json, type),
  }),
  getTypePolicy: operation({
    id: "getTypePolicy",
    method: "GET",
    path: "/executors/{type}/policy",
    query: [],
    parse: (json, { type }: OfType) => parsePolicyReport(json, type),
  }),
  getPolicies: operation({ id: "getPolicies", method: "GET", path: "/policy", query: [], parse: parsePolicies }),
  setPolicies: operation({
    id: "setPolicies",
    method: "PUT",
    path: "/policy",
    query: ["type", "dryRun"],
    parse: parsePolicyChange,
  }),
  unsetPolicies: operation({
    id: "unsetPolicies",
    method: "DELETE",
    path: "/policy",
    query: ["reason", "dryRun"],
    parse: parsePolicyChange,
  }),
};

import { type PolicyChange, SELECTION_OPERATIONS } from "@executor-registry/resolver/internal";
import { type Given, text } from "../base/parse-flags.ts";
import { withProgress } from "../base/progress.ts";
import { UsageError } from "../base/usage-error.ts";
import { printJson, toYaml } from "../output/documents.ts";
import type { Io } from "../output/io.ts";
import { policiesLines, policyChangeLines, reportLines } from "../output/policies.ts";
import type { Format } from "../output/resolutions.ts";
import { withClient } from "../service/open-client.ts";
import { readPolicies } from "../service/policy-file.ts";
import { type ChangeRequest, sendChange, typeOf, wishOf } from "../service/selection.ts";

/** Prints the version policies in force, or that of a type with what it makes of it. @returns the exit code */
export async function getPolicy(given: Given, io: Io): Promise<number> {
  const [, word] = given.words;
  const type = word === undefined ? undefined : typeOf(word, "policy");
  const { signal } = io;
  const format = (text(given, "output") ?? "table") as Format;
  return withClient(given, io, async (client) => {
    if (type === undefined) {
      const policies = await client.ask(SELECTION_OPERATIONS.getPolicies, {}, { signal });
      const names = policies.policies.map(({ name }) => `policy/${String(name)}`);
      io.stdout.print(print(policies, format, names, () => policiesLines(policies)));
      return 0;
    }
    const report = await client.ask(SELECTION_OPERATIONS.getTypePolicy, { type }, { signal });
    io.stdout.print(print(report, format, [`policy/${report.policy.name}`], () => reportLines(report)));
    return 0;
  });
}

/** Sets the version policies of a file in place of the configuration's. @returns the exit code */
export async function setPolicy(given: Given, io: Io): Promise<number> {
  const [, file] = given.words;
  if (file === undefined) throw new UsageError("policy set needs FILE, with the version policies", "policy");
  const { reason } = wishOf(given, "policy");
  const body = { policies: await readPolicies(file), reason };
  return change(given, io, "set", { operation: SELECTION_OPERATIONS.setPolicies, params: {}, body });
}

/** Lets the configuration's version policies count again. @returns the exit code */
export async function unsetPolicy(given: Given, io: Io): Promise<number> {
  if (given.words[1] !== undefined)
    throw new UsageError(`policy unset takes no argument "${given.words[1]}"`, "policy");
  const { reason } = wishOf(given, "policy");
  return change(given, io, "unset", { operation: SELECTION_OPERATIONS.unsetPolicies, params: {}, query: { reason } });
}

async function change(given: Given, io: Io, done: string, request: ChangeRequest<PolicyChange>): Promise<number> {
  const { dryRun } = wishOf(given, "policy");
  const { signal } = io;
  const format = (text(given, "output") ?? "table") as Format;
  if (dryRun === "client") {
    const { operation, query, body } = request;
    const sent = { method: operation.method, path: operation.path, ...(query && { query }), ...(body && { body }) };
    io.stdout.print(print(sent, format, ["policies"], () => [`policies ${done} (dry run)`]));
    return 0;
  }
  return withClient(given, io, async (client) => {
    const work = async (): Promise<PolicyChange> => {
      const { etag } = await client.look(SELECTION_OPERATIONS.getPolicies, {}, { signal });
      return sendChange(client, request, { dryRun, etag, signal });
    };
    const answer = await withProgress(io, "choosing versions", work());
    const suffix = dryRun === "server" ? " (server dry run)" : "";
    io.stdout.print(print(answer, format, ["policies"], () => policyChangeLines(answer, done, suffix)));
    return 0;
  });
}

function print(document: object, format: Format, names: readonly string[], lines: () => string[]): string[] {
  if (format === "json") return printJson(document);
  if (format === "yaml") return toYaml(document);
  return format === "name" ? [...names] : lines();
}

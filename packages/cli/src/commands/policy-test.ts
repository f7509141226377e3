import { isExecutorType } from "@executor-registry/resolver";
import {
  type PolicyChange,
  type PolicyTestDocument,
  SELECTION_OPERATIONS,
  type ServiceClient,
  type VersionPolicyReport,
} from "@executor-registry/resolver/internal";
import { NOT_CURRENT } from "../base/exit-codes.ts";
import { type Given, text } from "../base/parse-flags.ts";
import { withProgress } from "../base/progress.ts";
import { UsageError } from "../base/usage-error.ts";
import { printJson, toYaml } from "../output/documents.ts";
import type { Io } from "../output/io.ts";
import { reportLines } from "../output/policies.ts";
import type { Format } from "../output/resolutions.ts";
import { dropLines, shown } from "../output/selection.ts";
import { factLines, verdictLines } from "../output/verdicts.ts";
import { TEST_POLICY } from "../service/diagnosis.ts";
import { withClient } from "../service/open-client.ts";
import { readPolicies } from "../service/policy-file.ts";
import { sendChange } from "../service/selection.ts";

/** Milliseconds for all checks of an image, each of which may take half a minute. */
const TEST_MS = 180_000;

/** Tests the checks with an image, or version policies with a type. Nothing is changed. @returns the exit code */
export async function testPolicy(given: Given, io: Io): Promise<number> {
  const [, what] = given.words;
  const [type, file] = [text(given, "type"), text(given, "policy")];
  if (what === undefined) throw new UsageError("policy test needs IMAGE, an image reference, or TYPE", "policy");
  if (type === undefined && isExecutorType(what)) return testType(given, io, what, file);
  if (file !== undefined) throw new UsageError(`--policy is for a TYPE, and ${what} is an image`, "policy");
  if (type !== undefined && !isExecutorType(type)) throw new UsageError(`--type ${type} is no executor type`, "policy");
  return withClient(given, io, async (client) => {
    const question = { query: { image: what, type }, signal: io.signal, timeout: TEST_MS };
    const answer = await withProgress(io, `testing ${what}`, client.ask(TEST_POLICY, {}, question));
    io.stdout.print(printImage(answer, formatOf(given)));
    return answer.types.every(({ state }) => state === "admitted") ? 0 : NOT_CURRENT;
  });
}

/** What the policy in force makes of a type, or what a file's policies would. */
async function testType(given: Given, io: Io, type: string, file: string | undefined): Promise<number> {
  const { signal } = io;
  const policies = file === undefined ? undefined : await readPolicies(file);
  const test = async (client: ServiceClient): Promise<{ readonly lines: string[]; readonly chosen: boolean }> => {
    if (policies === undefined) {
      const report = await client.ask(SELECTION_OPERATIONS.getTypePolicy, { type }, { signal });
      return { lines: printReport(report, formatOf(given)), chosen: report.evaluation.pick !== undefined };
    }
    const { etag } = await client.look(SELECTION_OPERATIONS.getPolicies, {}, { signal });
    const body = { policies, reason: "policy test" };
    const request = { operation: SELECTION_OPERATIONS.setPolicies, params: {}, query: { type }, body };
    const change = await sendChange(client, request, { dryRun: "server", etag, signal });
    const chosen = change.changes.every(({ after }) => after !== undefined);
    return { lines: printEffect(change, type, formatOf(given)), chosen };
  };
  return withClient(given, io, async (client) => {
    const { lines, chosen } = await withProgress(io, `testing ${type}`, test(client));
    io.stdout.print(lines);
    return chosen ? 0 : NOT_CURRENT;
  });
}

const formatOf = (given: Given): Format => (text(given, "output") ?? "table") as Format;

function printReport(report: VersionPolicyReport, format: Format): string[] {
  if (format === "json") return printJson(report);
  if (format === "yaml") return toYaml(report);
  return format === "name" ? [`executor/${report.type}`] : reportLines(report);
}

function printEffect(change: PolicyChange, type: string, format: Format): string[] {
  if (format === "json") return printJson(change);
  if (format === "yaml") return toYaml(change);
  if (format === "name") return [`executor/${type}`];
  const effect = change.changes.find((one) => one.type === type);
  const { before, after, candidates = 0, drops = [] } = effect ?? {};
  return [
    ...factLines([
      ["Type", type],
      ["Before", before === undefined ? "no version" : shown(before)],
      ["After", after === undefined ? "no version" : shown(after)],
      ["Because", after?.reason],
      ["Candidates", String(candidates)],
      ["Types affected", `${change.affected}, and ${change.unchanged} not`],
    ]),
    ...dropLines(drops),
  ];
}

const WORDS: Readonly<Record<PolicyTestDocument["types"][number]["state"], string>> = {
  admitted: "it would be admitted",
  rejected: "it would be rejected",
  pending: "it would wait for its checks",
};

function printImage(answer: PolicyTestDocument, format: Format): string[] {
  if (format === "json") return printJson(answer);
  if (format === "yaml") return toYaml(answer);
  if (format === "name") return [answer.image];
  return [
    ...factLines([
      ["Image", answer.image],
      ["Source", answer.source],
    ]),
    ...answer.types.flatMap(({ type, policy, state, verdicts }) => [
      "",
      ...factLines([
        ["Type", type],
        ["Policy", policy ?? "<none>"],
        ["Answer", WORDS[state]],
      ]),
      ...verdictLines(verdicts),
    ]),
  ];
}

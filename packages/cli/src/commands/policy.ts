import { isExecutorType } from "@executor-registry/resolver";
import type { PolicyTestDocument } from "@executor-registry/resolver/internal";
import type { Command } from "../base/command.ts";
import { NOT_CURRENT } from "../base/exit-codes.ts";
import { text } from "../base/parse-flags.ts";
import { withProgress } from "../base/progress.ts";
import { suggestion, UsageError } from "../base/usage-error.ts";
import { printJson, toYaml } from "../output/documents.ts";
import type { Format } from "../output/resolutions.ts";
import { factLines, verdictLines } from "../output/verdicts.ts";
import { TEST_POLICY } from "../service/diagnosis.ts";
import { withClient } from "../service/open-client.ts";

/** Milliseconds for all checks of an image, each of which may take half a minute. */
const TEST_MS = 180_000;

export const policy: Command = {
  name: "policy",
  summary: "print what the registry service's checks say of any image, without changing anything",
  usage: "test IMAGE [-o FORMAT]",
  details: `IMAGE is a reference, such as registry.example.com/team/executor-ml:1.2.3, in a repository that a source of the service covers. Exits with
${NOT_CURRENT} for an image that would not be admitted.`,
  flags: {
    type: {
      type: "string",
      value: "TYPE",
      names: "type",
      help: "the type to test it for (default: those that its names mean)",
    },
  },
  words: { least: 1, most: 2 },
  typesOf: "service",
  async run(given, io) {
    const [action = "", image] = given.words;
    if (action !== "test")
      throw new UsageError(`policy has no action ${action}${suggestion(action, ["test"])}`, "policy");
    if (image === undefined) throw new UsageError("policy test needs IMAGE, an image reference", "policy");
    const type = text(given, "type");
    if (type !== undefined && !isExecutorType(type))
      throw new UsageError(`--type ${type} is no executor type`, "policy");
    return withClient(given, io, async (client) => {
      const question = { query: { image, type }, signal: io.signal, timeout: TEST_MS };
      const answer = await withProgress(io, `testing ${image}`, client.ask(TEST_POLICY, {}, question));
      io.stdout.print(print(answer, (text(given, "output") ?? "table") as Format));
      return answer.types.every(({ state }) => state === "admitted") ? 0 : NOT_CURRENT;
    });
  },
};

const WORDS: Readonly<Record<PolicyTestDocument["types"][number]["state"], string>> = {
  admitted: "it would be admitted",
  rejected: "it would be rejected",
  pending: "it would wait for its checks",
};

function print(answer: PolicyTestDocument, format: Format): string[] {
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

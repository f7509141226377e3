import type { ExecutorDocument } from "@executor-registry/resolver";
import {
  type PinDocument,
  SELECTION_OPERATIONS,
  SERVICE_OPERATIONS,
  type ServiceClient,
} from "@executor-registry/resolver/internal";
import type { Command } from "../base/command.ts";
import { age } from "../output/age.ts";
import { capabilitiesInCell, capabilityLines } from "../output/capabilities.ts";
import { printJson, toYaml } from "../output/documents.ts";
import type { Format } from "../output/resolutions.ts";
import { shown } from "../output/selection.ts";
import { table } from "../output/table.ts";
import { factLines } from "../output/verdicts.ts";
import { text } from "../base/parse-flags.ts";
import { warnAbout } from "../output/warnings.ts";
import { withProgress } from "../base/progress.ts";
import { withClient } from "../service/open-client.ts";

export const get: Command = {
  name: "get",
  summary: "print all that the registry service knows about an executor type",
  usage: "TYPE [-o FORMAT]",
  flags: {},
  words: { least: 1, most: 1 },
  typesOf: "service",
  async run(given, io) {
    const [type = ""] = given.words;
    return withClient(given, io, async (client) => {
      const document = await withProgress(io, `asking for ${type}`, read(client, type, io.signal));
      io.stdout.print(print(document, (text(given, "output") ?? "yaml") as Format, io.clock.now()));
      const staleSince = document.live?.staleSince;
      warnAbout({ ...document, stale: staleSince !== undefined, ...(staleSince !== undefined && { staleSince }) }, io);
      return 0;
    });
  },
};

/** A document, and of a type that is pinned also what the policy would choose. */
type Shown = ExecutorDocument & { readonly pin?: Partial<Pick<PinDocument, "policyWouldChoose">> };

async function read(client: ServiceClient, type: string, signal: AbortSignal): Promise<Shown> {
  const document = await client.ask(SERVICE_OPERATIONS.getExecutor, { type }, { signal });
  if (document.pin === undefined) return document;
  const pin = await client.ask(SELECTION_OPERATIONS.getPin, { type }, { signal });
  const { policyWouldChoose } = pin.pinned ? pin : {};
  return { ...document, pin: { ...document.pin, ...(policyWouldChoose && { policyWouldChoose }) } };
}

function print(document: Shown, format: Format, now: number): string[] {
  if (format === "json") return printJson(document);
  if (format === "yaml") return toYaml(document);
  if (format === "name") return [`executor/${document.type}`];
  const { type, version, source, added, validated, owner = "<none>", image, reason } = document;
  const headers = ["TYPE", "VERSION", "SOURCE", "AGE", "VALIDATED", "OWNER", "CAPABILITIES"];
  const known = age(now - Date.parse(added));
  const cells = [type, version, source, known, validated ? "yes" : "no", owner, capabilitiesInCell(document)];
  const wide = format === "wide";
  const rows = [[...cells, ...(wide ? [image, reason] : [])]];
  const capabilities = wide ? capabilityLines(document) : [];
  return [
    ...table([...headers, ...(wide ? ["IMAGE", "REASON"] : [])], rows),
    ...pinLines(document.pin),
    ...(capabilities.length > 0 ? ["", ...capabilities] : []),
  ];
}

/** Who holds it there, and what would be without that. */
function pinLines(pin: Shown["pin"]): string[] {
  if (pin === undefined) return [];
  const { kind, by, since, until, reason, policyWouldChoose } = pin;
  const facts = factLines([
    [kind === "rollback" ? "Rolled back by" : "Pinned by", by],
    ["Since", since],
    ["Until", until ?? "it is unpinned"],
    ["Because", reason],
    ["Policy would choose", policyWouldChoose && shown(policyWouldChoose)],
  ]);
  return ["", ...facts];
}

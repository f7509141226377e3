import { ExecutorRegistryError } from "@executor-registry/resolver";
import { connect } from "@executor-registry/resolver/kubernetes";
import type { Command } from "../command.ts";
import { checkAccess } from "../doctor/access.ts";
import type { Finding, Patient } from "../doctor/check.ts";
import { checkCluster } from "../doctor/cluster.ts";
import { checkExecutors, checkLocalRegistry } from "../doctor/declarations.ts";
import { checkNamespace } from "../doctor/namespace.ts";
import { checkNodes } from "../doctor/nodes.ts";
import type { Io } from "../io.ts";
import { styler } from "../output/colour.ts";
import { toYaml } from "../output/resolutions.ts";
import { withProgress } from "../progress.ts";
import { connectOptions, openResolver, text } from "../session.ts";
import type { Given } from "../parse-flags.ts";

export const doctor: Command = {
  name: "doctor",
  summary: "check the cluster, the rights and the images, and say how to fix what is wrong",
  usage: "[-o table|json|yaml]",
  details: "Exits with 1 when a check fails; warnings are no failure.",
  flags: {},
  words: { least: 0, most: 0 },
  async run(given, io) {
    const findings = await withProgress(io, "looking at the cluster", examine(given, io));
    const format = text(given, "output") ?? "table";
    if (format === "json") io.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
    else if (format === "yaml") io.stdout.write(toYaml(findings));
    else print(findings, io);
    return findings.some(({ state }) => state === "fail") ? 1 : 0;
  },
};

async function examine(given: Given, io: Io): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  try {
    const api = await connect(connectOptions(given));
    findings.push({
      state: "ok",
      check: "configuration",
      detail: `context ${api.context}, namespace ${api.namespace}`,
    });
    const patient: Patient = {
      api,
      namespace: api.namespace,
      configMap: text(given, "config-map") ?? "executors",
      signal: io.signal,
    };
    const resolver = openResolver(given, io, "read", api);
    try {
      findings.push(...(await checkCluster(patient)));
      findings.push(...(await checkAccess(patient)));
      findings.push(...(await checkNamespace(patient)));
      findings.push(...(await checkNodes(patient)));
      findings.push(...(await checkExecutors(resolver, patient)));
      const declared = (await resolver.list({ signal: io.signal })).some(
        ({ source }) => source === "declared" || source === "configmap",
      );
      findings.push(...(await checkLocalRegistry(patient, declared)));
    } finally {
      await resolver.close();
      api.close();
    }
  } catch (error) {
    // What cannot be looked at any further is itself what is wrong.
    if (!(error instanceof ExecutorRegistryError) || io.signal.aborted) throw error;
    findings.push({ state: "fail", check: error.code, detail: error.message });
  }
  return findings;
}

function print(findings: readonly Finding[], io: Io): void {
  const paint = styler(io, io.stdout);
  const colours = { ok: "green", warn: "yellow", fail: "red" } as const;
  const width = Math.max(...findings.map(({ check }) => check.length));
  for (const { state, check, detail, fix } of findings) {
    io.stdout.write(`${paint(colours[state], state.padEnd(4))}   ${check.padEnd(width)}   ${detail}\n`);
    for (const line of fix?.trimEnd().split("\n") ?? []) io.stdout.write(`       ${line}\n`);
  }
  const count = (state: Finding["state"]): number => findings.filter((finding) => finding.state === state).length;
  io.stdout.write(`\n${count("ok")} ok, ${count("warn")} warnings, ${count("fail")} failures\n`);
}

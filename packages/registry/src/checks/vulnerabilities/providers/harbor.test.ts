import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  HARBOR_ACCOUNT,
  HARBOR_GENERIC,
  type HarborScan,
  startHarborDouble,
} from "../../../../../../testing/harbor-double.ts";
import { reportedBy, SCANNED, targetOf } from "../testing/scans.ts";
import { createHarborScans } from "./harbor.ts";

const target = targetOf("harbor.test", "ml/team/executor-ml");
const ARTIFACT = `ml/team/executor-ml@${target.digest}`;
const found = {
  id: "CVE-2026-4",
  package: "bash",
  version: "5.0",
  fix_version: "",
  severity: "Negligible",
  description: "",
};
const report = {
  generated_at: SCANNED,
  scanner: { name: "Trivy", vendor: "Aqua", version: "v0.57.0" },
  severity: "None",
};
const success: HarborScan = {
  status: "Success",
  endTime: SCANNED,
  total: 1,
  report: { ...report, vulnerabilities: [found] },
};

async function asked(scan: HarborScan | undefined) {
  const double = await startHarborDouble();
  if (scan) double.set(ARTIFACT, scan);
  const provider = createHarborScans({ ...HARBOR_ACCOUNT, endpoint: double.endpoint });
  return { double, provider, [Symbol.asyncDispose]: () => double[Symbol.asyncDispose]() };
}

describe("Harbor's scans", () => {
  test("are asked for by a repository that is encoded twice", async ({ signal }) => {
    await using held = await asked(success);
    const { findings, scanner, finishedAt } = await reportedBy(held.provider, target, signal);
    assert.deepEqual([scanner, finishedAt], [{ name: "Trivy", version: "v0.57.0" }, SCANNED]);
    const read = { id: "CVE-2026-4", aliases: [], severity: "none", package: "bash", installed: "5.0", fixable: false };
    assert.deepEqual(findings, [read]);
    const path = `/api/v2.0/projects/ml/repositories/team%252Fexecutor-ml/artifacts/${target.digest}`;
    assert.deepEqual(held.double.requests, [`${path}?with_scan_overview=true`, `${path}/additions/vulnerabilities`]);
  });

  test("are read in either format; a severity without a meaning here is unknown", async ({ signal }) => {
    const odd = { ...found, severity: "Catastrophic" };
    await using held = await asked({ ...success, mime: HARBOR_GENERIC, report: { ...report, vulnerabilities: [odd] } });
    assert.equal((await reportedBy(held.provider, target, signal)).findings[0]?.severity, "unknown");
  });

  test("that succeeded stand when Harbor sweeps their task, or scans again", async ({ signal }) => {
    await using held = await asked(success);
    const first = await reportedBy(held.provider, target, signal);
    for (const status of ["Error", "Running"]) {
      held.double.set(ARTIFACT, { status });
      assert.deepEqual(await reportedBy(held.provider, target, signal), first);
    }
  });

  for (const [name, scan, state] of [
    ["has no scan", {}, "missing"],
    ["is not there", undefined, "missing"],
    ["waits", { status: "Pending" }, "pending"],
    ["is being scanned", { status: "Running" }, "pending"],
    ["is scheduled", { status: "Scheduled" }, "pending"],
    ["could not be scanned", { status: "Error" }, "failed"],
    ["was stopped", { status: "Stopped" }, "failed"],
    ["has a status of tomorrow", { status: "Glorious" }, "failed"],
    ["has a success without its report", { status: "Success", endTime: SCANNED, report: null }, "failed"],
  ] as const) {
    test(`of an artifact that ${name} are ${state}`, async ({ signal }) => {
      await using held = await asked(scan);
      assert.equal((await held.provider.reportsOf(target, signal)).state, state);
    });
  }

  test("that list fewer than they count are partial", async ({ signal }) => {
    await using held = await asked({ ...success, total: 7 });
    assert.match(
      (await reportedBy(held.provider, target, signal)).partial ?? "",
      /counts 7 vulnerabilities and lists 1/,
    );
  });
});

import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";

const run = promisify(execFile);

/** Why tests that need Helm are skipped here, or `false`. */
export const noHelm: string | false = (() => {
  try {
    execFileSync("helm", ["version"], { stdio: "ignore" });
    return false;
  } catch {
    return "helm is not on the PATH (go install helm.sh/helm/v4/cmd/helm@v4.3.1)";
  }
})();

/** An object as a manifest has it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [member: string]: unknown;
}

/** The objects in a text of manifests. */
export const manifestsIn = (text: string): readonly Manifest[] =>
  parseAllDocuments(text).flatMap((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) throw problem;
    const object = document.toJS() as Manifest | null;
    return object === null ? [] : [object];
  });

/** What the chart makes of values, given by flags: `--values FILE`, `--set-json KEY=JSON`. @throws with what helm says */
export async function renderChart(...flags: readonly string[]): Promise<readonly Manifest[]> {
  const args = ["template", "executor-registry", "deploy/chart", "--namespace", "executor-registry", ...flags];
  return manifestsIn((await run("helm", args, { maxBuffer: 16 << 20 })).stdout);
}

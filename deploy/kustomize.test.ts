import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { updatesDocs } from "../scripts/reference-page.ts";
import { kustomizeFiles, withoutHelm } from "../testing/kustomize.ts";
import { type Manifest, manifestsIn, noHelm, renderChart } from "../testing/helm.ts";

const FOLDER = "deploy/kustomize";
const VALUES = ["--values", `${FOLDER}/values.yaml`];

const noKustomize: string | false = (() => {
  try {
    execFileSync("kubectl", ["kustomize", "--help"], { stdio: "ignore" });
    return false;
  } catch {
    return "kubectl is not on the PATH";
  }
})();

test("deploy/kustomize has what the chart makes; UPDATE_DOCS=1 writes it", { skip: noHelm }, async () => {
  const { configuration, manifests } = kustomizeFiles(await renderChart(...VALUES));
  for (const [name, made] of Object.entries({ "registry.yaml": configuration, "manifests.yaml": manifests })) {
    const file = `${FOLDER}/${name}`;
    if (updatesDocs) writeFileSync(file, made);
    else assert.equal(readFileSync(file, "utf8"), made, file);
  }
});

test("`kubectl apply -k` applies the same objects as the chart", { skip: noHelm || noKustomize }, async () => {
  const key = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;
  const sorted = (all: readonly Manifest[]): readonly Manifest[] => all.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  const built = manifestsIn(execFileSync("kubectl", ["kustomize", FOLDER], { encoding: "utf8" }));
  const image = ["--set", "image.repository=registry.example.com/platform/registry-service,image.tag=0.1.0"];
  const rendered = (await renderChart(...VALUES, ...image)).filter(
    ({ metadata }) => metadata.annotations?.["helm.sh/hook"] === undefined,
  );
  assert.deepEqual(sorted(built.filter(({ kind }) => kind !== "Namespace")), sorted(rendered.map(withoutHelm)));
});

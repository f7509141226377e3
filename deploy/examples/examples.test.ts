import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const FOLDER = "deploy/examples/eks";
type Policy = { readonly Statement: readonly { readonly Action: string | readonly string[] }[] };
const json = (name: string): unknown => JSON.parse(readFileSync(`${FOLDER}/${name}`, "utf8"));
const actionsIn = (name: string): readonly string[] => (json(name) as Policy).Statement.flatMap(({ Action }) => Action);

test("the role on EKS may do what docs/eks.md says that the service does, but for another account's registry", () => {
  const documented = readFileSync("docs/eks.md", "utf8").matchAll(/^\| (`\w+:\w+`(?:, `\w+:\w+`)*) \|/gm);
  const actions = [...documented].flatMap(([, cell = ""]) => cell.replaceAll("`", "").split(", "));
  assert.deepEqual(
    actionsIn("permissions.json").toSorted(),
    actions.filter((action) => action !== "sts:AssumeRole").toSorted(),
  );
});

test("the trust policies name the service account that the chart makes", () => {
  assert.match(
    JSON.stringify(json("trust-irsa.json")),
    /:sub":"system:serviceaccount:executor-registry:executor-registry"/,
  );
  assert.deepEqual(actionsIn("trust-pod-identity.json"), ["sts:AssumeRole", "sts:TagSession"]);
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mistakesIn } from "./dry-run.ts";

describe("commands of a document, as far as can be seen without running them", () => {
  for (const [what, script, mistake] of [
    ["of which the shell makes no sense", "if true; then", /syntax error/],
    ["that read a file which is not there", "sort < numbers", /numbers: No such file/],
    ["of ours with a flag that does not exist", "executor-registry list --wides", /unknown flag --wides/],
    ["of ours in a pipe", "cat list | executor-registry lists -o json", /no command lists/],
    ["of ours in a substitution", 'echo "$(executor-registry list --colour)"', /unknown flag --colour/],
    ["of ours in the background", "executor-registry watch --colour &", /unknown flag --colour/],
    ["of ours after one that fails", "false || kubectl executors list --wides", /unknown flag --wides/],
    ["of ours as an npm script", "npm run -s cli -- resolve ml nlp", /takes no argument "nlp"/],
    [
      "of the service with a flag that another one has",
      "executor-registry-server serve --force",
      /takes no flag --force/,
    ],
    ["of the service as an npm script", "npm run -s server -- confg check", /no command confg/],
    ["with an npm script that does not exist", "npm run tests", /no script tests/],
    [
      "with a file of ours that does not exist",
      "docker build -f deploy/Dockerfil .",
      /deploy\/Dockerfil does not exist/,
    ],
    ["with a manifest that does not exist", "kubectl apply -f manifest.yaml", /manifest.yaml does not exist/],
    ["with a manifest that has no kind", "kubectl apply -f - <<E\nmetadata: {name: a}\nE", /no kind/],
    ["with a manifest that they write", "cat > m.yaml <<E\nkind: Job\nE\nkubectl apply -f m.yaml", /no apiVersion/],
  ] as const) {
    test(`are found wrong: ${what}`, () => assert.match(mistakesIn(script).join("\n"), mistake));
  }

  test("are found right, with variables, loops and files of their own", () => {
    const script = `
cat > m.yaml <<E
apiVersion: v1
kind: Namespace
metadata: { name: $NAME }
E
kubectl apply -f m.yaml -f examples/kubernetes/rbac.yaml
for type in ml nlp; do executor-registry resolve "$type" --registry "$URL" -o json | jq .image; done
file=$(mktemp) && openssl rand -hex 8 > "$file"
until curl -fs "$URL/readyz"; do sleep 1; done
cd somewhere && export TAG=$(date +%s) && docker build -t "executor-ml:$TAG" examples/executors/ml
executor-registry run ml -- --epochs 3 --whatever`;
    assert.deepEqual(mistakesIn(script), []);
  });
});

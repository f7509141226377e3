import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { buildImage, loadImages, removeImages, type TestNamespace, testNamespace } from "../testing/cluster.ts";
import { DISPATCHER_IMAGE, noOwnImages } from "../testing/cluster-images.ts";
import { sectionsOf } from "../testing/documented.ts";
import { exampleService } from "../testing/example-service.ts";
import { clusterBlocks, type PageShell, pageShell } from "../testing/page-shell.ts";
import { freePort } from "./free-port.ts";

const TUTORIAL = "docs/tutorial.md";
const COMMAND_LINE = "packages/cli/README.md";

/** In place of what Skaffold builds: each prints what the page shows of it. */
const IMAGES = {
  "docker.io/library/executor-ml:tutorial": 'echo "training on 200 points, seed $SEED, at most $2 epochs"',
  "docker.io/library/executor-hello:tutorial": 'echo hello, "$@"',
};

describe(`commands of ${TUTORIAL} and ${COMMAND_LINE}, in their order`, { skip: noOwnImages, timeout: 240_000 }, () => {
  const tutorial = clusterBlocks(TUTORIAL);
  const commandLine = clusterBlocks(COMMAND_LINE);
  const ends = new AsyncDisposableStack();
  let space: TestNamespace;
  let shell: PageShell;
  let port: number;

  /** With the test's names in place of the page's, and the images that Skaffold would write. */
  const own = (text: string): string =>
    text
      .replaceAll(/(-n |namespace: )executors\b/g, `$1${space.name}`)
      .replaceAll("executors-dispatcher-nodes", `${space.name}-nodes`)
      .replaceAll(/image: (executor-\w+)/g, "image: $1:tutorial")
      // Theirs have a user, these have not.
      .replaceAll(/( +)runAsNonRoot: true\n/g, "$&$1runAsUser: 65532\n")
      .replaceAll("image: job-dispatcher", `image: ${DISPATCHER_IMAGE}`)
      .replaceAll("localhost:8080", `localhost:${port}`);
  const run = (block: string): Promise<string> =>
    shell.run(own(block), { KUBECONFIG: join(shell.folder, "kubeconfig") });

  before(async () => {
    space = ends.use(await testNamespace("tutorial"));
    [shell, port] = await Promise.all([pageShell("tutorial"), freePort()]);
    ends.use(shell);
    await loadImages(
      ...(await Promise.all(
        Object.entries(IMAGES).map(([image, script]) => buildImage(image, 1, "/bin/sh", "-c", script, "sh")),
      )),
    );
    ends.defer(() => removeImages(...Object.keys(IMAGES)));
    const manifests = ["rbac", "executors", "dispatcher"].map((name) =>
      own(readFileSync(`examples/kubernetes/${name}.yaml`, "utf8")),
    );
    await writeFile(join(shell.folder, "manifests.yaml"), manifests.join("\n---\n"));
    ends.defer(async () => void (await run(`kubectl delete clusterrole,clusterrolebinding ${space.name}-nodes`)));
    await shell.run(
      `kubectl config view --raw --minify > kubeconfig
kubectl --kubeconfig=kubeconfig config set-context --current --namespace=${space.name}
kubectl --kubeconfig=kubeconfig label namespace ${space.name} pod-security.kubernetes.io/enforce=restricted
kubectl --kubeconfig=kubeconfig apply -f manifests.yaml`,
      {},
    );
  });
  after(() => ends.disposeAsync());

  test("show what is declared", async () => {
    const printed = await run(tutorial.take("executors list"));
    // The node may have images of other tests, too.
    for (const type of ["ml", "nlp"]) {
      assert.match(printed, new RegExp(`^${type} +tutorial +declared +\\d+s +declared$`, "m"));
    }
  });

  test("run a Job through the dispatcher, and without it", async () => {
    // In place of Skaffold's own forwarding.
    await run(`kubectl rollout status deployment/dispatcher --timeout=60s
kubectl port-forward service/dispatcher ${port}:80 > forward.log 2>&1 &
echo $! >> serving
until grep -q ^Forwarding forward.log; do kill -0 $!; sleep 0.1; done`);
    const events = (await run(tutorial.take("/jobs/ml"))).trim().split("\n");
    const line = '{"log":"training on 200 points, seed 42, at most 3 epochs"}';
    assert.ok(events.includes(line), events.join("\n"));
    assert.match(events.at(-1) ?? "", /^\{"image":"executor-ml:tutorial","result":\{.*"status":"succeeded"/);
    const printed = await run(tutorial.take("run ml"));
    assert.equal(printed, "training on 200 points, seed 42, at most 3 epochs\n");
  });

  test("run an executor of one's own", async () => {
    const section = (await sectionsOf(TUTORIAL)).find(({ heading }) => heading === "6. Add an executor of your own");
    await writeFile(join(shell.folder, "hello.yaml"), own(section?.configurations[1] ?? ""));
    await run("kubectl apply -f hello.yaml");
    assert.equal(await run(tutorial.take("run hello")), "hello, world\n");
  });

  test("find nothing missing", async () => {
    await run(tutorial.take("doctor"));
  });

  test("do in the context's namespace what the command line's page says", async () => {
    await using service = await exampleService();
    const block = commandLine
      .take("executor-registry watch")
      .replace("--registry URL", `--registry ${service.url}`)
      // It goes on until Ctrl-C.
      .replace("executor-registry watch", "{ timeout --signal=INT 3 executor-registry watch || [ $? = 124 ]; }");
    const printed = await run(block);
    assert.match(printed, /^executor-ml:tutorial$/m);
    assert.match(printed, /^training on 200 points, seed 42, at most 3 epochs$/m);
  });

  test("are all of them", () => assert.deepEqual([...tutorial.left, ...commandLine.left], []));
});

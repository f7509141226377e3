import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { parseConfig, InvalidConfigurationError } from "@executor-registry/registry";
import { parse } from "yaml";
import { type Manifest, noHelm, renderChart } from "../testing/helm.ts";

const run = promisify(execFile);
const CHART = "deploy/chart";
const MINIMAL = ["--values", `${CHART}/ci/minimal-values.yaml`];
const values = readdirSync(`${CHART}/ci`).map((name) => join(CHART, "ci", name));
const examples = ["eks", "gke"].map((name) => `deploy/examples/${name}/values.yaml`);

const find = (objects: readonly Manifest[], kind: string): Manifest | undefined =>
  objects.find((one) => one.kind === kind);
/** A member deep in an object; rendered manifests have no types. */
const at = (object: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object);

test("the chart's version of the service is that of the package", () => {
  const { appVersion } = parse(readFileSync(`${CHART}/Chart.yaml`, "utf8")) as { appVersion: string };
  assert.equal(appVersion, JSON.parse(readFileSync("packages/registry/package.json", "utf8")).version);
});

test("values.yaml and its schema have the same values", () => {
  interface Schema {
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly additionalProperties?: unknown;
    readonly required?: readonly string[];
    readonly $ref?: string;
  }
  const schema = JSON.parse(readFileSync(`${CHART}/values.schema.json`, "utf8")) as Schema;
  const compare = (value: unknown, { properties, additionalProperties, required = [] }: Schema, path: string): void => {
    if (properties === undefined || typeof value !== "object" || value === null || additionalProperties !== false)
      return;
    const known = Object.keys(properties).filter((name) => name !== "global");
    // What is empty by default may have members.
    if (Object.keys(value).length > 0) assert.deepEqual(Object.keys(value).toSorted(), known.toSorted(), path);
    // Helm takes away what is left empty, and templates that look into it fail without naming it.
    const holdOthers = Object.entries(value)
      .filter(([name]) => properties[name]?.properties !== undefined || properties[name]?.$ref !== undefined)
      .filter(([, member]) => Object.keys(member as object).length > 0)
      .map(([name]) => name);
    assert.deepEqual(required, holdOthers, path);
    for (const [name, member] of Object.entries(value)) compare(member, properties[name] ?? {}, `${path}.${name}`);
  };
  compare(parse(readFileSync(`${CHART}/values.yaml`, "utf8")), schema, "");
});

test("the chart's README says what every value is", () => {
  const empty = readFileSync(`${CHART}/README.md`, "utf8")
    .split("\n")
    .filter((line) => /^\| `.*\|\s*\|$/.test(line));
  assert.deepEqual(empty, []);
});

describe("the chart", { skip: noHelm }, () => {
  for (const file of [...values, ...examples]) {
    test(`lints, and gives the service a configuration that it takes: ${file}`, async () => {
      await run("helm", ["lint", CHART, "--strict", "--values", file]);
      const configMap = (await renderChart("--values", file)).find(
        ({ kind, metadata }) =>
          kind === "ConfigMap" && !metadata.name.endsWith("-dashboard") && !metadata.name.endsWith("-extra"),
      );
      // Its secrets are in the pod.
      const elsewhere = /cannot be read \(ENOENT\)|is not set$/;
      try {
        parseConfig(String(at(configMap, "data", "registry.yaml")), file);
      } catch (error) {
        assert.ok(error instanceof InvalidConfigurationError, String(error));
        assert.deepEqual(
          error.mistakes.filter(({ message }) => !elsewhere.test(message)),
          [],
        );
      }
    });
  }

  const refused: readonly (readonly [what: string, flags: readonly string[], message: RegExp])[] = [
    ["no image", ["--set", "image.repository="], /image\.repository is needed: no image is published/],
    ["a value that it does not have", ["--set", "image.repostory=x"], /additional properties 'repostory' not allowed/],
    [
      "several pods on SQLite",
      ["--set", "replicaCount=2"],
      /'\/store\/kind': value must be one of 'postgres', 'redis'/,
    ],
    ["an autoscaler on SQLite", ["--set", "autoscaling.enabled=true"], /'\/store\/kind': value must be one of/],
    [
      "several pods in memory, though the schema is skipped",
      ["--set", "replicaCount=2,store.kind=memory", "--skip-schema-validation"],
      /2 pods cannot share a store of kind memory: set store\.kind to postgres or redis/,
    ],
    ["PostgreSQL without an address", ["--set", "store.kind=postgres"], /store\.address is needed/],
    [
      "a password in an address",
      ["--set", "store.kind=redis,store.address=rediss://:open@cache"],
      /store\.address: a password in it would be in the ConfigMap/,
    ],
    ["a store in the configuration", ["--set", "config.store=memory:"], /config\.store: set store instead/],
    [
      "roles for an account that is not named",
      ["--set", "serviceAccount.create=false"],
      /serviceAccount\.name is needed with serviceAccount\.create=false/,
    ],
    [
      "a pull secret without its namespace",
      ["--set-json", 'config.sources=[{"kind":"oci","credentials":{"pullSecret":"registry"}}]'],
      /'\/config\/sources\/0\/credentials\/pullSecret': 'registry' does not match pattern/,
    ],
    [
      "a setting that the service does not have",
      ["--set-json", 'config.auth={"raeds":"token"}'],
      /'\/config\/auth': additional properties 'raeds' not allowed/,
    ],
    [
      "a source whose kind lacks something, and names no other kind's settings",
      ["--set-json", 'config.sources=[{"name":"own","kind":"oci","host":"registry.example.com"}]'],
      /'\/config\/sources\/0': missing property 'repositories'\n*$/,
    ],
    ["a configuration that is left empty", ["--set", "config=null"], /at '': missing property 'config'/],
    [
      "an address that no other machine reaches",
      ["--set", "config.listen.host=127.0.0.1"],
      /config\.listen\.host: neither probes nor the Service reach 127\.0\.0\.1; leave it out/,
    ],
    [
      "a file of a Secret that is not mounted",
      [
        "--set-json",
        'secrets=["other"]',
        "--set-json",
        'config.webhooks=[{"name":"own","kind":"distribution","source":"own","headers":{"Authorization":{"file":"/secrets/webhook/authorization"}}}]',
      ],
      /config names a file in \/secrets\/webhook\/, and no such Secret is mounted there: add "webhook" to secrets/,
    ],
    ["two monitors", ["--set", "serviceMonitor.enabled=true,podMonitor.enabled=true"], /scraped twice/],
    ["an end that is too short", ["--set", "terminationGracePeriodSeconds=14"], /14 s are too few/],
    [
      "a network policy that keeps tokens from being reviewed",
      [
        "--set",
        "networkPolicy.enabled=true",
        "--set-json",
        'config.auth={"kubernetes":{"serviceAccounts":{"a:b":"reader"}}}',
      ],
      /apiServer\.cidrs is needed, since the configuration uses the Kubernetes API/,
    ],
    [
      "a network policy that keeps the database away",
      ["--set", "networkPolicy.enabled=true,store.kind=redis,store.address=rediss://cache"],
      /database\.to is needed for a store of kind redis/,
    ],
  ];
  for (const [what, flags, message] of refused) {
    test(`refuses ${what}, and says why`, async () => {
      await assert.rejects(renderChart(...MINIMAL, ...flags), ({ stderr }: { stderr: string }) => message.test(stderr));
    });
  }

  test("gives no right in the cluster, and no token, where the configuration needs none", async () => {
    const objects = await renderChart(...MINIMAL);
    for (const kind of ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"])
      assert.equal(find(objects, kind), undefined);
    assert.equal(at(find(objects, "Deployment"), "spec", "template", "spec", "automountServiceAccountToken"), false);
  });

  test("runs its container with a read-only root, without capabilities, and without a way to more rights", async () => {
    for (const file of values) {
      const pod = at(find(await renderChart("--values", file), "Deployment"), "spec", "template", "spec");
      assert.deepEqual(
        at(pod, "securityContext", "runAsNonRoot") && at(pod, "securityContext", "seccompProfile"),
        { type: "RuntimeDefault" },
        file,
      );
      const containers = at(pod, "containers") as readonly object[];
      assert.deepEqual(
        containers.map((one) => at(one, "securityContext")),
        [{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } }],
        file,
      );
    }
  });

  test("restarts pods for what counts from the next start on, and for nothing else", async () => {
    const checksum = async (...flags: readonly string[]): Promise<unknown> =>
      at(
        find(await renderChart(...MINIMAL, ...flags), "Deployment"),
        "spec",
        "template",
        "metadata",
        "annotations",
        "checksum/start",
      );
    const usual = await checksum();
    assert.equal(await checksum("--set", "config.log.level=debug"), usual);
    assert.notEqual(await checksum("--set", "config.limits.eventStreams=5000"), usual);
    assert.notEqual(await checksum("--set", "config.listen.trustProxy=true"), usual);
  });

  test("has its port where it listens", async () => {
    const objects = await renderChart(...MINIMAL, "--set", "config.listen.port=9090");
    assert.equal(
      at(find(objects, "Deployment"), "spec", "template", "spec", "containers", 0, "ports", 0, "containerPort"),
      9090,
    );
    assert.match(String(at(find(objects, "ConfigMap"), "data", "registry.yaml")), /port: 9090/);
  });

  test("lets the service be asked by its own name besides those of the configuration", async () => {
    const listen = async (...flags: readonly string[]): Promise<unknown> =>
      at(
        parse(String(at(find(await renderChart(...MINIMAL, ...flags), "ConfigMap"), "data", "registry.yaml"))),
        "listen",
      );
    assert.deepEqual(await listen(), { port: 8080 });
    const own = "executor-registry.executor-registry";
    assert.deepEqual(await listen("--set", "config.listen.hosts={executors.example.com}"), {
      port: 8080,
      hosts: ["executors.example.com", own, `${own}.svc`, `${own}.svc.cluster.local`],
    });
  });

  test("lets `helm test` run where the service's pods may", async () => {
    const objects = await renderChart("--values", `${CHART}/ci/everything-values.yaml`);
    const placed = ["nodeSelector", "tolerations", "imagePullSecrets"] as const;
    const own = at(find(objects, "Deployment"), "spec", "template", "spec");
    const test = at(find(objects, "Pod"), "spec");
    for (const member of placed) {
      assert.ok(at(own, member) !== undefined, member);
      assert.deepEqual(at(test, member), at(own, member), member);
    }
  });

  test("leaves the number of pods to the autoscaler", async () => {
    const objects = await renderChart("--values", `${CHART}/ci/redis-values.yaml`);
    assert.equal(at(find(objects, "Deployment"), "spec", "replicas"), undefined);
    assert.equal(at(find(objects, "HorizontalPodAutoscaler"), "spec", "scaleTargetRef", "name"), "executor-registry");
  });

  test("lets pods reach what is listed, and nothing else", async () => {
    const objects = await renderChart("--values", `${CHART}/ci/network-values.yaml`);
    const allowed = (name: string): readonly string[] => {
      const policy = objects.find(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === name);
      const egress = at(policy, "spec", "egress") as readonly {
        to: readonly object[];
        ports: readonly { port: number }[];
      }[];
      return egress.flatMap(({ to, ports }) =>
        to.map((peer) => `${JSON.stringify(peer)} ${ports.map(({ port }) => port).join()}`),
      );
    };
    const dns = [
      '{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"kube-system"}},"podSelector":{"matchLabels":{"k8s-app":"kube-dns"}}} 53,53',
      '{"ipBlock":{"cidr":"169.254.20.10/32"}} 53,53',
      '{"ipBlock":{"cidr":"10.96.0.10/32"}} 53,53',
    ];
    assert.deepEqual(allowed("executor-registry"), [
      ...dns,
      '{"ipBlock":{"cidr":"0.0.0.0/0","except":["169.254.0.0/16"]}} 443',
      '{"ipBlock":{"cidr":"::/0"}} 443',
      '{"ipBlock":{"cidr":"10.0.0.1/32"}} 443,6443',
      '{"ipBlock":{"cidr":"10.0.8.0/24"}} 5432',
      '{"ipBlock":{"cidr":"169.254.170.23/32"}} 80',
      '{"ipBlock":{"cidr":"fd00:ec2::23/128"}} 80',
      '{"ipBlock":{"cidr":"169.254.169.254/32"}} 80',
      '{"ipBlock":{"cidr":"169.254.169.252/32"}} 988',
    ]);
    assert.deepEqual(allowed("executor-registry-executor-registry-dispatcher"), [
      ...dns,
      '{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"executor-registry"}},"podSelector":{"matchLabels":{"app.kubernetes.io/name":"executor-registry","app.kubernetes.io/instance":"executor-registry"}}} 8080',
      '{"ipBlock":{"cidr":"10.0.0.1/32"}} 443,6443',
      '{"podSelector":{"matchLabels":{"app":"queue"}}} 5672',
    ]);
  });

  test("links alerts to the runbook where it is known where that is, and nowhere otherwise", async () => {
    const rules = async (...flags: readonly string[]): Promise<readonly object[]> => {
      const objects = await renderChart(...MINIMAL, "--set", "prometheusRule.enabled=true", ...flags);
      return at(find(objects, "PrometheusRule"), "spec", "groups", 0, "rules") as readonly object[];
    };
    const own = parse(readFileSync(`${CHART}/files/alerts.yaml`, "utf8")) as object;
    const linked = await rules("--set", "prometheusRule.runbookUrl=https://example.com/runbook");
    assert.deepEqual(
      linked.map((rule) => at(rule, "annotations", "runbook_url")),
      (at(own, "groups", 0, "rules") as readonly object[]).map(
        (rule) => `https://example.com/runbook#${String(at(rule, "alert")).toLowerCase()}`,
      ),
    );
    for (const rule of await rules()) assert.equal(at(rule, "annotations", "runbook_url"), undefined);
  });

  test("leaves out of any range of registries what is to be left out", async () => {
    const blocks = '[{"cidr":"128.0.0.0/1","except":["169.254.0.0/16"]}]';
    const flags = ["--set", "networkPolicy.enabled=true"];
    const given = ["--set-json", `networkPolicy.egress.registries.ipBlocks=${blocks}`];
    const policy = find(await renderChart(...MINIMAL, ...flags, ...given), "NetworkPolicy");
    assert.deepEqual(at(policy, "spec", "egress", 1, "to"), [
      { ipBlock: { cidr: "128.0.0.0/1", except: ["169.254.0.0/16"] } },
    ]);
  });

  test("names what it makes in a shared namespace by the release's own", async () => {
    const source = '[{"name":"here","kind":"cluster","namespace":"team","from":["configmap"]}]';
    const role = find(await renderChart(...MINIMAL, "--set-json", `config.sources=${source}`), "Role");
    assert.deepEqual([role?.metadata.namespace, role?.metadata.name], ["team", "executor-registry-executor-registry"]);
    const dispatchers = '[{"namespace":"jobs","serviceAccount":"dispatcher"}]';
    const ofDispatcher = find(await renderChart(...MINIMAL, "--set-json", `dispatchers=${dispatchers}`), "Role");
    assert.equal(ofDispatcher?.metadata.name, "executor-registry-executor-registry-dispatcher");
  });

  test("takes files of Secrets that are mounted in another way, and files elsewhere", async () => {
    const from = (dockerConfig: string): readonly string[] => [
      "--set-json",
      `config.sources=[{"name":"own","kind":"oci","host":"registry.example.com","repositories":["a/*"],"credentials":{"dockerConfig":"${dockerConfig}"}}]`,
    ];
    const mount = ["--set-json", 'extraVolumeMounts=[{"name":"own","mountPath":"/secrets/own"}]'];
    for (const flags of [
      [...from("/secrets/own/config.json"), ...mount],
      [...from("/secrets/own/config.json"), "--set", "secrets={own}"],
      from("/var/run/secrets/own/config.json"),
    ])
      assert.ok(find(await renderChart(...MINIMAL, ...flags), "Deployment"));
  });

  test("makes no role at all where somebody else makes them", async () => {
    const source = '[{"name":"here","kind":"cluster"}]';
    const dispatchers = '[{"namespace":"jobs","serviceAccount":"dispatcher"}]';
    const used = ["--set-json", `config.sources=${source}`, "--set-json", `dispatchers=${dispatchers}`];
    const kinds = async (...flags: readonly string[]): Promise<readonly string[]> =>
      (await renderChart(...MINIMAL, ...used, ...flags))
        .map(({ kind }) => kind)
        .filter((kind) => kind.includes("Role"));
    assert.equal((await kinds()).length, 6);
    assert.deepEqual(await kinds("--set", "rbac.create=false"), []);
  });

  test("maps each dispatcher's service account to its role", async () => {
    const objects = await renderChart(
      ...MINIMAL,
      "--set-json",
      'dispatchers=[{"namespace":"jobs","serviceAccount":"dispatcher"}]',
    );
    const config = parse(String(at(find(objects, "ConfigMap"), "data", "registry.yaml"))) as object;
    assert.deepEqual(at(config, "auth", "kubernetes", "serviceAccounts"), { "jobs:dispatcher": "dispatcher" });
    assert.deepEqual(at(find(objects, "ClusterRole"), "rules"), [
      { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] },
    ]);
    const account = objects.find(({ kind, metadata }) => kind === "ServiceAccount" && metadata.namespace === "jobs");
    assert.equal(account?.metadata.name, "dispatcher");
    const there = [
      "--set",
      "dispatchers[0].create=false,dispatchers[0].namespace=jobs,dispatchers[0].serviceAccount=own",
    ];
    const accounts = (await renderChart(...MINIMAL, ...there)).filter(({ kind }) => kind === "ServiceAccount");
    assert.deepEqual(
      accounts.map(({ metadata }) => metadata.name),
      ["executor-registry"],
    );
  });

  test("says how to ask it, with a token where it wants one", async () => {
    const notes = async (...flags: readonly string[]): Promise<string> => {
      const args = ["install", "executor-registry", CHART, "--namespace", "registry", "--dry-run=client", ...MINIMAL];
      return (await run("helm", [...args, ...flags])).stdout.replace(/^.*^NOTES:$/ms, "");
    };
    const open = await notes();
    assert.match(open, /^ {2}curl -s localhost:8080\/executors$/m);
    assert.doesNotMatch(open, /TOKEN/);
    const auth = "config.auth.reads=token,config.auth.kubernetes.audience=own";
    const accounts = ["--set", auth, "--set-json", 'config.auth.kubernetes.serviceAccounts={"apps:*":"reader"}'];
    const dispatchers = ["--set-json", 'dispatchers=[{"namespace":"jobs","serviceAccount":"dispatcher"}]'];
    const closed = await notes(...accounts, ...dispatchers, "--set", "service.port=8000");
    assert.match(closed, /^ {2}TOKEN=\$\(kubectl -n jobs create token dispatcher --audience=own\)$/m);
    assert.match(closed, /^ {2}curl -s -H "Authorization: Bearer \$TOKEN" localhost:8080\/executors$/m);
    assert.match(closed, /^EXECUTOR_REGISTRY_URL=http:\/\/executor-registry\.registry:8000$/m);
    assert.match(closed, /^and, as EXECUTOR_REGISTRY_TOKEN_FILE, .* for the audience own/m);
  });
});

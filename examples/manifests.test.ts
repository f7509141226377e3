import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import { rbacNeed } from "@executor-registry/resolver/internal";
import { type RbacFeature, type RbacRule } from "@executor-registry/resolver/kubernetes";
import { parse, parseAllDocuments } from "yaml";

interface Pipeline {
  readonly manifests: { readonly rawYaml: readonly string[] };
  readonly resourceSelector?: {
    readonly allow: readonly { readonly groupKind: string; readonly image: readonly string[] }[];
  };
}

interface Skaffold extends Pipeline {
  readonly build: {
    readonly artifacts: readonly {
      readonly image: string;
      readonly context: string;
      readonly docker?: { readonly dockerfile: string };
    }[];
  };
  readonly profiles: readonly (Pipeline & { readonly name: string })[];
}

interface PodSpec {
  readonly containers: readonly {
    readonly image: string;
    readonly securityContext?: Readonly<Record<string, unknown>>;
  }[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
}

/** The fields of every kind of manifest that are compared here. */
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly rules?: readonly RbacRule[];
  readonly spec?: {
    readonly suspend?: boolean;
    readonly schedule?: string;
    readonly jobTemplate?: { readonly spec: { readonly template: { readonly spec: PodSpec } } };
    readonly template?: { readonly spec: PodSpec };
  };
}

const root = join(import.meta.dirname, "..");
const text = (file: string): string => readFileSync(join(root, file), "utf8");
const skaffold = parse(text("deploy/skaffold.yaml")) as Skaffold;
const images = skaffold.build.artifacts.map(({ image }) => image);
const executors = images.filter((image) => image.startsWith("executor-"));
const configMapWay = skaffold.profiles.find(({ name }) => name === "config-map");

function manifests(file: string): Manifest[] {
  return parseAllDocuments(text(file)).map((document) => {
    assert.deepEqual(document.errors, [], file);
    return document.toJS() as Manifest;
  });
}

const deployed = ({ manifests: { rawYaml } }: Pipeline): Manifest[] => rawYaml.flatMap(manifests);
const podOf = ({ spec }: Manifest): PodSpec | undefined => (spec?.jobTemplate?.spec.template ?? spec?.template)?.spec;

describe("deploy/skaffold.yaml", () => {
  test("builds from Dockerfiles that exist", () => {
    for (const { image, context, docker } of skaffold.build.artifacts) {
      const file = docker?.dockerfile ?? "Dockerfile";
      assert.ok(existsSync(join(root, context, file)), `${image}: no ${file} in ${context}`);
    }
  });

  test("uses every manifest, and only those", () => {
    const used = [skaffold, ...skaffold.profiles].flatMap(({ manifests: { rawYaml } }) => rawYaml);
    assert.deepEqual([...new Set(used)].sort(), globSync("examples/kubernetes/*.yaml", { cwd: root }).sort());
  });

  test("declares every executor by a CronJob that never runs, and names no image it does not build", () => {
    const cronJobs = deployed(skaffold).filter(({ kind }) => kind === "CronJob");
    for (const job of cronJobs) {
      assert.equal(job.apiVersion, "batch/v1");
      assert.equal(job.spec?.suspend, true, job.metadata.name);
      assert.equal(job.spec?.schedule, "0 0 31 2 *");
      assert.deepEqual(
        podOf(job)?.containers.map(({ image }) => image),
        [job.metadata.name],
      );
    }
    assert.deepEqual(
      cronJobs.map(({ metadata }) => metadata.name),
      executors,
    );
    const named = deployed(skaffold).flatMap((manifest) => podOf(manifest)?.containers.map(({ image }) => image) ?? []);
    assert.deepEqual(named.sort(), [...images].sort());
  });

  test("rewrites every key of the ConfigMap in the profile config-map", () => {
    assert.ok(configMapWay);
    const [configMap, ...others] = deployed(configMapWay).filter(({ kind }) => kind === "ConfigMap");
    assert.deepEqual(others, []);
    assert.equal(configMap?.metadata.name, "executors");
    assert.deepEqual(
      configMap.data,
      Object.fromEntries(executors.map((image) => [image.slice("executor-".length), image])),
    );
    assert.deepEqual(configMapWay.resourceSelector?.allow, [
      { groupKind: "ConfigMap", image: Object.keys(configMap.data ?? {}).map((key) => `.data.${key}`) },
    ]);
  });

  test("declares nothing in the profile nodes", () => {
    const nodes = skaffold.profiles.find(({ name }) => name === "nodes");
    assert.ok(nodes);
    assert.deepEqual(
      deployed(nodes).filter(({ kind }) => kind === "CronJob" || kind === "ConfigMap"),
      [],
    );
  });
});

describe("examples/kubernetes", () => {
  const all = globSync("examples/kubernetes/*.yaml", { cwd: root }).flatMap(manifests);

  test("keeps to its namespace", () => {
    const clusterWide = new Set(["Namespace", "ClusterRole", "ClusterRoleBinding"]);
    for (const { kind, metadata } of all)
      assert.equal(metadata.namespace, clusterWide.has(kind) ? undefined : "executors", `${kind}/${metadata.name}`);
  });

  test("asks for the restricted Pod Security Standard in every pod", () => {
    const pods = all.flatMap((manifest) => podOf(manifest) ?? []);
    assert.equal(pods.length, images.length);
    for (const { securityContext, containers } of pods) {
      assert.deepEqual(securityContext, { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
      for (const container of containers)
        assert.deepEqual(container.securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
    }
  });
});

describe("examples/kubernetes/rbac.yaml", () => {
  const granted = (kind: string): readonly RbacRule[] =>
    manifests("examples/kubernetes/rbac.yaml").find((manifest) => manifest.kind === kind)?.rules ?? [];
  const needed = (...features: RbacFeature[]): RbacRule[] =>
    features.flatMap((feature) => [...rbacNeed(feature).rules]);

  test("grants in the namespace what the resolver and the dispatcher need, and no more", () => {
    assert.deepEqual(
      permissions(granted("Role")),
      permissions(needed("declared", "configmap", "sightings", "pods", "dispatcher")),
    );
  });

  test("grants in the cluster what finding images on nodes needs, and no more", () => {
    assert.deepEqual(permissions(granted("ClusterRole")), permissions(needed("nodes")));
  });
});

/** Rules as single permissions, so that it does not matter how they are grouped. */
function permissions(rules: readonly RbacRule[]): string[] {
  const single = rules.flatMap(({ apiGroups, resources, resourceNames = ["*"], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        resourceNames.flatMap((name) => verbs.map((verb) => `${verb} ${resource}.${group} ${name}`)),
      ),
    ),
  );
  return [...new Set(single)].sort();
}

test("Dockerfiles run as a user with a number, and copy files that exist", () => {
  for (const { context, docker } of skaffold.build.artifacts) {
    const file = join(context, docker?.dockerfile ?? "Dockerfile");
    const lines = text(file).split("\n");
    assert.match(lines.findLast((line) => line.startsWith("USER ")) ?? "", /^USER [1-9]\d*:[1-9]\d*$/, basename(file));
    for (const [, source = ""] of text(file).matchAll(/^COPY (\S+) \S+$/gm))
      assert.ok(existsSync(join(root, context, source)), `${file} copies ${source}`);
  }
});

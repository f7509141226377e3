import { kubernetesServer } from "../../../testing/kubernetes-server.ts";
import { registryDouble } from "../../../testing/registry-double.ts";
import { createResolver } from "./resolver.ts";
import { resolverConformance } from "./testing/resolver-conformance.ts";

resolverConformance("development", async (images) => {
  const server = await kubernetesServer();
  const know = (data: Readonly<Record<string, string>>): void => void server.put("executors", { data });
  know(images);
  const kubernetes = server.api();
  const resolver = createResolver({ environment: "development", kubernetes, sources: ["configmap"] });
  return {
    resolver,
    know,
    async [Symbol.asyncDispose]() {
      await resolver.close();
      kubernetes.close();
      await server[Symbol.asyncDispose]();
    },
  };
});

resolverConformance("production", async (images) => {
  const registry = await registryDouble();
  registry.know(images);
  const resolver = createResolver({ environment: "production", registry: { url: registry.url } });
  await registry.connected(1);
  return {
    resolver,
    know: registry.know,
    async [Symbol.asyncDispose]() {
      await resolver.close();
      await registry[Symbol.asyncDispose]();
    },
  };
});

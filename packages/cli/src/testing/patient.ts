import type { KubernetesApi } from "@executor-registry/resolver/kubernetes";
import type { Patient } from "../doctor/check.ts";
import { fakeIo } from "./fake-io.ts";

/** A cluster to examine. */
export function patient(api: KubernetesApi): Patient {
  const { signal, clock } = fakeIo();
  return { api, namespace: "team", configMap: "executors", signal, clock };
}

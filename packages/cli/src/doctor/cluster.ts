import { memberAt, textOf } from "@executor-registry/resolver/internal";
import type { Check, DoctorContext } from "./check.ts";

/** A clock further off than this makes times of sightings and logs misleading. */
const SKEW = 5000;

/** Whether the API server answers, which version it is, and whether its clock agrees with this machine's. */
export async function checkCluster({ api, signal }: DoctorContext): Promise<readonly Check[]> {
  const version = textOf(memberAt(await api.request("/version", { signal, timeout: 10_000 }), "gitVersion"));
  const reached: Check = {
    state: "ok",
    name: "cluster",
    detail: `${api.context} at ${api.server} answers, ${version === undefined ? "but does not say its version" : `Kubernetes ${version}`}`,
  };
  const time = api.serverTime();
  if (!time) return [reached];
  // The Date header counts whole seconds.
  const off = Math.round((time.local - time.server) / 1000);
  const fine = Math.abs(time.local - time.server) <= SKEW;
  const clock: Check = fine
    ? { state: "ok", name: "clock", detail: "agrees with the API server's" }
    : {
        state: "warn",
        name: "clock",
        detail: `${Math.abs(off)} s ${off > 0 ? "ahead of" : "behind"} the API server's`,
        fix: "synchronise this machine's clock (NTP); after a laptop slept, restart its virtual machine",
      };
  return [reached, clock];
}

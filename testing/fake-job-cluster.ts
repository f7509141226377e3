import type { KubernetesApi } from "@executor-registry/resolver/kubernetes";
import { type ManualClock, manualClock } from "./manual-clock.ts";
import { follow } from "@executor-registry/dispatcher";
import type { Job, Pod } from "@executor-registry/dispatcher/internal";
import { fakeApi, kubernetesError } from "./fake-api.ts";

/** Each watch ends at once as expired, so what a test sets is listed at the next try. */
const EXPIRED = async function* (): AsyncGenerator<Buffer> {
  yield Buffer.from('{"type":"ERROR","object":{"code":410,"reason":"Expired"}}');
};

/** A cluster of one Job whose state a test sets; its watches break off until the test lets them stand. */
export class FakeCluster {
  readonly clock: ManualClock = manualClock();
  readonly deleted: unknown[] = [];
  readonly deletedPods: string[] = [];
  podDeleteFailure: Error | undefined;
  job: Job | undefined;
  pods: readonly Pod[] = [];
  failure: Error | undefined;
  podsFailure: Error | undefined;
  deleteFailure: Error | undefined;
  logs: (signal?: AbortSignal) => AsyncIterable<Buffer> = EXPIRED;
  readonly api: KubernetesApi;

  constructor(job: Job | undefined, pods: readonly Pod[] = []) {
    this.job = job;
    this.pods = pods;
    this.api = fakeApi(
      (path, { method, body }) => {
        if (method === "DELETE") {
          if (this.deleteFailure && !path.includes("/pods/")) throw this.deleteFailure;
          if (this.podDeleteFailure && path.includes("/pods/")) throw this.podDeleteFailure;
          if (path.includes("/pods/")) return this.deletedPods.push(path);
          return this.deleted.push(body);
        }
        if (path.endsWith("/events")) throw kubernetesError("forbidden", { status: 403 });
        if (this.failure) throw this.failure;
        if (this.podsFailure && path.endsWith("/pods")) throw this.podsFailure;
        const items = path.endsWith("/pods") ? this.pods : this.job ? [this.job] : [];
        return { metadata: { resourceVersion: "1" }, items };
      },
      { lines: (path, { signal }) => (path.endsWith("/log") ? this.logs(signal) : EXPIRED()) },
    );
  }

  /** Lets seconds pass one by one, and what they cause happen. */
  async elapse(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) await this.clock.advance(1000);
  }

  follow(options: Parameters<typeof follow>[2] = {}) {
    const job = { namespace: "here", name: "executor-disp-1" };
    return follow(this.api, job, { clock: this.clock, random: () => 1, startTimeout: 60_000, ...options });
  }
}

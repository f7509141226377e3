import { type KubernetesApi, KubernetesError } from "@executor-registry/resolver/kubernetes";

interface Event {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
}

/**
 * The newest warning about an object, such as a quota that is used up or a volume that cannot be mounted; nothing when
 * there is none, or reading events is not allowed, which this package does not ask for.
 */
export async function newestWarning(api: KubernetesApi, namespace: string, uid: string): Promise<string | undefined> {
  try {
    const list = (await api.request(`/api/v1/namespaces/${namespace}/events`, {
      query: { fieldSelector: `involvedObject.uid=${uid},type=Warning`, limit: 100 },
      timeout: 5000,
    })) as { readonly items?: readonly Event[] };
    const time = (event: Event): number => Date.parse(event.lastTimestamp ?? event.eventTime ?? "") || 0;
    const newest = [...(list.items ?? [])].sort((a, b) => time(a) - time(b)).at(-1);
    return newest && [newest.reason, newest.message].filter(Boolean).join(": ");
  } catch (error) {
    if (error instanceof KubernetesError) return undefined;
    throw error;
  }
}

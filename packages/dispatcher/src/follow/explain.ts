import { type JsonObject, memberAt, objectsOf, textOf } from "@executor-registry/resolver/internal";
import { type KubernetesApi, KubernetesError } from "@executor-registry/resolver/kubernetes";

/**
 * The newest warning about an object, such as a quota that is used up or a volume that cannot be mounted; nothing when
 * there is none, or reading events is not allowed, which this package does not require.
 */
export async function newestWarning(api: KubernetesApi, namespace: string, uid: string): Promise<string | undefined> {
  try {
    const list = await api.request(`/api/v1/namespaces/${namespace}/events`, {
      query: { fieldSelector: `involvedObject.uid=${uid},type=Warning`, limit: 100 },
      timeout: 5000,
    });
    const time = ({ lastTimestamp, eventTime }: JsonObject): number =>
      Date.parse(textOf(lastTimestamp) ?? textOf(eventTime) ?? "") || 0;
    const newest = [...objectsOf(memberAt(list, "items"))].sort((a, b) => time(a) - time(b)).at(-1);
    return newest && [newest["reason"], newest["message"]].flatMap((words) => textOf(words) ?? []).join(": ");
  } catch (error) {
    if (error instanceof KubernetesError) return undefined;
    throw error;
  }
}

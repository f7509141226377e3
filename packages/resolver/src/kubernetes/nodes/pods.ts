import { canonicalName, tryParseReference } from "../../reference/reference.ts";
import type { KubernetesApi } from "../api/api.ts";
import { isImportName } from "./node-image.ts";

interface ContainerStatus {
  readonly name: string;
  readonly image?: string;
  readonly imageID?: string;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

interface ContainerState {
  readonly running?: { readonly startedAt?: string | null };
  readonly terminated?: { readonly startedAt?: string | null };
}

interface Pod {
  readonly spec?: { readonly containers?: readonly { readonly name: string; readonly image?: string }[] };
  readonly status?: { readonly containerStatuses?: readonly ContainerStatus[] };
}

const PAGE = 500;

/**
 * When containers last started, by the canonical names of their images. One list: later starts concern images that the
 * watch has seen arrive.
 * @throws KubernetesError
 */
export async function podStarts(
  api: KubernetesApi,
  namespace: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const starts = new Map<string, number>();
  let token: string | undefined;
  do {
    const query = { limit: PAGE, continue: token };
    const page = (await api.request(`/api/v1/namespaces/${namespace}/pods`, { query, signal })) as {
      readonly metadata?: { readonly continue?: string };
      readonly items?: readonly Pod[];
    };
    for (const pod of page.items ?? []) note(pod, starts);
    token = page.metadata?.continue || undefined;
  } while (token !== undefined);
  return starts;
}

/**
 * A container's `imageID` where it is a name of the image. Of a loaded image containerd gives the import's name, whose digest is
 * that of an index made while loading, also where the pod asked for another tag of the same content: no registry has it, and
 * the image's own names never hold it. Docker gives a bare ID.
 */
function ownName(imageID: string | undefined): string | undefined {
  return imageID === undefined || isImportName(imageID) || imageID.startsWith("sha256:") ? undefined : imageID;
}

function note({ spec, status }: Pod, starts: Map<string, number>): void {
  for (const { name, image, imageID, state, lastState } of status?.containerStatuses ?? []) {
    const times = [state?.running, state?.terminated, lastState?.terminated].map((phase) =>
      Date.parse(phase?.startedAt ?? ""),
    );
    const start = Math.max(...times.filter((time) => time > 0));
    if (!Number.isFinite(start)) continue;
    const asked = spec?.containers?.find((container) => container.name === name)?.image;
    for (const text of [image, ownName(imageID), asked]) {
      const reference = tryParseReference(text ?? "");
      if (!reference) continue;
      const key = canonicalName(reference);
      starts.set(key, Math.max(start, starts.get(key) ?? 0));
    }
  }
}

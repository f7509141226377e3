import type { Clock, Random } from "../../tools/clock.ts";
import { createFindings, type Note } from "../../sources/findings.ts";
import type { Logger } from "../../tools/logger.ts";
import { tryParseReference } from "../../reference/reference.ts";
import { isExecutorType } from "../../reference/template.ts";
import { SourceState } from "../../contract/source-state.ts";
import { findingsSource } from "../../sources/findings-source.ts";
import type { Source } from "../../sources/source.ts";
import type { KubernetesApi } from "../api/api.ts";
import { changedAt } from "../declared/changed-at.ts";
import { isPlaceholder, placeholderReason } from "../declared/declaration.ts";
import { type ExactImage, exactFinding } from "../declared/exact.ts";
import { valueTimes } from "../declared/value-times.ts";
import { forbidden } from "../api/forbidden.ts";
import { createMirror, type KubernetesObject } from "../api/mirror.ts";
import { reflect } from "../api/reflector.ts";

export interface ConfigMapSourceOptions {
  readonly api: KubernetesApi;
  readonly namespace: string;
  /** Its name. */
  readonly name: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/** Executors listed in one ConfigMap: each key a type, each value an image reference. */
export function createConfigMapSource({ api, namespace, name, log, clock, random }: ConfigMapSourceOptions): Source {
  const state = new SourceState(clock);
  const ending = new AbortController();
  const from = `ConfigMap/${name}`;
  const { signal } = ending;
  const findings = createFindings({ clock, signal, changed: (type) => state.changed(type) });
  const times = valueTimes({ api, signal, clock, random, changed: collect });

  const handler = createMirror<readonly Entry[]>({
    read: (object) => readEntries(from, object),
    changed() {
      if (handler.complete()) state.complete();
      collect();
    },
    contact(problem) {
      const what = `${from} of namespace ${namespace} may not be read`;
      if (!problem) state.ready();
      else if (problem.code !== "forbidden") state.lost(problem);
      else state.lost(forbidden({ what, features: ["configmap"], namespace, configMap: name, cause: problem }));
    },
  });
  function collect(): void {
    const entries = [...handler.values()].flat();
    findings.replace(
      new Map(
        entries
          .filter((entry) => "reference" in entry)
          .map(({ type, at, ...exact }) => [type, exactFinding({ ...exact, at: times.trusted() ? at : undefined })]),
      ),
      entries.filter((entry) => "text" in entry),
    );
  }

  const reflecting = reflect({
    api,
    path: `/api/v1/namespaces/${namespace}/configmaps`,
    // With this selector RBAC can allow the one ConfigMap by its name.
    query: { fieldSelector: `metadata.name=${name}` },
    handler,
    signal,
    log,
    clock,
    random,
  });

  const source = findingsSource("configmap", state, findings, () => {
    ending.abort();
    return Promise.all([reflecting, times.ended]);
  });
  return { ...source, settled: Promise.all([state.settled, times.settled]) };
}

/** An annotation of the ConfigMap with this and a type's name says what the type can do. */
const CAPABILITIES_PREFIX = "capabilities.executor-registry.dev/";

type Entry = Note | (ExactImage & { readonly type: string });

function readEntries(map: string, { metadata, data }: KubernetesObject): readonly Entry[] {
  const at = changedAt(metadata);
  return Object.entries((data ?? {}) as Readonly<Record<string, string>>).map(([type, value]): Entry => {
    const from = `${map} key ${type}`;
    if (!isExecutorType(type)) return { text: `${from} is ignored: it is no executor type` };
    const reference = tryParseReference(value.trim());
    if (!reference) return { type, text: `${from} is ignored: its value is no image reference` };
    if (isPlaceholder(reference)) return { type, text: `${from} is ignored: ${placeholderReason(reference)}` };
    const capabilities = metadata.annotations?.[`${CAPABILITIES_PREFIX}${type}`];
    return { type, reference, from, at, warnings: [], ...(capabilities !== undefined && { capabilities }) };
  });
}

import { createHash } from "node:crypto";
import type { ExecutorDocument, ExecutorEvent } from "@executor-registry/resolver";

/** An answer as it is sent. */
export interface Rendered {
  readonly body: Buffer;
  /** Strong, with its quotes. @see https://www.rfc-editor.org/rfc/rfc9110#name-etag */
  readonly etag: string;
}

/** Renders a JSON value once. */
export function render(text: string): Rendered {
  const body = Buffer.from(text);
  return { body, etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"` };
}

interface Executor extends Rendered {
  readonly document: ExecutorDocument;
}

/** What readers are given: rendered when it changes, sent as it is. */
export class Snapshot {
  readonly #executors = new Map<string, Executor>();
  /** Lists by capability; `""` is all. Rendered when first asked for after a change. */
  readonly #lists = new Map<string, Rendered>();
  readonly #listeners = new Set<(event: ExecutorEvent) => void>();

  /** Puts, replaces or removes a type's answer. Tells the listeners where it differs. */
  set(type: string, document: ExecutorDocument | undefined): void {
    const before = this.#executors.get(type);
    if (document === undefined) {
      if (before === undefined) return;
      this.#executors.delete(type);
    } else {
      const rendered = render(JSON.stringify(document));
      if (rendered.etag === before?.etag) return;
      this.#executors.set(type, { ...rendered, document });
    }
    this.#lists.clear();
    const event = document ? { type, image: document.image, version: document.version } : { type };
    for (const listener of this.#listeners) listener(event);
  }

  executor(type: string): Rendered | undefined {
    return this.#executors.get(type);
  }

  document(type: string): ExecutorDocument | undefined {
    return this.#executors.get(type)?.document;
  }

  /** Sorted. */
  types(): readonly string[] {
    return [...this.#executors.keys()].sort();
  }

  get size(): number {
    return this.#executors.size;
  }

  /** An object keyed by type: of all, or of those with a capability. */
  list(capability = ""): Rendered {
    const known = this.#lists.get(capability);
    if (known !== undefined) return known;
    const members = this.types().flatMap((type) => {
      const executor = this.#executors.get(type);
      const wanted = capability === "" || executor?.document.capabilities.includes(capability);
      return executor && wanted ? [`${JSON.stringify(type)}:${executor.body.toString()}`] : [];
    });
    const rendered = render(`{${members.join(",")}}`);
    // Strangers choose the capability: only those that some executor has are kept.
    if (members.length > 0 || capability === "") this.#lists.set(capability, rendered);
    return rendered;
  }

  /** Calls back after each change of an answer, in order. Returns how to stop it. */
  onChange(listener: (event: ExecutorEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

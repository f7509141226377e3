import { createHash } from "node:crypto";
import { answerFor, type Rendered, type Shares } from "./shares.ts";
import { TypeIndex } from "./type-index.ts";
import type { ExecutorDocument, ExecutorEvent } from "@executor-registry/resolver";
import { lacking, type Need, needText } from "@executor-registry/resolver/internal";

/** Renders a JSON value once. */
export function render(text: string): Rendered {
  const body = Buffer.from(text);
  return { body, etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"` };
}

/** Lists that are kept as they are sent. */
const MAX_LISTS = 16;

interface Executor {
  readonly answer: Rendered | Shares;
  readonly document: ExecutorDocument;
  /** Each member as `"name":value`, in the document's order; made when a part of the document is first asked for. */
  members?: ReadonlyMap<string, string>;
}

function membersOf(document: ExecutorDocument): ReadonlyMap<string, string> {
  const members = Object.entries(document).filter(([, value]) => value !== undefined);
  return new Map(members.map(([name, value]) => [name, `${JSON.stringify(name)}:${JSON.stringify(value)}`]));
}

function byCapability(documents: readonly ExecutorDocument[]): ReadonlyMap<string, readonly string[]> {
  const types = new Map<string, string[]>();
  for (const { type, capabilities } of documents) {
    for (const capability of capabilities) {
      const capable = types.get(capability);
      if (capable === undefined) types.set(capability, [type]);
      else capable.push(type);
    }
  }
  return types;
}

/** What readers are given: rendered when it changes, sent as it is. */
export class Snapshot {
  readonly #executors = new Map<string, Executor>();
  /** Lists that were asked for since the last change, by what was asked for. */
  readonly #lists = new Map<string, Rendered>();
  /** Of those that can do something: the sorted types, by capability. */
  #capable: ReadonlyMap<string, readonly string[]> | undefined;
  #index: TypeIndex | undefined;
  readonly #listeners = new Set<(event: ExecutorEvent) => void>();

  /** Puts, replaces or removes a type's answer. Notifies the listeners where it differs. */
  set(type: string, document: ExecutorDocument | undefined): void {
    const before = this.#executors.get(type);
    if (document === undefined) {
      if (before === undefined) return;
      this.#executors.delete(type);
      this.#index = undefined;
    } else {
      const rendered = render(JSON.stringify(document));
      if (before && rendered.etag === answerFor(before.answer, "").etag) return;
      this.#executors.set(type, { answer: rendered, document });
      if (before === undefined) this.#index = undefined;
    }
    this.#lists.clear();
    this.#capable = undefined;
    const event = document ? { type, image: document.image, version: document.version } : { type };
    for (const listener of this.#listeners) listener(event);
  }

  /** @param subject what it is asked for; it matters only where a type has several answers */
  executor(type: string, subject = ""): Rendered | undefined {
    const executor = this.#executors.get(type);
    return executor && answerFor(executor.answer, subject);
  }

  document(type: string): ExecutorDocument | undefined {
    return this.#executors.get(type)?.document;
  }

  /** Sorted: all, or those that have what is needed. */
  types(needs: readonly Need[] = []): readonly string[] {
    const [first] = needs;
    if (first === undefined) return this.index.sorted;
    this.#capable ??= byCapability(this.index.sorted.flatMap((type) => this.#executors.get(type)?.document ?? []));
    const capable = this.#capable.get(first.name) ?? [];
    return capable.filter((type) => lacking(needs, this.#executors.get(type)?.document ?? {}).length === 0);
  }

  get index(): TypeIndex {
    return (this.#index ??= new TypeIndex(this.#executors.keys()));
  }

  get size(): number {
    return this.#executors.size;
  }

  /** A type's document as JSON: whole, or some of its members; `null` where there is none. */
  text(type: string, fields?: ReadonlySet<string>): string {
    const executor = this.#executors.get(type);
    if (executor === undefined) return "null";
    if (fields === undefined) return answerFor(executor.answer, "").body.toString();
    executor.members ??= membersOf(executor.document);
    const wanted: string[] = [];
    for (const [name, text] of executor.members) if (fields.has(name)) wanted.push(text);
    return `{${wanted.join(",")}}`;
  }

  /** An object keyed by type: of all, or of those that have what is needed; whole, or some members of each. */
  list(needs: readonly Need[] = [], fields?: ReadonlySet<string>): Rendered {
    const key = JSON.stringify([needs.map(needText), ...(fields ? [...fields].sort() : [])]);
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const types = this.types(needs);
    const members = types.map((type) => `${JSON.stringify(type)}:${this.text(type, fields)}`);
    const rendered = render(`{${members.join(",")}}`);
    this.#lists.set(key, rendered);
    // Strangers choose what is asked for: the oldest gives way.
    const [oldest] = this.#lists.size > MAX_LISTS ? this.#lists.keys() : [];
    if (oldest !== undefined) this.#lists.delete(oldest);
    return rendered;
  }

  /** Calls back after each change of an answer, in order. Returns how to stop it. */
  onChange(listener: (event: ExecutorEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

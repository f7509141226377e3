import { hash } from "node:crypto";
import type { Head, StoredSnapshot } from "./entry.ts";

/**
 * A snapshot whose state starts with a line that holds its hash: entries have the chain, a snapshot has this.
 * A flipped bit must not become a catalogue.
 */
export function sealSnapshot(head: Head, state: string): StoredSnapshot {
  return { head, state: `${checksum(head, state)}\n${state}` };
}

/** The state's text. @throws Error when it is not what was written */
export function openSnapshot({ head, state: sealed }: StoredSnapshot): string {
  const end = sealed.indexOf("\n");
  const state = sealed.slice(end + 1);
  if (sealed.slice(0, Math.max(end, 0)) !== checksum(head, state)) throw new Error("its checksum does not match");
  return state;
}

const checksum = (head: Head, state: string): string => hash("sha256", `${head.sequence} ${head.hash}\n${state}`);

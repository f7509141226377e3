import { compareText } from "./text-order.ts";

/** Something about a tag that is worth a warning. */
export interface Note {
  readonly lint: keyof typeof WARNINGS;
  readonly tag: string;
  /** Tags of one group are compared with each other. */
  readonly group: string;
  /** Such as the number of digits: where several forms are needed, tags of different ones make the warning. */
  readonly form?: number;
}

/** What is said, and how many forms of tags it needs. */
const WARNINGS = {
  "glued-number": {
    needed: 2,
    warning: (tag: string, other: string) =>
      `the numbers in ${tag} and ${other} are part of a word, so that they are compared as text; write a dot before them, such as rc.10 for rc10`,
  },
  "number-as-text": {
    needed: 2,
    warning: (tag: string, other: string) =>
      `${tag} and ${other} are numbers that are compared as text; use the kind numerical to compare them by their values`,
  },
  "unpadded-date": {
    needed: 1,
    warning: (tag: string) =>
      `${tag} is a date without leading zeros that is compared as text; write such dates as 2026-01-30, or use the kind regex with the year, month and day as numbers`,
  },
  "git-describe": {
    needed: 1,
    warning: (tag: string) =>
      `${tag} is what git describe prints for commits after a version: semver takes it for a pre-release of that version, below it; use the kind newest, or tag commits with a version of their own`,
  },
} as const satisfies Readonly<
  Record<string, { readonly needed: number; readonly warning: (tag: string, other: string) => string }>
>;
const LINTS = Object.keys(WARNINGS) as readonly (keyof typeof WARNINGS)[];

/** The warnings that the notes of some tags make: each once, the same in whatever order the tags come. */
export class Lints {
  /** By lint, group and form, the tag that comes last. */
  readonly #seen = new Map<Note["lint"], Map<string, Map<number, string>>>();

  see({ lint, tag, group, form = 0 }: Note): void {
    let groups = this.#seen.get(lint);
    if (groups === undefined) this.#seen.set(lint, (groups = new Map()));
    let forms = groups.get(group);
    if (forms === undefined) groups.set(group, (forms = new Map()));
    const known = forms.get(form);
    if (known === undefined || known < tag) forms.set(form, tag);
  }

  get warnings(): readonly string[] {
    return LINTS.flatMap((lint) => {
      const groups = [...(this.#seen.get(lint) ?? [])].sort(([a], [b]) => compareText(a, b));
      const { needed, warning } = WARNINGS[lint];
      const forms = groups.map(([, seen]) => seen).find(({ size }) => size >= needed);
      if (forms === undefined) return [];
      const tags = [...forms].sort(([a], [b]) => a - b).map(([, tag]) => tag);
      return [warning(tags[0] ?? "", tags.at(-1) ?? "")];
    });
  }
}

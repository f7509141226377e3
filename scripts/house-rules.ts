import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { importsOf } from "./imports.ts";

/** A file of the house. */
export interface HouseFile {
  /** From the root, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** What each may import, from the ground up: only what is named before it. */
export type Allowed = Readonly<Record<string, readonly string[]>>;

/** One room that imports another, and how many of its files do. */
interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly files: number;
}

export interface Survey {
  /** Each room's number of files, tests left out. */
  readonly rooms: ReadonlyMap<string, number>;
  readonly arrows: readonly Arrow[];
  /** Rooms that import each other, directly or through others. */
  readonly circles: readonly (readonly string[])[];
  /** What the table allows and no import needs, tests included. */
  readonly unused: readonly string[];
  /** What is forbidden, a sentence each. */
  readonly complaints: readonly string[];
}

/** A file's place. */
interface Place {
  /** The package, or the folder beside the packages. */
  readonly part: string;
  readonly inPackage: boolean;
  /** Within the package; empty for the package's own folder. */
  readonly room: string;
  /** A test of a package, or a helper of its tests. */
  readonly test: boolean;
}

const FILES = "{packages/*/{src,bin},examples,scripts,testing,bench}/**/*.{ts,js}";

/** Every file of the house that stands in a folder. */
export const readHouse = (root: string): readonly HouseFile[] =>
  globSync(FILES, { cwd: root })
    .filter((path) => !/node_modules|\/dist\//.test(path))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));

/**
 * Looks at every import of every file.
 * @param parts packages and the folders beside them
 * @param rooms of the packages
 */
export function survey(files: readonly HouseFile[], parts: Allowed, rooms: Readonly<Record<string, Allowed>>): Survey {
  const counts = new Map<string, number>();
  const arrows = new Map<string, Arrow>();
  const used = new Set<string>();
  const complaints = [...upwards(parts), ...Object.values(rooms).flatMap(upwards)];
  for (const { path, text } of files) {
    const from = placeOf(path, rooms);
    if (!from.test) counts.set(nameOf(from), (counts.get(nameOf(from)) ?? 0) + 1);
    const { specifiers, computed } = importsOf(path, text);
    if (computed > 0 && from.inPackage && !from.test) complaints.push(`${path} imports what only its run time shows`);
    const targets = new Set<string>();
    for (const specifier of specifiers) {
      const to = specifier.startsWith(".")
        ? placeOf(normalize(join(dirname(path), specifier)), rooms)
        : packageOf(specifier);
      if (to === undefined) continue;
      const byName = !specifier.startsWith(".");
      const complaint = from.part === to.part && !byName ? inside(from, to, rooms) : across(from, to, byName, parts);
      if (complaint !== undefined) complaints.push(`${path} imports ${specifier}: ${complaint}`);
      used.add(rightOf(nameOf(from), nameOf(to))).add(rightOf(from.part, to.part));
      if (!from.test && !to.test && nameOf(to) !== nameOf(from)) targets.add(nameOf(to));
    }
    for (const to of targets) {
      const key = rightOf(nameOf(from), to);
      arrows.set(key, { from: nameOf(from), to, files: (arrows.get(key)?.files ?? 0) + 1 });
    }
  }
  const rights = [
    ...rightsIn(parts, (part) => part),
    ...Object.entries(rooms).flatMap(([part, allowed]) => rightsIn(allowed, (room) => `${part}/${room}`)),
  ];
  return {
    rooms: counts,
    arrows: [...arrows.values()],
    circles: circlesOf([...arrows.values()]),
    unused: rights.filter((right) => !used.has(right)),
    complaints,
  };
}

const rightOf = (from: string, to: string): string => `${from} → ${to}`;

const rightsIn = (allowed: Allowed, name: (room: string) => string): readonly string[] =>
  Object.entries(allowed).flatMap(([from, others]) => others.map((to) => rightOf(name(from), name(to))));

/** Within a package: tests have the rights of their room, and the helpers of tests besides. */
function inside(from: Place, to: Place, rooms: Readonly<Record<string, Allowed>>): string | undefined {
  if (to.test && !from.test) return "only tests import helpers of tests";
  if (to.room === from.room || to.test || from.room === "") return undefined;
  return rooms[from.part]?.[from.room]?.includes(to.room) ? undefined : `${nameOf(from)} may not import ${nameOf(to)}`;
}

/** Between packages, and to and from the folders beside them. */
function across(from: Place, to: Place, byName: boolean, parts: Allowed): string | undefined {
  if (to.inPackage && !byName) return "another package is imported by its name";
  const allowed = parts[from.part]?.includes(to.part) ?? false;
  const forTests = from.test && (to.part === "testing" || to.part === from.part);
  return allowed || forTests ? undefined : `${from.part} may not import ${to.part}`;
}

/** Rights to import what stands above. */
function upwards(allowed: Allowed): readonly string[] {
  const order = Object.keys(allowed);
  return Object.entries(allowed).flatMap(([name, others]) =>
    others
      .filter((other) => !order.slice(0, order.indexOf(name)).includes(other))
      .map((other) => `the table lets ${name} import ${other}, which does not stand before it`),
  );
}

function packageOf(specifier: string): Place | undefined {
  // The command line's package has the project's own name.
  const [, part] =
    /^@executor-registry\/([^/]+)/.exec(specifier.replace(/^executor-registry(?=\/|$)/, "@executor-registry/cli")) ??
    [];
  return part === undefined ? undefined : { part, inPackage: true, room: "", test: false };
}

function placeOf(path: string, rooms: Readonly<Record<string, Allowed>>): Place {
  const [, part, within = ""] = /^packages\/([^/]+)\/(?:src\/)?(.*)$/.exec(path) ?? [];
  if (part === undefined) return { part: path.split("/")[0] ?? "", inPackage: false, room: "", test: false };
  const known = Object.keys(rooms[part] ?? {}).filter((room) => within.startsWith(`${room}/`));
  const room = known.toSorted((a, b) => b.length - a.length)[0] ?? "";
  return { part, inPackage: true, room, test: /\.test\.ts$|(?:^|\/)testing\//.test(within) };
}

const nameOf = ({ part, room }: Place): string => (room === "" ? part : `${part}/${room}`);

/** Every group of rooms from each of which each other can be reached. */
function circlesOf(arrows: readonly Arrow[]): readonly (readonly string[])[] {
  const next = new Map<string, Arrow[]>();
  for (const arrow of arrows) next.set(arrow.from, [...(next.get(arrow.from) ?? []), arrow]);
  const reach = (start: string): ReadonlySet<string> => {
    const seen = new Set<string>();
    const waiting = [start];
    for (let room = waiting.pop(); room !== undefined; room = waiting.pop()) {
      for (const { to } of next.get(room) ?? []) {
        if (seen.has(to)) continue;
        seen.add(to);
        waiting.push(to);
      }
    }
    return seen;
  };
  const reached = new Map([...next.keys()].map((room) => [room, reach(room)]));
  const circles = new Map<string, readonly string[]>();
  for (const [room, all] of reached) {
    if (!all.has(room)) continue;
    const circle = [...all].filter((other) => reached.get(other)?.has(room)).toSorted();
    circles.set(circle.join(" "), circle);
  }
  return [...circles.values()];
}

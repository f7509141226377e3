import { dirname, join, normalize } from "node:path";

/** A file of the house. */
export interface HouseFile {
  /** From the root, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** Which rooms a package has, and what each of them may import; from the ground up. */
export type Rooms = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

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
  /** What is forbidden, a sentence each. */
  readonly complaints: readonly string[];
}

/** A file's place: a package's room, or a folder outside of packages. */
interface Place {
  readonly package?: string;
  /** Within the package; empty for the package's own folder. */
  readonly room: string;
  /** A test, or a helper of tests. */
  readonly test: boolean;
}

const IMPORT = /\b(?:from|import)\s*\(?\s*"([^"\n]+)"/g;

/** Looks at every import of every file. */
export function survey(
  files: readonly HouseFile[],
  rooms: Rooms,
  packages: Readonly<Record<string, readonly string[]>>,
): Survey {
  const place = (path: string): Place => placeOf(path, rooms);
  const counts = new Map<string, number>();
  const arrows = new Map<string, Arrow>();
  const complaints: string[] = [];
  for (const { path, text } of files) {
    const from = place(path);
    if (!from.test) counts.set(nameOf(from), (counts.get(nameOf(from)) ?? 0) + 1);
    const targets = new Map<string, Place>();
    for (const [, specifier = ""] of text.matchAll(IMPORT)) {
      const complaint = specifier.startsWith(".")
        ? relativeImport(path, from, specifier, place, rooms, targets)
        : packageImport(from, specifier, packages);
      if (complaint !== undefined) complaints.push(`${path} imports ${specifier}: ${complaint}`);
    }
    if (from.test) continue;
    for (const to of targets.keys()) {
      const key = `${nameOf(from)} → ${to}`;
      arrows.set(key, { from: nameOf(from), to, files: (arrows.get(key)?.files ?? 0) + 1 });
    }
  }
  const circles = circlesOf([...arrows.values()]);
  return { rooms: counts, arrows: [...arrows.values()], circles, complaints };
}

function relativeImport(
  path: string,
  from: Place,
  specifier: string,
  place: (path: string) => Place,
  rooms: Rooms,
  targets: Map<string, Place>,
): string | undefined {
  const target = normalize(join(dirname(path), specifier));
  const to = place(target);
  if (to.package !== from.package) {
    if (to.package !== undefined) return `another package is imported by its name`;
    if (from.package !== undefined && !from.test) return `published code imports nothing from outside its package`;
    return undefined;
  }
  if (to.test && !from.test) return `only tests import helpers of tests`;
  if (from.package === undefined || to.room === from.room || to.test) return undefined;
  targets.set(nameOf(to), to);
  if (from.room === "") return undefined;
  const allowed = rooms[from.package]?.[from.room] ?? [];
  return allowed.includes(to.room) ? undefined : `${nameOf(from)} may not import ${nameOf(to)}`;
}

function packageImport(
  from: Place,
  specifier: string,
  packages: Readonly<Record<string, readonly string[]>>,
): string | undefined {
  const [, name] = /^@executor-registry\/([^/]+)/.exec(specifier) ?? [];
  if (name === undefined || from.package === undefined || from.test) return undefined;
  return packages[from.package]?.includes(name) ? undefined : `${from.package} does not depend on ${name}`;
}

function placeOf(path: string, rooms: Rooms): Place {
  const [, name, inside = ""] = /^packages\/([^/]+)\/(?:src\/)?(.*)$/.exec(path) ?? [];
  const test = /\.test\.ts$|(?:^|\/)testing\//.test(path) || /^(?:bench|scripts|examples)\//.test(path);
  if (name === undefined) return { room: path.split("/")[0] ?? "", test };
  const known = Object.keys(rooms[name] ?? {}).filter((room) => inside.startsWith(`${room}/`));
  const room = known.toSorted((a, b) => b.length - a.length)[0] ?? "";
  return { package: name, room, test };
}

const nameOf = (place: Place): string =>
  place.package === undefined ? place.room : place.room === "" ? place.package : `${place.package}/${place.room}`;

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

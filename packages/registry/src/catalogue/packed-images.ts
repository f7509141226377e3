import type { Digest } from "@executor-registry/resolver";
import { interned } from "./interned.ts";
import type { CatalogueImage } from "./state.ts";

/**
 * A member of the objects of one shape: an object, which has a row of its own; one of a few values, where the row has its place among
 * them; or a value that stands in the row.
 */
type Member = readonly [name: string, values: readonly unknown[] | "row" | "value"];
/** Objects with the same members. */
type Shape = readonly Member[];
/** The place of its shape, then its members. */
type Row = readonly [shape: number, ...members: unknown[]];

/** An image is looked up by this: it always stands in the image's line. */
const KEY = "digest" satisfies keyof CatalogueImage;

/**
 * Images as a text, which takes less than half of what they take as objects. The first line has the shapes, and each other one an
 * image, so that each can be read without the others. What images have is not listed here: all that is JSON is kept.
 */
export function packImages(images: Iterable<CatalogueImage>): string {
  const shapes = new SeenShapes();
  const all = Array.from(images, (image) => shapes.see({ ...image, repository: image.repository.name }));
  return [shapes.list, ...all.map(rowOf)].map((line) => JSON.stringify(line)).join("\n");
}

/** The images of a text that {@link packImages} made, in their order; each is read when it is asked for. */
export function* unpackImages(text: string): Generator<CatalogueImage> {
  const shapes = shapesOf(text);
  for (const line of linesOf(text)) yield imageOf(line, shapes);
}

/** One image of a text that {@link packImages} made. */
export function findPacked(text: string, repository: string, digest: Digest): CatalogueImage | undefined {
  let end = lineEnd(text, 0);
  // Another repository may hold it too, and a label may name it.
  for (let at; (at = text.indexOf(`"${digest}"`, end)) >= 0;) {
    end = lineEnd(text, at);
    const image = imageOf(text.slice(text.lastIndexOf("\n", at) + 1, end), shapesOf(text));
    if (image.digest === digest && image.repository.name === repository) return image;
  }
  return undefined;
}

/** The different verdicts of a text that {@link packImages} made. */
export function* packedVerdicts(text: string): Generator<CatalogueImage["verdicts"]> {
  const shapes = shapesOf(text);
  // Of a shape that few images have, such as the one that serves, each line has its own.
  const inLines = new Set<string>();
  for (const [place, shape] of shapes.entries()) {
    for (const [name, values] of shape) {
      if (name !== "verdicts") continue;
      if (typeof values === "string") inLines.add(`[${place},`);
      else yield* values as CatalogueImage["verdicts"][];
    }
  }
  if (inLines.size === 0) return;
  for (const line of linesOf(text)) {
    if (inLines.has(line.slice(0, line.indexOf(",") + 1))) yield imageOf(line, shapes).verdicts;
  }
}

/** The images' lines. */
function* linesOf(text: string): Generator<string> {
  let end = lineEnd(text, 0);
  while (end < text.length) {
    const start = end + 1;
    end = lineEnd(text, start);
    yield text.slice(start, end);
  }
}

const lineEnd = (text: string, from: number): number => {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
};

const shapesOf = (text: string): readonly Shape[] => JSON.parse(text.slice(0, lineEnd(text, 0))) as readonly Shape[];

/** An image whose repository is its name. */
type PackedImage = Omit<CatalogueImage, "repository"> & { readonly repository: string };

function imageOf(line: string, shapes: readonly Shape[]): CatalogueImage {
  const image = objectOf(JSON.parse(line) as Row, shapes) as PackedImage;
  // Completed where it is: there may be many, and a copy would leave as much to collect.
  return Object.assign(image, { repository: interned.repository(image.repository) });
}

function objectOf(row: Row, shapes: readonly Shape[]): object {
  const object: Record<string, unknown> = {};
  let at = 1;
  for (const [name, values] of shapes[row[0]] ?? []) {
    const value = row[at];
    if (values === "value") object[name] = value;
    else object[name] = values === "row" ? objectOf(value as Row, shapes) : values[value as number];
    at += 1;
  }
  return object;
}

/** A value, and its place among the different ones of its member. */
interface SeenValue {
  readonly value: unknown;
  readonly place: number;
}

interface SeenMember {
  readonly name: string;
  readonly isRow: boolean;
  /** Equal ones once. */
  readonly values: Map<unknown, SeenValue>;
}

interface SeenShape {
  readonly place: number;
  readonly members: readonly SeenMember[];
  objects: number;
}

interface SeenObject {
  readonly shape: SeenShape;
  readonly values: readonly (SeenValue | SeenObject)[];
}

const isShared = ({ name, values }: SeenMember, { objects }: SeenShape): boolean =>
  name !== KEY && values.size * 2 <= objects;

function rowOf({ shape, values }: SeenObject): Row {
  const cells = shape.members.map((member, at) => {
    const seen = values[at];
    if (seen === undefined || "shape" in seen) return seen && rowOf(seen);
    return isShared(member, shape) ? seen.place : seen.value;
  });
  return [shape.place, ...cells];
}

class SeenShapes {
  readonly #shapes = new Map<string, SeenShape>();

  see(object: object): SeenObject {
    const members = Object.entries(object).filter(([, value]) => value !== undefined);
    const shape = this.#shapeOf(members);
    shape.objects += 1;
    return { shape, values: shape.members.map((member, at) => this.#seen(member, members[at]?.[1])) };
  }

  get list(): readonly Shape[] {
    return Array.from(this.#shapes.values(), (shape) =>
      shape.members.map((member): Member => {
        if (member.isRow) return [member.name, "row"];
        const values = Array.from(member.values.values(), ({ value }) => value);
        return [member.name, isShared(member, shape) ? values : "value"];
      }),
    );
  }

  #seen({ isRow, values }: SeenMember, value: unknown): SeenValue | SeenObject {
    if (isRow) return this.see(value as object);
    const key = typeof value === "object" ? JSON.stringify(value) : value;
    let seen = values.get(key);
    if (seen === undefined) values.set(key, (seen = { value, place: values.size }));
    return seen;
  }

  #shapeOf(members: readonly (readonly [string, unknown])[]): SeenShape {
    const key = members.map(([name, value]) => `${name}${isObject(value) ? "{" : ""}`).join("\n");
    let shape = this.#shapes.get(key);
    if (shape === undefined) {
      const seen = members.map(([name, value]) => ({ name, isRow: isObject(value), values: new Map() }));
      this.#shapes.set(key, (shape = { place: this.#shapes.size, members: seen, objects: 0 }));
    }
    return shape;
  }
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

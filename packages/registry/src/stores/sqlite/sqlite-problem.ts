import { accessSync, constants, statSync } from "node:fs";
import { dirname, resolve, sep } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isBusy, sqliteError } from "./sqlite-errors.ts";
import { refuseForeign } from "./sqlite-schema.ts";

/** Bytes of a name, beside which SQLite puts files of its own: `-journal`. */
const LONGEST_NAME = 255 - "-journal".length;

/** Why a database cannot be opened, or made with its folder, at a path; nothing is made. */
export function sqliteProblem(path: string): string | undefined {
  const file = resolve(path);
  const unnameable = nameProblem(file);
  if (unnameable !== undefined) return unnameable;
  const known = statSync(file, { throwIfNoEntry: false });
  if (known === undefined) return folderProblem(dirname(file));
  if (!known.isFile()) return `${file} is no file; name a file in it`;
  if (!allows(file, constants.R_OK | constants.W_OK)) return `${file} may not be read and written`;
  if (!allows(dirname(file), constants.W_OK | constants.X_OK)) return `the folder ${dirname(file)} may not be written`;
  return known.size === 0 ? undefined : contentProblem(file);
}

/** What no file system makes. */
function nameProblem(file: string): string | undefined {
  const long = file.split(sep).find((name) => Buffer.byteLength(name) > LONGEST_NAME);
  if (long !== undefined) return `${long.slice(0, 20)}… is longer than ${LONGEST_NAME} bytes`;
  return file.includes("\0") ? "its path holds a character that none can hold" : undefined;
}

/** The nearest folder that is there has to let the others be made in it. */
function folderProblem(folder: string): string | undefined {
  const known = statSync(folder, { throwIfNoEntry: false });
  if (known === undefined) return folder === dirname(folder) ? undefined : folderProblem(dirname(folder));
  if (!known.isDirectory()) return `${folder} is no folder`;
  return allows(folder, constants.W_OK | constants.X_OK) ? undefined : `the folder ${folder} may not be written`;
}

function contentProblem(file: string): string | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    refuseForeign(database);
    return undefined;
  } catch (problem) {
    return isBusy(problem) ? undefined : sqliteError(`sqlite:${file}`, problem).message;
  } finally {
    database?.close();
  }
}

function allows(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

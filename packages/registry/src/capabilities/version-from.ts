import type { VersionFrom } from "./rules.ts";

/** Dotted numbers, behind what distributions and tools put before them: an epoch, `v`, `jdk-`. */
const NUMBERS = /^(?:\d{1,4}:)?(?:v|jdk-?)?(\d{1,9}(?:\.\d{1,9}){0,3})/i;
const BUILD = {
  cuda: /\+(?:.*\.)?cu(?:da)?(\d{1,9}(?:\.\d{1,9})?)/,
  rocm: /\+(?:.*\.)?rocm(\d{1,9}(?:\.\d{1,9}){0,2})/,
};

const numbers = (text: string): string | undefined => NUMBERS.exec(text)?.[1];

/** `cu124` is 12.4, `cu92` 9.2, `cu12` 12: the last digit is the minor version where there is one. */
function cudaOf(build: string): string {
  if (build.includes(".")) return build;
  if (build.length === 3) return `${build.slice(0, 2)}.${build.slice(2)}`;
  return build.length === 2 && Number(build) >= 50 ? `${build.slice(0, 1)}.${build.slice(1)}` : build;
}

/** What a text says of a capability: a version, that it is there in an unknown version, or that it is not. */
export type SaidVersion = { readonly version?: string } | undefined;

const known = (version: string | undefined): SaidVersion => (version === undefined ? {} : { version });
const ofBuild = (version: string | undefined): SaidVersion => (version === undefined ? undefined : { version });

/** By where a rule takes versions from. */
export const VERSION_FROM: Readonly<Record<VersionFrom, (text: string) => SaidVersion>> = {
  numbers: (text) => known(numbers(text)),
  "two-numbers": (text) => known(numbers(text)?.split(".").slice(0, 2).join(".")),
  java: (text) => known(numbers(text)?.replace(/^1\.(?=\d)/, "")),
  "cuda-build": (text) => {
    const build = BUILD.cuda.exec(text)?.[1];
    return ofBuild(build && cudaOf(build));
  },
  "rocm-build": (text) => ofBuild(BUILD.rocm.exec(text)?.[1]),
  none: () => ({}),
};

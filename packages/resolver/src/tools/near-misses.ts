const FAR = 3;
const MAX_NEAR_MISSES = 3;
/** So many words are compared letter by letter: enough to find a slip, and the same time however many words there are. */
const COMPARED = 80;
/** And so many are looked at on either side of where a word would stand. */
const LOOKED = 2000;

/** Words in order, each with which letters it has, as bits. */
interface Index {
  readonly keys: readonly string[];
  readonly letters: Uint32Array;
}

/** Words that near misses are looked for among. Made once, asked often. */
export class NearMisses {
  /** In one those stand together that begin alike, in the other, turned round, those that end alike. */
  readonly #indexes: readonly { readonly index: Index; readonly turned: boolean }[];

  constructor(words: Iterable<string>) {
    const all = [...new Set(words)];
    this.#indexes = [false, true].map((turned) => ({ turned, index: indexOf(turned ? all.map(reversed) : all) }));
  }

  /** The words a person may have meant: at most three, the closest first. Of thousands that are alike, those that begin or end alike. */
  of(word: string): string[] {
    if (word === "") return [];
    // In three letters two are not a slip but another word.
    const allowed = word.length < 6 ? 1 : 2;
    const close = new Map<string, number>();
    for (const { index, turned } of this.#indexes) {
      for (const key of neighbours(index, turned ? reversed(word) : word, 2 * allowed)) {
        const candidate = turned ? reversed(key) : key;
        const distance = isPart(word, candidate) ? 1 : editDistance(word, candidate);
        if (distance <= allowed) close.set(candidate, distance);
      }
    }
    const sorted = [...close].sort(([a, ofA], [b, ofB]) => ofA - ofB || (a < b ? -1 : 1));
    return sorted.slice(0, MAX_NEAR_MISSES).map(([candidate]) => candidate);
  }
}

function indexOf(words: readonly string[]): Index {
  const keys = [...words].sort();
  return { keys, letters: Uint32Array.from(keys, lettersOf) };
}

/** The nearest words in an index that may be close. An edit changes two letters at most, in the set of a word's. */
function neighbours({ keys, letters }: Index, key: string, differing: number): readonly string[] {
  const own = lettersOf(key);
  const found: string[] = [];
  const look = (at: number): void => {
    const other = keys[at];
    if (other === undefined) return;
    const others = letters[at] ?? 0;
    const common = own & others;
    if (common === own || common === others || bits(own ^ others) <= differing) found.push(other);
  };
  let after = placeOf(keys, key);
  let before = after - 1;
  for (let step = 0; step < LOOKED && found.length < COMPARED && (before >= 0 || after < keys.length); step += 1) {
    look(before);
    look(after);
    before -= 1;
    after += 1;
  }
  return found;
}

/** Where a word would stand. */
function placeOf(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

const reversed = (word: string): string => Array.from(word).reverse().join("");

/** The known words a person may have meant: at most three, the closest first. */
export function nearMisses(word: string, known: Iterable<string>): string[] {
  return new NearMisses(known).of(word);
}

function isPart(word: string, candidate: string): boolean {
  const [short, long] = word.length < candidate.length ? [word, candidate] : [candidate, word];
  return short.length > 1 && long.includes(short);
}

function lettersOf(word: string): number {
  let letters = 0;
  for (let at = 0; at < word.length; at += 1) letters |= 1 << (word.charCodeAt(at) & 31);
  return letters >>> 0;
}

function bits(value: number): number {
  let count = 0;
  for (let rest = value >>> 0; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

/** Insertions, deletions, replacements and swaps of neighbours between two words; {@link FAR} stands for that many or more. */
function editDistance(one: string, other: string): number {
  if (Math.abs(one.length - other.length) >= FAR) return FAR;
  // How words begin and end alike costs nothing, and types of one team begin alike.
  let [start, end] = [0, 0];
  const shorter = Math.min(one.length, other.length);
  while (start < shorter && one[start] === other[start]) start += 1;
  while (end < shorter - start && one[one.length - 1 - end] === other[other.length - 1 - end]) end += 1;
  const [a, b] = [one.slice(start, one.length - end), other.slice(start, other.length - end)];
  const width = b.length + 1;
  let before = new Uint8Array(width).fill(FAR);
  let last = Uint8Array.from({ length: width }, (_, index) => Math.min(FAR, index));
  let next = new Uint8Array(width);
  for (let row = 1; row <= a.length; row += 1) {
    next.fill(FAR);
    if (row < FAR) next[0] = row;
    let least = next[0] ?? FAR;
    // Further from the diagonal everything is too far.
    for (let column = Math.max(1, row - FAR); column <= Math.min(b.length, row + FAR); column += 1) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min(
        FAR,
        (last[column] ?? FAR) + 1,
        (next[column - 1] ?? FAR) + 1,
        (last[column - 1] ?? FAR) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) best = Math.min(best, (before[column - 2] ?? FAR) + 1);
      next[column] = best;
      least = Math.min(least, best);
    }
    // A swap reaches back one more row, so one row alone decides nothing.
    if (least >= FAR && row > 1 && Math.min(...last) >= FAR) return FAR;
    [before, last, next] = [last, next, before];
  }
  return Math.min(FAR, last[b.length] ?? FAR);
}

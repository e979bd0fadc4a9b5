import type { Random } from '../../random/random.js';

/** What a forest learns from: codes and the class of each. */
export interface ForestData {
  /** `[samples, width]`, row-major. */
  readonly inputs: Float32Array;
  readonly width: number;
  /** From 0 up to `size - 1`. */
  readonly classes: Int32Array;
  readonly size: number;
}

/** What a forest has found. */
export interface Forest {
  /** Of each input the share of the decrease of impurity that splits by it made; they add up to 1, or all are 0. */
  readonly importances: Float64Array;
  /** The class that most trees vote for. */
  predict(row: ArrayLike<number>): number;
}

interface Leaf {
  readonly class: number;
}

interface Split {
  readonly input: number;
  readonly threshold: number;
  readonly low: Node;
  readonly high: Node;
}

type Node = Leaf | Split;

const trees = 10;
const deepest = 12;
/** Splits are looked for at so many places of an input equally many samples apart, and so many equally far apart. */
const cuts = 64;
/** Samples that a leaf has at least: smaller ones are shaped by noise. */
const leafSize = 5;

/**
 * A random forest of classification trees (Breiman 2001): each learns from as many samples, drawn with replacement, and
 * looks for the best split by Gini impurity among all inputs. Importances are the mean decrease of impurity.
 */
export function growForest(data: ForestData, random: Random): Forest {
  const importances = new Float64Array(data.width);
  const binned = binsOf(data);
  const count = data.classes.length;
  const grown = Array.from({ length: trees }, () => {
    const rows = Uint32Array.from({ length: count }, () => random.below(count));
    return grow({ ...data, ...binned, importances }, rows, 0);
  });
  const total = importances.reduce((sum, value) => sum + value, 0);
  return {
    importances: importances.map((value) => (total > 0 ? value / total : 0)),
    predict(row) {
      const votes = new Float64Array(data.size);
      for (const tree of grown) votes[classOf(tree, row)]!++;
      return votes.indexOf(Math.max(...votes));
    },
  };
}

function classOf(tree: Node, row: ArrayLike<number>): number {
  let node = tree;
  while ('input' in node) node = row[node.input]! <= node.threshold ? node.low : node.high;
  return node.class;
}

interface Binned {
  /** Of each input the values between which splits are looked for, ascending. */
  readonly edges: readonly Float32Array[];
  /** Of each input and sample how many edges lie below it. */
  readonly places: readonly Uint8Array[];
}

function binsOf({ inputs, width, classes }: ForestData): Binned {
  const count = classes.length;
  const edges: Float32Array[] = [];
  const places: Uint8Array[] = [];
  for (let k = 0; k < width; k++) {
    const values = Float32Array.from({ length: count }, (_, i) => inputs[i * width + k]!);
    const sorted = values.slice().sort();
    const [low, high] = [sorted[0]!, sorted[count - 1]!];
    const between = (share: number) => [sorted[Math.floor(share * count)]!, low + share * (high - low)];
    const chosen = Array.from({ length: cuts }, (_, c) => between((c + 1) / (cuts + 1))).flat();
    const unique = Float32Array.from(new Set(chosen.filter((value) => value < high))).sort();
    edges.push(unique);
    places.push(Uint8Array.from(values, (value) => below(unique, value)));
  }
  return { edges, places };
}

/** How many edges are smaller than a value. */
function below(edges: Float32Array, value: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

type Growing = ForestData & Binned & { readonly importances: Float64Array };

function grow(data: Growing, rows: Uint32Array, depth: number): Node {
  const { classes, size } = data;
  const counts = new Float64Array(size);
  for (const row of rows) counts[classes[row]!]!++;
  const leaf = { class: counts.indexOf(Math.max(...counts)) };
  if (depth === deepest || counts[leaf.class] === rows.length) return leaf;
  const best = bestSplit(data, rows, counts);
  if (best === null) return leaf;
  const { input, cut, gain } = best;
  data.importances[input]! += gain;
  const places = data.places[input]!;
  return {
    input,
    threshold: data.edges[input]![cut]!,
    low: grow(
      data,
      rows.filter((row) => places[row]! <= cut),
      depth + 1,
    ),
    high: grow(
      data,
      rows.filter((row) => places[row]! > cut),
      depth + 1,
    ),
  };
}

/** The split with the largest decrease of n · (1 - Σ p²), which is that of Σ c² / n turned round. */
function bestSplit(
  { places, edges, classes, size, width }: Growing,
  rows: Uint32Array,
  counts: Float64Array,
): { readonly input: number; readonly cut: number; readonly gain: number } | null {
  const purity = (some: Float64Array, n: number) => some.reduce((total, c) => total + c * c, 0) / n;
  const before = purity(counts, rows.length);
  let best: { input: number; cut: number; gain: number } | null = null;
  const rest = new Float64Array(size);
  for (let input = 0; input < width; input++) {
    const bins = edges[input]!.length + 1;
    const table = new Float64Array(bins * size);
    for (const row of rows) table[places[input]![row]! * size + classes[row]!]!++;
    const low = new Float64Array(size);
    let n = 0;
    for (let cut = 0; cut + 1 < bins; cut++) {
      for (let c = 0; c < size; c++) {
        low[c]! += table[cut * size + c]!;
        n += table[cut * size + c]!;
        rest[c] = counts[c]! - low[c]!;
      }
      if (n < leafSize || rows.length - n < leafSize) continue;
      const gain = purity(low, n) + purity(rest, rows.length - n) - before;
      if (gain > (best?.gain ?? 1e-9)) best = { input, cut, gain };
    }
  }
  return best;
}

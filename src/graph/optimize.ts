import { constant, constantData, constantNumber, Expr, inputName, topological } from './expr.js';
import { broadcast, formatShape, type Shape, ShapeError, sameShape, sizeOf } from './shape.js';
import { simplify } from './simplify.js';

/**
 * The same outputs from a smaller graph: equal subexpressions are shared, constants folded, and algebra that
 * gradients leave behind (x · 1, x + 0, products of numbers, expansion before a broadcast) is taken out.
 * What no output needs drops out by never being reached.
 */
export function optimize(outputs: readonly Expr[]): Expr[] {
  // The first pass shares what is equal, so that the later ones know what is used once.
  let current = new Optimizer(new Map()).run(outputs);
  for (let pass = 1; pass < passes; pass++) current = new Optimizer(countUses(current)).run(current);
  return current;
}

/** Each pass moves numbers as far as the one before has cleared the way; no model we know needs more. */
const passes = 4;

/** How often each node is read, by other nodes or as an output. */
function countUses(outputs: readonly Expr[]): Map<Expr, number> {
  const uses = new Map<Expr, number>();
  const count = (node: Expr) => uses.set(node, (uses.get(node) ?? 0) + 1);
  outputs.forEach(count);
  for (const node of topological(outputs)) node.inputs.forEach(count);
  return uses;
}

class Optimizer {
  private readonly known = new Map<string, Expr>();
  private readonly done = new Map<Expr, Expr>();
  private readonly numbers = new Map<Expr, number>();
  private readonly objects = new Map<unknown, number>();
  private readonly resultUses = new Map<Expr, number>();

  /** @param uses of the nodes as they are given; empty where they are not known, and then nothing is moved */
  constructor(private readonly uses: ReadonlyMap<Expr, number>) {}

  run(outputs: readonly Expr[]): Expr[] {
    for (const node of topological(outputs)) {
      const result = this.canonical(this.withCanonicalInputs(node));
      this.done.set(node, result);
      this.resultUses.set(result, (this.resultUses.get(result) ?? 0) + (this.uses.get(node) ?? 2));
    }
    return outputs.map((output) => this.done.get(output)!);
  }

  private withCanonicalInputs(node: Expr): Expr {
    const inputs = node.inputs.map((input) => this.done.get(input)!);
    return inputs.every((input, i) => input === node.inputs[i]) ? node : withInputs(node, inputs);
  }

  /** The one node that stands for this expression; its inputs are canonical already. */
  private canonical(node: Expr): Expr {
    const key = this.keyOf(node);
    const found = this.known.get(key);
    if (found !== undefined) {
      expectSameType(found, node);
      return found;
    }
    const simpler = simplify(fold(dropExpansion(node)), (other) => this.usedOnce(other));
    const result = simpler === node ? node : this.resolve(simpler);
    this.known.set(key, result);
    if (!this.numbers.has(result)) this.numbers.set(result, this.numbers.size);
    return result;
  }

  /** A rule's result may contain new nodes: these are made canonical too. */
  private resolve(node: Expr): Expr {
    if (this.numbers.has(node)) return node;
    const inputs = node.inputs.map((input) => this.resolve(input));
    return this.canonical(
      inputs.every((input, i) => input === node.inputs[i]) ? node : withInputs(node, inputs),
    );
  }

  /** A node that a rule has made has no user yet but the one that it was made for. */
  private usedOnce(node: Expr): boolean {
    return this.uses.size > 0 && (this.resultUses.get(node) ?? 1) === 1;
  }

  private keyOf(node: Expr): string {
    const name = inputName(node);
    if (name !== undefined) return `input ${name}`;
    const operands = node.inputs.map((input) => this.numbers.get(input)!);
    if (commutative.has(node.row.name)) operands.sort((a, b) => a - b);
    const attributes = JSON.stringify(node.attributes, (_key, value) => {
      if (ArrayBuffer.isView(value)) return this.identity(value as unknown as ArrayLike<number>);
      return typeof value === 'number' && JSON.stringify(value) !== numberKey(value)
        ? numberKey(value)
        : value;
    });
    return `${node.row.name} ${attributes} ${operands.join(' ')}`;
  }

  /** Short constants are compared by value, long ones by being the same array. */
  private identity(data: ArrayLike<number>): string {
    if (data.length <= 64) return Array.from(data, numberKey).join(' ');
    const known = this.objects.get(data);
    if (known !== undefined) return `#${known}`;
    this.objects.set(data, this.objects.size);
    return `#${this.objects.size - 1}`;
  }
}

/** A number as text that tells apart also what JSON does not: -0, NaN and the infinities. */
function numberKey(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** One name means one tensor: two inputs of a name that differ would silently become one. */
function expectSameType(a: Expr, b: Expr): void {
  if (inputName(a) === undefined || (a.dtype === b.dtype && sameShape(a.shape, b.shape))) return;
  const type = (node: Expr) => `${node.dtype} ${formatShape(node.shape)}`;
  throw new ShapeError(`input '${inputName(a)}' is used as ${type(a)} and as ${type(b)}`);
}

const commutative = new Set(['add', 'mul', 'maximum', 'minimum', 'equal', 'and', 'or']);

function withInputs(node: Expr, inputs: readonly Expr[]): Expr {
  return new Expr(node.row, inputs, node.attributes, node.shape, node.dtype, node.place);
}

/** An element-wise operation broadcasts by itself: expansion of an operand, or a constant spelled out, is waste. */
function dropExpansion(node: Expr): Expr {
  if (node.row.scalar === undefined || node.inputs.length < 2) return node;
  let current = node;
  node.inputs.forEach((input, i) => {
    const slim = slimmer(input);
    if (slim === null) return;
    const inputs = current.inputs.map((other, j) => (j === i ? slim : other));
    if (sameShape(broadcastAll(inputs.map((other) => other.shape)), node.shape))
      current = withInputs(node, inputs);
  });
  return current;
}

function slimmer(node: Expr): Expr | null {
  if (node.row.name === 'expand') return node.inputs[0]!;
  const value = node.rank > 0 ? constantData(node) : undefined;
  return typeof value === 'number' ? constant(value, [], node.dtype) : null;
}

function broadcastAll(shapes: readonly Shape[]): Shape {
  return shapes.reduce((a, b) => broadcast(a, b)!);
}

const foldLimit = 1 << 16;

/** Computes element-wise operations on constants, and moves constants of one number to their new shape. */
function fold(node: Expr): Expr {
  if (node.inputs.length === 0 || node.shape.some((dim) => typeof dim === 'string')) return node;
  const data = node.inputs.map(constantData);
  if (data.some((value) => value === undefined)) return node;
  const shape = node.shape as readonly number[];
  if (movesOnly.has(node.row.name)) {
    return typeof data[0] === 'number' ? constant(data[0], shape, node.dtype) : node;
  }
  const { scalar } = node.row;
  if (scalar === undefined) return node;
  if (data.every((value) => typeof value === 'number'))
    return constant(rounded(scalar(...data), node), shape, node.dtype);
  const size = sizeOf(shape);
  if (
    size > foldLimit ||
    !node.inputs.every((input) => constantNumber(input) !== undefined || sameShape(input.shape, shape))
  ) {
    return node;
  }
  const at = (i: number) =>
    data.map((value, k) => constantNumber(node.inputs[k]!) ?? (value as ArrayLike<number>)[i]!);
  return constant(
    Array.from({ length: size }, (_, i) => rounded(scalar(...at(i)), node)),
    shape,
    node.dtype,
  );
}

const movesOnly = new Set(['expand', 'reshape', 'transpose', 'slice', 'stopGradient']);

/** As the dtype stores it; whole numbers wrap around as they do in typed arrays. */
function rounded(value: number, node: Expr): number {
  if (node.dtype === 'float32') return Math.fround(value);
  return node.dtype === 'int32' ? value | 0 : value & 0xff;
}

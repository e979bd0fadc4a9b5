import type { Emitter } from './emitter.js';
import { type DType, formatShape, type Shape, ShapeError, sizeOf } from './shape.js';

/** The settings of one operation that are not tensors: axes, strides, limits. Plain JSON values. */
export type Attributes = Readonly<Record<string, unknown>>;

/** What a node will hold. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * One row of the table of operations: all that there is to know about an operation.
 *
 * A new operation is one row; the test that walks the table checks its gradient by its being there.
 */
export interface Row<A extends Attributes = Attributes> {
  readonly name: string;
  /** The type of the result. Throws a ShapeError without the place: `apply` adds it. */
  type(inputs: readonly Expr[], attributes: A): TensorType;
  /** Writes the ONNX nodes and returns the name of the result. */
  onnx(emit: Emitter, inputs: readonly string[], node: Expr, attributes: A): string;
  /**
   * The vector-Jacobian product: from the gradient `g` of the result the gradient of each input, as expressions.
   * The driver sums over broadcast axes, so that a rule is pure mathematics. `null` in the list: that input has
   * no gradient. `null` instead of a rule: nothing flows back through this operation.
   */
  readonly vjp:
    | ((g: Expr, inputs: readonly Expr[], output: Expr, attributes: A) => readonly (Expr | null)[])
    | null;
  /** For element-wise operations: the same on plain numbers, which is how constants are folded. */
  readonly scalar?: ((...values: number[]) => number) | undefined;
}

/** An operation as the builder of models meets it: a function that makes a node, and its row in the table. */
export interface Operation<Args extends readonly unknown[]> {
  (...args: Args): Expr;
  readonly row: Row;
}

/** A tensor expression, or a number that stands for a float32 scalar. */
export type Operand = Expr | number;

/** A node of the expression graph: immutable, with static shape and dtype. */
export class Expr {
  constructor(
    readonly row: Row,
    readonly inputs: readonly Expr[],
    readonly attributes: Attributes,
    readonly shape: Shape,
    readonly dtype: DType,
    /** Where in the model this node was made, for names and messages: `encoder.0`. */
    readonly place: string,
  ) {}

  /** The number of axes. */
  get rank(): number {
    return this.shape.length;
  }
}

let place: readonly string[] = [];

/** Builds a part of a model under a name, which shape errors and ONNX node names then carry. */
export function inPlace<T>(name: string, build: () => T): T {
  const outer = place;
  place = name === '' ? outer : [...outer, name];
  try {
    return build();
  } finally {
    place = outer;
  }
}

/** The place at which nodes are being made: the names given to `inPlace`, joined by dots. */
export function currentPlace(): string {
  return place.join('.');
}

/** Makes a node. */
export function apply<A extends Attributes>(row: Row<A>, operands: readonly Operand[], attributes: A): Expr {
  const inputs = operands.map(asExpr);
  const { shape, dtype } = explaining(row.name, inputs, () => row.type(inputs, attributes));
  return new Expr(row as unknown as Row, inputs, attributes, shape, dtype, currentPlace());
}

/** Adds to a ShapeError that `run` throws the operation, the place in the model and the shapes given. */
export function explaining<T>(what: string, inputs: readonly Expr[], run: () => T): T {
  try {
    return run();
  } catch (error) {
    // One with a cause has been explained already, further in.
    if (!(error instanceof ShapeError) || error.cause !== undefined) throw error;
    const shapes = inputs.map((input) => formatShape(input.shape)).join(' and ');
    const where = place.length > 0 ? ` in ${currentPlace()}` : '';
    throw new ShapeError(`${what}${where}: ${error.message} (given ${shapes || 'no inputs'})`, {
      cause: error,
    });
  }
}

/** Turns a row, and the way from arguments to inputs and attributes, into the function that builds nodes. */
export function operation<A extends Attributes, Args extends readonly unknown[]>(
  row: Row<A>,
  read: (...args: Args) => readonly [inputs: readonly Operand[], attributes: A],
): Operation<Args> {
  const build = (...args: Args) => {
    const given = (args as readonly unknown[]).flat().filter((arg) => arg instanceof Expr);
    return apply(row, ...explaining(row.name, given, () => read(...args)));
  };
  return Object.assign(build, { row: row as unknown as Row });
}

/** Numbers of a constant: a typed array in row-major order, or one number for all elements. */
export type ConstantData = Float32Array | Int32Array | Uint8Array | number;

const constantRow: Row<{ data: ConstantData; shape: Shape; dtype: DType }> = {
  name: 'constant',
  type: (_inputs, { shape, dtype }) => ({ shape, dtype }),
  onnx: (emit, _inputs, { shape, dtype }, { data }) => emit.constant(data, shape as readonly number[], dtype),
  vjp: null,
};

/**
 * A tensor of fixed numbers.
 * @param data one number for every element, a list, or a typed array in row-major order
 * @throws {ShapeError} when data and shape differ in size
 */
export function constant(
  data: ConstantData | readonly number[],
  shape: readonly number[] = [],
  dtype: DType = 'float32',
): Expr {
  const stored = typeof data === 'number' || ArrayBuffer.isView(data) ? data : toTyped(data, dtype);
  if (typeof stored !== 'number' && stored.length !== sizeOf(shape)) {
    const where = place.length > 0 ? ` in ${currentPlace()}` : '';
    throw new ShapeError(`constant${where}: ${stored.length} numbers given for shape ${formatShape(shape)}`);
  }
  return apply(constantRow, [], { data: stored, shape, dtype });
}

/** A list of numbers as the typed array that stores this dtype. */
export function toTyped(values: readonly number[], dtype: DType): Float32Array | Int32Array | Uint8Array {
  if (dtype === 'float32') return Float32Array.from(values);
  return dtype === 'int32' ? Int32Array.from(values) : Uint8Array.from(values);
}

/** The data of a constant node, `undefined` for any other node. */
export function constantData(node: Expr): ConstantData | undefined {
  return node.row === (constantRow as unknown as Row) ? (node.attributes.data as ConstantData) : undefined;
}

/** The one number of which a constant consists, `undefined` for any other node. */
export function constantNumber(node: Expr): number | undefined {
  const data = constantData(node);
  if (typeof data === 'number') return data;
  return data?.length === 1 ? data[0] : undefined;
}

const inputRow: Row<{ name: string; shape: Shape; dtype: DType }> = {
  name: 'input',
  type: (_inputs, { shape, dtype }) => ({ shape, dtype }),
  onnx: (_emit, _inputs, _node, { name }) => name,
  vjp: null,
};

/** A tensor that is given when the graph runs: data, a parameter, noise, a learning rate. Known by its name. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Expr {
  return apply(inputRow, [], { name, shape, dtype });
}

/** The name of an input node, `undefined` for any other node. */
export function inputName(node: Expr): string | undefined {
  return node.row === (inputRow as unknown as Row) ? (node.attributes.name as string) : undefined;
}

/** A number becomes a float32 scalar; an expression stays itself. */
export function asExpr(operand: Operand): Expr {
  return typeof operand === 'number' ? constant(operand) : operand;
}

/** Every node that the outputs need, each once, inputs before their users. */
export function topological(outputs: readonly Expr[]): Expr[] {
  const order: Expr[] = [];
  const seen = new Set<Expr>();
  // An explicit stack: graphs of gradients are deeper than the call stack allows.
  const stack: { node: Expr; next: number }[] = [];
  for (const output of outputs) {
    if (!seen.has(output)) {
      seen.add(output);
      stack.push({ node: output, next: 0 });
    }
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const child = top.node.inputs[top.next++];
      if (child === undefined) {
        order.push(top.node);
        stack.pop();
      } else if (!seen.has(child)) {
        seen.add(child);
        stack.push({ node: child, next: 0 });
      }
    }
  }
  return order;
}

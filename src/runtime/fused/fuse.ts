import { constantNumber, type Expr, inputName, topological } from '../../graph/expr.js';
import { optimize } from '../../graph/optimize.js';
import { assemble, memoryArgument, op, signed, splatConstant, unsigned, valueType } from './assembler.js';

/** What a fused loop computes. */
export interface FusedKernel {
  /** Results, each an element-wise expression, and the array that takes it. */
  readonly results: readonly { readonly into: string; readonly expr: Expr }[];
  /** Inputs that are arrays: where in memory each begins, in bytes. Fixed, so that addresses cost nothing. */
  readonly arrays: Readonly<Record<string, number>>;
  /** Inputs that are one number, in the order in which `run` takes them after the length. */
  readonly scalars: readonly string[];
}

/** Runs the loop: the arrays' length in bytes (a multiple of 16, not 0), then the scalars. */
export type FusedLoop = (lengthAndScalars: number, ...rest: number[]) => void;

const instructions: Readonly<Record<string, readonly number[]>> = {
  add: op.add,
  sub: op.sub,
  mul: op.mul,
  div: op.div,
  neg: op.neg,
  abs: op.abs,
  sqrt: op.sqrt,
  minimum: op.min,
  maximum: op.max,
};

/**
 * Compiles element-wise expressions into one pass over memory with four lanes at a time: every input is read once,
 * every result written once, where an operator-by-operator run would move each intermediate through memory.
 */
export function fuse({ results, arrays, scalars }: FusedKernel): Uint8Array<ArrayBuffer> {
  const outputs = optimize(results.map((result) => result.expr));
  const nodes = topological(outputs).filter((node) => constantNumber(node) === undefined);
  // Parameters: length, scalars. Locals: the offset, then one vector for each node.
  const offset = 1 + scalars.length;
  const local = new Map(nodes.map((node, i) => [node, offset + 1 + i]));

  const value = (node: Expr): number[] => {
    const number = constantNumber(node);
    return number !== undefined ? splatConstant(number) : [...op.localGet, ...unsigned(local.get(node)!)];
  };
  const set = (node: Expr) => [...op.localSet, ...unsigned(local.get(node)!)];
  const here = [...op.localGet, ...unsigned(offset)];

  const before: number[] = [];
  const inside: number[] = [];
  for (const node of nodes) {
    const name = inputName(node);
    if (name === undefined) {
      const instruction = instructions[node.row.name];
      if (instruction === undefined) throw new Error(`fuse: no instruction for '${node.row.name}'`);
      inside.push(...node.inputs.flatMap(value), ...instruction, ...set(node));
    } else if (scalars.includes(name)) {
      before.push(...op.localGet, ...unsigned(1 + scalars.indexOf(name)), ...op.splat, ...set(node));
    } else {
      inside.push(...here, ...op.load, ...memoryArgument(arrays[name]!), ...set(node));
    }
  }
  outputs.forEach((node, i) => {
    inside.push(...here, ...value(node), ...op.store, ...memoryArgument(arrays[results[i]!.into]!));
  });

  return assemble({
    parameters: [valueType.i32, ...scalars.map(() => valueType.f32)],
    results: [],
    locals: [valueType.i32, ...nodes.map(() => valueType.v128)],
    body: [...before, ...forEachVector(0, offset, inside)],
  });
}

/** A loop that runs `inside` at each `stride`-th offset below the length, in bytes; at least once. */
function forEachVector(length: number, offset: number, inside: readonly number[], stride = 16): number[] {
  const get = (local: number) => [...op.localGet, ...unsigned(local)];
  return [
    ...op.loop,
    ...inside,
    ...[...get(offset), ...op.i32Const, ...signed(stride), ...op.i32Add, ...op.localTee, ...unsigned(offset)],
    ...[...get(length), ...op.i32LessUnsigned, ...op.branchIf, 0],
    ...op.end,
  ];
}

/**
 * The sum of squares of the array at `address`; `run` takes its length in bytes (a multiple of 64, not 0). It is not
 * finite as soon as one element is not, which makes it the cheapest check of gradients.
 */
export function sumOfSquares(address: number): Uint8Array<ArrayBuffer> {
  const [length, offset] = [0, 1];
  const lanes = [2, 3, 4, 5];
  const scratch = 6;
  const get = (local: number) => [...op.localGet, ...unsigned(local)];
  const set = (local: number) => [...op.localSet, ...unsigned(local)];
  // Four sums side by side, since one would wait for its own last addition.
  const inside = lanes.flatMap((sum, i) => [
    ...[...get(offset), ...op.load, ...memoryArgument(address + 16 * i), ...set(scratch)],
    ...[...get(sum), ...get(scratch), ...get(scratch), ...op.mul, ...op.add, ...set(sum)],
  ]);
  const total = [
    ...get(2),
    ...get(3),
    ...op.add,
    ...get(4),
    ...op.add,
    ...get(5),
    ...op.add,
    ...set(scratch),
  ];
  const lane = (i: number) => [...get(scratch), ...op.extractLane, i];
  return assemble({
    parameters: [valueType.i32],
    results: [valueType.f32],
    locals: [valueType.i32, ...lanes.map(() => valueType.v128), valueType.v128],
    body: [
      ...forEachVector(length, offset, inside, 64),
      ...total,
      ...[...lane(0), ...lane(1), ...op.f32Add, ...lane(2), ...op.f32Add, ...lane(3), ...op.f32Add],
    ],
  });
}

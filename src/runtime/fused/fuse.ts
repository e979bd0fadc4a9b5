import { constantNumber, type Expr, inputName, topological } from '../../graph/expr.js';
import { optimize } from '../../graph/optimize.js';
import { assemble, memoryArgument, op, signed, splatConstant, unsigned, valueType } from './assembler.js';

/** What a fused loop computes. */
export interface FusedKernel {
  /** Results, each an element-wise expression, and the array that takes it. */
  readonly results: readonly { readonly into: string; readonly expr: Expr }[];
  /** Inputs that are arrays, in the order in which `run` takes their addresses. */
  readonly arrays: readonly string[];
  /** Inputs that are one number, in the order in which `run` takes them after the arrays and the length. */
  readonly scalars: readonly string[];
}

/** Runs the loop: byte addresses of the arrays, their length in bytes (a multiple of 16), the scalars. */
export type FusedLoop = (...addressesLengthScalars: number[]) => void;

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
export function fuse(kernel: FusedKernel): Uint8Array<ArrayBuffer> {
  const { arrays, scalars } = kernel;
  const results = optimize(kernel.results.map((result) => result.expr));
  const nodes = topological(results).filter((node) => constantNumber(node) === undefined);
  // Parameters: addresses, length, scalars. Locals: the offset, then one vector for each node.
  const length = arrays.length;
  const offset = length + 1 + scalars.length;
  const local = new Map(nodes.map((node, i) => [node, offset + 1 + i]));

  const value = (node: Expr): number[] => {
    const number = constantNumber(node);
    return number !== undefined ? splatConstant(number) : [...op.localGet, ...unsigned(local.get(node)!)];
  };
  const set = (node: Expr) => [...op.localSet, ...unsigned(local.get(node)!)];
  const address = (array: number) => [
    ...op.localGet,
    ...unsigned(array),
    ...op.localGet,
    ...unsigned(offset),
    ...op.i32Add,
  ];

  const before: number[] = [];
  const inside: number[] = [];
  for (const node of nodes) {
    const name = inputName(node);
    if (name === undefined) {
      const instruction = instructions[node.row.name];
      if (instruction === undefined) throw new Error(`fuse: no instruction for '${node.row.name}'`);
      inside.push(...node.inputs.flatMap(value), ...instruction, ...set(node));
    } else if (scalars.includes(name)) {
      before.push(...op.localGet, ...unsigned(length + 1 + scalars.indexOf(name)), ...op.splat, ...set(node));
    } else {
      inside.push(...address(arrays.indexOf(name)), ...op.load, ...memoryArgument(0), ...set(node));
    }
  }
  results.forEach((node, i) => {
    inside.push(
      ...address(arrays.indexOf(kernel.results[i]!.into)),
      ...value(node),
      ...op.store,
      ...memoryArgument(0),
    );
  });

  return assemble({
    parameters: [...arrays.map(() => valueType.i32), valueType.i32, ...scalars.map(() => valueType.f32)],
    results: [],
    locals: [valueType.i32, ...nodes.map(() => valueType.v128)],
    body: [...before, ...forEachVector(length, offset, inside)],
  });
}

/** A loop that runs `inside` at each `stride`-th offset below the length, in bytes. */
function forEachVector(length: number, offset: number, inside: readonly number[], stride = 16): number[] {
  const get = (local: number) => [...op.localGet, ...unsigned(local)];
  return [
    ...op.block,
    ...op.loop,
    ...[...get(offset), ...get(length), ...op.i32GreaterOrEqualUnsigned, ...op.branchIf, 1],
    ...inside,
    ...[...get(offset), ...op.i32Const, ...signed(stride), ...op.i32Add, ...op.localSet, ...unsigned(offset)],
    ...[...op.branch, 0],
    ...op.end,
    ...op.end,
  ];
}

/**
 * The sum of squares of an array, by address and length in bytes (a multiple of 64). It is not finite as soon as
 * one element is not, which makes it the cheapest check of gradients.
 */
export function sumOfSquares(): Uint8Array<ArrayBuffer> {
  const [array, length, offset] = [0, 1, 2];
  const lanes = [3, 4, 5, 6];
  const scratch = 7;
  const get = (local: number) => [...op.localGet, ...unsigned(local)];
  const set = (local: number) => [...op.localSet, ...unsigned(local)];
  // Four sums side by side, since one would wait for its own last addition.
  const inside = lanes.flatMap((sum, i) => [
    ...[...get(array), ...get(offset), ...op.i32Add, ...op.load, ...memoryArgument(16 * i), ...set(scratch)],
    ...[...get(sum), ...get(scratch), ...get(scratch), ...op.mul, ...op.add, ...set(sum)],
  ]);
  const total = [
    ...get(3),
    ...get(4),
    ...op.add,
    ...get(5),
    ...op.add,
    ...get(6),
    ...op.add,
    ...set(scratch),
  ];
  const lane = (i: number) => [...get(scratch), ...op.extractLane, i];
  return assemble({
    parameters: [valueType.i32, valueType.i32],
    results: [valueType.f32],
    locals: [valueType.i32, ...lanes.map(() => valueType.v128), valueType.v128],
    body: [
      ...forEachVector(length, offset, inside, 64),
      ...total,
      ...[...lane(0), ...lane(1), ...op.f32Add, ...lane(2), ...op.f32Add, ...lane(3), ...op.f32Add],
    ],
  });
}

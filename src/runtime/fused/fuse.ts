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

/** Runs the loop: the arrays' length in bytes (a multiple of 32, not 0), then the scalars. */
export type FusedLoop = (lengthAndScalars: number, ...rest: number[]) => void;

const instructions: Readonly<Record<string, readonly number[]>> = {
  add: op.add,
  sub: op.sub,
  mul: op.mul,
  neg: op.neg,
  abs: op.abs,
  sqrt: op.sqrt,
  minimum: op.min,
  maximum: op.max,
};

/** Vectors that one turn of the loop takes, so that two divisions can share one. */
const lanes = 2;

/**
 * Compiles element-wise expressions into one pass over memory: every input is read once, every result written once,
 * where an operator-by-operator run would move each intermediate through memory.
 *
 * Division is what bounds such a loop, so two quotients are had from one reciprocal: a/x = a · (y · 1/(x · y)).
 * Divisors must therefore lie between 1e-18 and 1e18 in size.
 */
export function fuse({ results, arrays, scalars }: FusedKernel): Uint8Array<ArrayBuffer> {
  const outputs = optimize(results.map((result) => result.expr));
  const nodes = topological(outputs).filter((node) => constantNumber(node) === undefined);
  // Parameters: length, scalars. Locals: the offset, a reciprocal, then vectors for each node.
  const offset = 1 + scalars.length;
  const reciprocal = offset + 1;
  const first = new Map(nodes.map((node, i) => [node, reciprocal + 1 + lanes * i]));

  const get = (index: number) => [...op.localGet, ...unsigned(index)];
  const set = (index: number) => [...op.localSet, ...unsigned(index)];
  const isScalar = (node: Expr) => scalars.includes(inputName(node) ?? '');
  const local = (node: Expr, lane: number) => first.get(node)! + (isScalar(node) ? 0 : lane);
  const value = (node: Expr, lane: number): number[] => {
    const number = constantNumber(node);
    return number !== undefined ? splatConstant(number) : get(local(node, lane));
  };
  const forLanes = (emit: (lane: number) => number[]) =>
    Array.from({ length: lanes }, (_, lane) => emit(lane)).flat();
  const load = (from: number, lane: number) => [
    ...get(offset),
    ...op.load,
    ...memoryArgument(from + 16 * lane),
  ];

  const before: number[] = [];
  const inside: number[] = [];
  for (const node of nodes) {
    const name = inputName(node);
    const instruction = instructions[node.row.name];
    const [numerator, divisor] = node.inputs;
    const each = (compute: (lane: number) => number[]) =>
      inside.push(...forLanes((lane) => [...compute(lane), ...set(local(node, lane))]));
    if (isScalar(node)) {
      before.push(...get(1 + scalars.indexOf(name!)), ...op.splat, ...set(local(node, 0)));
    } else if (name !== undefined) {
      each((lane) => load(arrays[name]!, lane));
    } else if (node.row.name === 'div') {
      const product = [...value(divisor!, 0), ...value(divisor!, 1), ...op.mul];
      inside.push(...splatConstant(1), ...product, ...op.div, ...set(reciprocal));
      const inverse = (lane: number) => [...value(divisor!, 1 - lane), ...get(reciprocal), ...op.mul];
      each((lane) => [...value(numerator!, lane), ...inverse(lane), ...op.mul]);
    } else if (instruction !== undefined) {
      each((lane) => [...node.inputs.flatMap((x) => value(x, lane)), ...instruction]);
    } else {
      throw new Error(`fuse: no instruction for '${node.row.name}'`);
    }
  }
  outputs.forEach((node, i) => {
    const into = arrays[results[i]!.into]!;
    inside.push(
      ...forLanes((lane) => [
        ...get(offset),
        ...value(node, lane),
        ...op.store,
        ...memoryArgument(into + 16 * lane),
      ]),
    );
  });

  return assemble({
    parameters: [valueType.i32, ...scalars.map(() => valueType.f32)],
    results: [],
    locals: [valueType.i32, valueType.v128, ...nodes.flatMap(() => [valueType.v128, valueType.v128])],
    body: [...before, ...forEachVector(0, offset, inside, 16 * lanes)],
  });
}

/** A loop that runs `inside` at each `stride`-th offset below the length, in bytes; at least once. */
function forEachVector(length: number, offset: number, inside: readonly number[], stride: number): number[] {
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

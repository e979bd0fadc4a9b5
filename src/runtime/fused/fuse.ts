import { constantNumber, type Expr, inputName, topological } from '../../graph/expr.js';
import { optimize } from '../../graph/optimize.js';
import { assemble, memoryArgument, op, signed, splatConstant, unsigned, valueType } from './assembler.js';

/** What a fused loop computes. */
export interface FusedKernel {
  /** Results, each an element-wise expression, the array that takes it, and whether it may shrink for ever. */
  readonly results: readonly { readonly into: string; readonly expr: Expr; readonly decays: boolean }[];
  /** Inputs that are arrays: where in memory each begins, in bytes. Fixed, so that addresses cost nothing. */
  readonly arrays: Readonly<Record<string, number>>;
  /** Inputs that are one number, in the order in which `run` takes them after the length. */
  readonly scalars: readonly string[];
}

/**
 * Runs the loop: the arrays' length in bytes (a multiple of 16, not 0), then the scalars. Gives 0 where every number
 * of the first result is finite, NaN otherwise.
 */
export type FusedLoop = (length: number, ...scalars: number[]) => number;

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
 * Adding this and taking it away again rounds a number to a multiple of 2⁻¹²⁴, which no number of ordinary size
 * notices. State needs it: a momentum that is no longer fed shrinks until it is subnormal, where it would stay for
 * ever (0.9 times the smallest number is rounded up to itself) and where processors are many times slower.
 */
const threshold = 1e-30;

/**
 * Compiles element-wise expressions into one pass over memory with four lanes at a time: every input is read once,
 * every result written once, where an operator-by-operator run would move each intermediate through memory.
 */
export function fuse({ results, arrays, scalars }: FusedKernel): Uint8Array<ArrayBuffer> {
  const outputs = optimize(results.map((result) => result.expr));
  const nodes = topological(outputs).filter((node) => constantNumber(node) === undefined);
  // Parameters: length, scalars. Locals: the offset, the check, then one vector for each node.
  const offset = 1 + scalars.length;
  const check = offset + 1;
  const local = new Map(nodes.map((node, i) => [node, check + 1 + i]));

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
    const settled = [
      ...value(node),
      ...splatConstant(threshold),
      ...op.add,
      ...splatConstant(threshold),
      ...op.sub,
    ];
    const stored = results[i]!.decays ? settled : value(node);
    inside.push(...here, ...stored, ...op.store, ...memoryArgument(arrays[results[i]!.into]!));
  });

  // A number times 0 is 0 if it is finite and NaN if not; NaN stays NaN in a sum.
  const zeros = [...value(outputs[0]!), ...splatConstant(0), ...op.mul];
  inside.push(...op.localGet, ...unsigned(check), ...zeros, ...op.add, ...op.localSet, ...unsigned(check));

  const lane = (i: number) => [...op.localGet, ...unsigned(check), ...op.extractLane, i];
  return assemble({
    parameters: [valueType.i32, ...scalars.map(() => valueType.f32)],
    results: [valueType.f32],
    locals: [valueType.i32, valueType.v128, ...nodes.map(() => valueType.v128)],
    body: [
      ...before,
      ...forEachVector(0, offset, inside),
      ...[...lane(0), ...lane(1), ...op.f32Add, ...lane(2), ...op.f32Add, ...lane(3), ...op.f32Add],
    ],
  });
}

/** A loop that runs `inside` at each vector's offset below the length, in bytes; at least once. */
function forEachVector(length: number, offset: number, inside: readonly number[]): number[] {
  const get = (local: number) => [...op.localGet, ...unsigned(local)];
  return [
    ...op.loop,
    ...inside,
    ...[...get(offset), ...op.i32Const, ...signed(16), ...op.i32Add, ...op.localTee, ...unsigned(offset)],
    ...[...get(length), ...op.i32LessUnsigned, ...op.branchIf, 0],
    ...op.end,
  ];
}

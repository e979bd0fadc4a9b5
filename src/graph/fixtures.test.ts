import { describe, it } from 'node:test';
import { evaluate } from '../testing/evaluate.js';
import {
  assertClose,
  inputsLike,
  readFixture,
  type StoredTensor,
  valuesOf,
  weightedBy,
} from '../testing/fixtures.js';
import {
  add,
  averagePool,
  conv,
  convTranspose,
  type Expr,
  gradient,
  maxPool,
  reshape,
  upsample,
} from './index.js';

interface OperationCase {
  readonly op: string;
  readonly name: string;
  readonly options: Record<string, unknown>;
  readonly inputs: Record<string, StoredTensor>;
  readonly weights: StoredTensor;
  readonly output: StoredTensor;
  readonly gradients: Record<string, StoredTensor>;
}

type Build = (inputs: Record<string, Expr>, options: Record<string, never>) => Expr;

/** PyTorch pads both ends of an axis alike; ONNX lists all beginnings, then all ends. */
const bothEnds = (padding: readonly number[]) => [...padding, ...padding];

function withBias(y: Expr, bias: Expr | undefined): Expr {
  return bias === undefined ? y : add(y, reshape(bias, [-1, ...y.shape.slice(2).map(() => 1)]));
}

const builders: Readonly<Record<string, Build>> = {
  conv: ({ input, kernel, bias }, { stride, padding, dilation, groups }) =>
    withBias(
      conv(input!, kernel!, {
        strides: stride!,
        pads: bothEnds(padding!),
        dilations: dilation!,
        groups: groups!,
      }),
      bias,
    ),
  convTranspose: ({ input, kernel, bias }, { stride, padding, dilation, groups, outputPadding }) =>
    withBias(
      convTranspose(input!, kernel!, {
        strides: stride!,
        pads: bothEnds(padding!),
        dilations: dilation!,
        groups: groups!,
        outputPadding: outputPadding!,
      }),
      bias,
    ),
  maxPool: ({ input }, { kernel, stride, padding }) =>
    maxPool(input!, { kernel: kernel!, strides: stride!, pads: bothEnds(padding!) }),
  avgPool: ({ input }, { kernel, stride, padding, countIncludePad }) =>
    averagePool(input!, {
      kernel: kernel!,
      strides: stride!,
      pads: bothEnds(padding!),
      countPads: countIncludePad!,
    }),
  upsample: ({ input }, { scale, mode }) => upsample(input!, scale!, mode === 'nearest' ? mode : 'bilinear'),
};

describe("operations against PyTorch's numbers", () => {
  const { cases } = readFixture<{ cases: OperationCase[] }>('ops');
  for (const { op, name, options, inputs: stored, weights, output, gradients } of cases) {
    it(`${op} ${name}: value and gradients`, async () => {
      const inputs = inputsLike(stored);
      const y = builders[op.slice(0, -2)]!(inputs, options as Record<string, never>);
      const names = Object.keys(gradients);
      const derived = gradient(
        weightedBy(y, weights),
        names.map((key) => inputs[key]!),
      );
      const found = await evaluate(
        { output: y, ...Object.fromEntries(names.map((key, i) => [key, derived[i]!])) },
        valuesOf(stored),
      );
      assertClose(y.shape as number[], output.shape, 0, 'shape');
      assertClose(found.output, output.data, 1e-5, 'output');
      for (const key of names)
        assertClose(found[key as 'output'], gradients[key]!.data, 1e-5, `gradient of ${key}`);
    });
  }
});

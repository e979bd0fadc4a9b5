import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import { evaluate, runModel } from '../testing/evaluate.js';
import * as g from './index.js';
import { type OnnxModel, opset, toOnnx } from './onnx.js';
import * as columns from './ops/columns.js';
import { type OperationName, table } from './ops/table.js';
import { type ModelProto, ModelProtoSchema, type ValueInfoProto } from './proto/onnx_pb.js';

const x = g.input('x', [2, 3]);
const y = g.input('y', [2, 3]);

function written(model: Omit<OnnxModel, 'name'>): ModelProto {
  return fromBinary(ModelProtoSchema, toOnnx({ name: 'model', ...model }));
}

const graphOf = (model: ModelProto) => model.graph!;
const namesOf = (list: readonly { name: string }[]) => list.map(({ name }) => name);

function dimsOf(info: ValueInfoProto): (number | string)[] {
  const type = info.type!.value;
  assert.equal(type.case, 'tensorType');
  return (type.value as { shape: { dim: { value: { value?: unknown } }[] } }).shape.dim.map(({ value }) =>
    typeof value.value === 'bigint' ? Number(value.value) : (value.value as string),
  );
}

const float = (values: readonly number[], dims: readonly number[]) => ({
  data: Float32Array.from(values),
  dims,
});

describe('an exported model', () => {
  it('declares the operator set and says who made it', () => {
    const model = written({
      outputs: { z: g.exp(x) },
      doc: 'what it is for',
      metadata: { a: '1', b: 'zwei' },
    });
    assert.deepEqual(
      model.opsetImport.map(({ domain, version }) => [domain, Number(version)]),
      [['', opset]],
    );
    assert.equal(model.producerName, 'autoencoder');
    assert.equal(model.docString, 'what it is for');
    assert.deepEqual(
      model.metadataProps.map(({ key, value }) => [key, value]),
      [
        ['a', '1'],
        ['b', 'zwei'],
      ],
    );
    assert.equal(graphOf(model).name, 'model');
  });

  it('documents inputs and outputs', () => {
    const { input, output } = graphOf(
      written({ outputs: { z: g.add(x, y) }, docs: { x: 'pixels', z: 'their sum' } }),
    );
    assert.deepEqual(
      [...input, ...output].map(({ name, docString }) => [name, docString]),
      [
        ['x', 'pixels'],
        ['y', ''],
        ['z', 'their sum'],
      ],
    );
  });

  it('has no words for an input or output of which none were given, whatever its name', () => {
    const graph = graphOf(
      written({ outputs: { toString: g.neg(g.input('valueOf', [2, 3])) }, docs: { other: 'Words.' } }),
    );
    assert.deepEqual([graph.input[0]!.docString, graph.output[0]!.docString], ['', '']);
  });

  it('has its inputs in the order asked for, the others behind', () => {
    const outputs = { z: g.add(g.add(x, y), g.input('w', [3])) };
    assert.deepEqual(namesOf(graphOf(written({ outputs })).input), ['x', 'y', 'w']);
    assert.deepEqual(namesOf(graphOf(written({ outputs, inputs: ['w', 'y'] })).input), ['w', 'y', 'x']);
  });

  it('leaves out inputs that no output needs', () => {
    const { input } = graphOf(written({ outputs: { z: g.exp(x) }, inputs: ['y', 'x'] }));
    assert.deepEqual(namesOf(input), ['x']);
  });

  it('has its outputs in the order given, with dtype and shape', () => {
    const { output } = graphOf(
      written({ outputs: { second: g.sum(x, 1), first: g.argMax(g.input('z', ['batch', 4])) } }),
    );
    assert.deepEqual(
      output.map((info) => [info.name, dimsOf(info)]),
      [
        ['second', [2]],
        ['first', ['batch']],
      ],
    );
    assert.deepEqual(
      output.map((info) => (info.type!.value.value as { elemType: number }).elemType),
      [1, 6],
    );
  });

  it('names nodes after the place at which they were built', () => {
    const z = g.inPlace('encoder', () => g.inPlace('0', () => g.exp(g.tanh(x))));
    const { node } = graphOf(written({ outputs: { z } }));
    assert.match(node[0]!.name, /^encoder\.0\/Tanh_/);
    assert.deepEqual(node[1]!.output, ['z']);
  });

  it('is the same bytes for the same model', () => {
    const build = () => {
      const input = g.input('input', ['batch', 3]);
      const w = g.input('w', [3, 2]);
      const h = g.tanh(g.gemm(input, w, g.constant([0.5, -1], [2])));
      const outputs = { h, probabilities: g.softmax(g.add(h, g.exp(h))) };
      return toOnnx({ name: 'm', outputs, initializers: new Map([['w', new Float32Array(6).fill(0.25)]]) });
    };
    assert.deepEqual(build(), build());
  });
});

const input = g.input('input', ['batch', 2, 3]);
const flat = g.reshape(input, ['batch', 6]);
const weights = Float32Array.from({ length: 12 }, (_, i) => i / 10);
const code = g.relu(g.gemm(flat, g.input('w', [6, 2]), g.input('b', [2])));
const encoder = toOnnx({
  name: 'encoder',
  outputs: { code, logits: g.logSoftmax(code), norm: g.sqrt(g.sum(g.mul(code, code), 1)) },
  initializers: new Map([
    ['w', weights],
    ['b', Float32Array.of(-2, 1)],
  ]),
});

describe('a symbolic batch', () => {
  it('is declared by name at input and outputs, and weights are no inputs', () => {
    const graph = graphOf(fromBinary(ModelProtoSchema, encoder));
    assert.deepEqual(graph.input.map(dimsOf), [['batch', 2, 3]]);
    assert.deepEqual(graph.output.map(dimsOf), [['batch', 2], ['batch', 2], ['batch']]);
    assert.ok(['w', 'b'].every((name) => namesOf(graph.initializer).includes(name)));
  });

  for (const batch of [1, 5]) {
    it(`runs with ${batch}`, async () => {
      const values = Float32Array.from({ length: batch * 6 }, (_, i) => Math.sin(i));
      const { code: found, norm } = await runModel(encoder, {
        input: float(Array.from(values), [batch, 2, 3]),
      });
      assert.deepEqual(found!.dims, [batch, 2]);
      assert.deepEqual(norm!.dims, [batch]);
      const row = (sample: number, unit: number) =>
        weights.reduce((sum, w, i) => (i % 2 === unit ? sum + w * values[sample * 6 + (i >> 1)]! : sum), 0);
      const last = batch - 1;
      const expected = [Math.max(row(last, 0) - 2, 0), Math.max(row(last, 1) + 1, 0)];
      expected.forEach((value, unit) => {
        assert.ok(Math.abs(found!.data[last * 2 + unit]! - value) < 1e-5);
      });
    });
  }

  it('may be that of the gradient of each second element, and on any axis', async () => {
    for (const [axis, batch] of [0, 1].flatMap((axis) => [1, 3].map((batch) => [axis, batch] as const))) {
      const shape = (length: number | string) => (axis === 0 ? [length, 2, 3] : [2, length, 3]);
      const rows = g.input('rows', shape('batch'));
      const odd = g.slice(rows, 2, 0, 3, 2);
      const [dx] = g.gradient(g.sum(g.mul(odd, odd)), [rows]);
      const model = toOnnx({ name: 'm', outputs: { dx } });
      const values = Array.from({ length: batch * 6 }, (_, i) => i + 1);
      const dims = shape(batch) as number[];
      const { dx: found } = await runModel(model, { rows: float(values, dims) });
      assert.deepEqual(found!.dims, dims);
      assert.deepEqual(
        Array.from(found!.data),
        values.map((value, i) => (i % 3 === 1 ? 0 : 2 * value)),
      );
    }
  });
});

describe('outputs', () => {
  it('an input can be an output, under another name', async () => {
    const { same } = await runModel(toOnnx({ name: 'm', outputs: { same: x } }), {
      x: float([1, 2, 3, 4, 5, 6], [2, 3]),
    });
    assert.deepEqual(Array.from(same!.data), [1, 2, 3, 4, 5, 6]);
  });

  it('one expression can be two outputs', async () => {
    const z = g.mul(x, 2);
    const found = await runModel(toOnnx({ name: 'm', outputs: { a: z, b: g.mul(x, 2), c: g.exp(z) } }), {
      x: float([0, 0.5, 1, 0, 0, 0], [2, 3]),
    });
    assert.deepEqual(found.a!.data, found.b!.data);
    assert.deepEqual(Array.from(found.b!.data), [0, 1, 2, 0, 0, 0]);
    assert.ok(Math.abs(found.c!.data[1]! - Math.E) < 1e-6);
  });

  it('a constant can be an output, and so can a weight', async () => {
    const found = await runModel(
      toOnnx({
        name: 'm',
        outputs: { three: g.constant(3), w2: g.input('w', [2]), list: g.constant([1, 2], [2], 'int32') },
        initializers: new Map([['w', Float32Array.of(7, 8)]]),
      }),
      {},
    );
    assert.deepEqual(Array.from(found.three!.data), [3]);
    assert.deepEqual(Array.from(found.w2!.data), [7, 8]);
    assert.deepEqual([found.list!.type, ...Array.from(found.list!.data)], ['int32', 1, 2]);
  });

  it('constants of every dtype arrive as they are', async () => {
    const found = await evaluate({
      bytes: g.cast(g.constant([0, 255], [2], 'uint8'), 'float32'),
      truth: g.where(g.constant([1, 0], [2], 'bool'), 1, 2),
      filled: g.constant(0.5, [2, 2]),
      special: g.constant([Infinity, -Infinity, -0], [3]),
    });
    assert.deepEqual(found, {
      bytes: [0, 255],
      truth: [1, 2],
      filled: [0.5, 0.5, 0.5, 0.5],
      special: [Infinity, -Infinity, -0],
    });
  });
});

// A graph that holds every row. A row that is missing here does not compile.

const image = g.input('image', [1, 4, 6, 6]);
const kernel = g.constant(0.1, [4, 4, 3, 3]);
const index = g.constant([1, 0], [2], 'int32');
const truth = g.greater(x, y);
const positive = g.add(g.abs(x), 1);
const column = g.slice(x, 1, 0, 1);
const double = g.cast(column, 'float64');
const words = columns.labelDecode(g.abs(column), ['a', 'b']);
const everything: Readonly<Record<OperationName, g.Expr>> = {
  ...{ add: g.add(x, y), sub: g.sub(x, y), mul: g.mul(x, y), div: g.div(x, positive), neg: g.neg(x) },
  ...{ pow: g.pow(positive, y), maximum: g.maximum(x, y), minimum: g.minimum(x, y), greater: truth },
  ...{ greaterOrEqual: g.greaterOrEqual(x, y), less: g.less(x, y), lessOrEqual: g.lessOrEqual(x, y) },
  ...{
    equal: g.equal(x, y),
    and: g.and(truth, g.less(x, 1)),
    or: g.or(truth, g.less(x, 1)),
    not: g.not(truth),
  },
  ...{ where: g.where(truth, x, y), cast: g.cast(x, 'uint8'), exp: g.exp(x), log: g.log(positive) },
  ...{ sqrt: g.sqrt(positive), log1p: g.log1p(positive), abs: g.abs(x), sign: g.sign(x), floor: g.floor(x) },
  ...{ clip: g.clip(x, -1, 1), stopGradient: g.stopGradient(x), tanh: g.tanh(x), sigmoid: g.sigmoid(x) },
  ...{ erf: g.erf(x), softplus: g.softplus(x), relu: g.relu(x), leakyRelu: g.leakyRelu(x), elu: g.elu(x) },
  ...{
    sum: g.sum(x),
    sumOfSquares: g.sumOfSquares(x, 0),
    mean: g.mean(x, 0),
    max: g.max(x, 1, true),
    softmax: g.softmax(x, 0),
  },
  ...{ logSoftmax: g.logSoftmax(x), argMax: g.argMax(x), expand: g.expand(x, [4, 2, 3]) },
  ...{ reshape: g.reshape(x, [3, 2]), transpose: g.transpose(x), concat: g.concat([x, y], 0) },
  ...{
    slice: g.slice(x, 1, 0, 3, 2),
    flip: g.flip(x, 1),
    pad: g.pad(x, [1, 0], [0, 2]),
    gather: g.gather(x, index),
  },
  ...{ scatterAdd: g.scatterAdd(x, index, 5), matMul: g.matMul(g.expand(x, [2, 2, 3]), g.transpose(y)) },
  gemm: g.gemm(x, y, g.constant([1, 2], [2]), { transB: true, alpha: 0.5 }),
  conv: g.conv(image, kernel, { pads: [1, 1, 1, 1], strides: [2, 2] }),
  convTranspose: g.convTranspose(image, kernel, { strides: [2, 2], outputPadding: [2, 1] }),
  maxPool: g.maxPool(image, { kernel: [2, 2] }),
  averagePool: g.averagePool(image, { kernel: [2, 2], countPads: true }),
  upsample: g.upsample(image, [2, 2], 'bilinear'),
  isNan: g.isNan(x),
  sin: g.sin(x),
  ...{ standardize: columns.standardize(double, 3, 2), phase: columns.phase(double, 7) },
  ...{ unstandardize: columns.unstandardize(column, 3n, 2, 'int64'), labelDecode: words },
  ...{ roundWhole: columns.roundWhole(double) },
  ...{ interpolate: columns.interpolate(double, [0, 1, 3], [-1, 0, 5]) },
  ...{ uninterpolate: columns.uninterpolate(column, [0, 1, 3], [-1, 0, 5]) },
  labelEncode: columns.labelEncode(words, ['a', 'b'], [0, 1], 2),
};

describe('every row of the table', () => {
  const bytes = toOnnx({ name: 'everything', outputs: everything });

  it('is what its name says', () => {
    for (const [name, node] of Object.entries(everything))
      assert.equal(node.row, table[name as OperationName].row, name);
  });

  it('gives a result of the shape that was promised', async () => {
    const zeros = (shape: readonly number[]) =>
      float(new Array(shape.reduce((a, b) => a * b)).fill(0.5), shape);
    const found = await runModel(bytes, { x: zeros([2, 3]), y: zeros([2, 3]), image: zeros([1, 4, 6, 6]) });
    for (const [name, node] of Object.entries(everything)) {
      assert.deepEqual([...found[name]!.dims], [...node.shape], name);
      assert.equal(found[name]!.type, node.dtype, name);
    }
  });

  const python = process.env.PYTHON;
  const skip = python ? false : 'set PYTHON to a Python that has onnx';
  it("passes ONNX's own checker, types and shapes included", { skip }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'onnx-test-'));
    try {
      for (const [name, model] of Object.entries({ everything: bytes, encoder })) {
        const path = join(folder, `${name}.onnx`);
        writeFileSync(path, model);
        const check = 'import onnx, sys; onnx.checker.check_model(sys.argv[1], full_check=True)';
        const { status, stderr } = spawnSync(python!, ['-c', check, path], { encoding: 'utf8' });
        assert.equal(status, 0, `${name}: ${stderr}`);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

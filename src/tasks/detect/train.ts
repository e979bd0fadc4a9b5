import { familyOf } from '../../estimator/create.js';
import { runChunks } from '../../estimator/inference.js';
import { Model } from '../../estimator/model.js';
import type { Platform } from '../../estimator/platform.js';
import { input } from '../../graph/expr.js';
import { toOnnx } from '../../graph/onnx.js';
import { add, mul } from '../../graph/ops/elementwise.js';
import { concat } from '../../graph/ops/shaping.js';
import type { Definition } from '../../models/definition.js';
import { autoencoderFamily } from '../../models/families/autoencoder.js';
import { inputOf, type SampleSpec } from '../../models/io.js';
import { parseOptions } from '../../models/options.js';
import { expandFields, type FieldLayout, fieldCount, fieldOutputs } from '../../nn/fields.js';
import { Scope } from '../../nn/scope.js';
import { permutation } from '../../random/fill.js';
import { Random } from '../../random/random.js';
import type { EncodedRows } from '../../table/reservoir.js';
import { ensembleTensor, memberName, memberOutputs, quantities } from './ensemble.js';
import { typicalDeviances } from './judge.js';
import { fitWhitening, robustSpread, smallPart, squaredDistance } from './linear.js';
import type { DetectorConfig } from './options.js';

/** Networks that were trained, and what held-out rows look like to them. */
export interface TrainedEnsemble {
  readonly tensors: Readonly<Record<string, { readonly shape: number[]; readonly data: Float32Array }>>;
  /** The score of every row by the networks that had not learned from it. */
  readonly heldOut: Float64Array;
}

const batchSize = 128;
/** Steps of an epoch: many, since the end of each is a pause; a network's few rows are drawn again and again. */
const stepsPerEpoch = 50;
/** The share of the rows that a network learns from at most, so that some are held out from it. */
const largestShare = 0.7;

/** How rows look to the networks of a detector. */
export function sampleSpec(layout: FieldLayout): SampleSpec {
  return { dtype: 'float32', shape: [fieldCount(layout)], scale: 1, fields: layout };
}

/** The configuration of each network, as the family of autoencoders knows it. */
export function networkConfig(config: DetectorConfig, layout: FieldLayout): unknown {
  const features = fieldOutputs(layout);
  return parseOptions(
    autoencoderFamily.schema,
    {
      hidden: config.hidden ? [...config.hidden] : [Math.min(Math.max(2 * features, 8), 64)],
      latent: config.latent ?? Math.ceil(Math.sqrt(features)),
      activation: 'tanh',
      inputNoise: config.inputNoise,
      likelihood: { type: 'fields', ...layout },
    },
    'detector',
  );
}

/** The networks of a detector as expressions. */
export function networkDefinition(config: unknown, sample: SampleSpec): Definition {
  return autoencoderFamily.define(config as never, inputOf(sample));
}

/** Trains the networks, each on rows of its own. */
export async function trainEnsemble(
  platform: Platform,
  config: DetectorConfig,
  layout: FieldLayout,
  rows: EncodedRows,
  {
    signal,
    onNetwork,
  }: { signal?: AbortSignal | undefined; onNetwork?: ((done: number) => void) | undefined },
): Promise<TrainedEnsemble> {
  const sample = sampleSpec(layout);
  const options = networkConfig(config, layout);
  const tensors: Record<string, { shape: number[]; data: Float32Array }> = {};
  const members: Uint32Array[] = [];
  // Two rows at least; of fewer than ten none can be spared.
  const most = rows.count < 10 ? rows.count : Math.floor(rows.count * largestShare);
  const size = Math.min(config.maxSamples, most);
  for (let member = 0; member < config.networks; member++) {
    const seed = config.seed * config.networks + member;
    const subset = permutation(rows.count, new Random(config.seed, 'subsample', member))
      .slice(0, size)
      .sort();
    members.push(subset);
    const random = new Random(config.seed, 'batches', member);
    const drawn = Uint32Array.from({ length: stepsPerEpoch * batchSize }, () => subset[random.below(size)]!);
    const data = { data: pick(rows, drawn), shape: [drawn.length, rows.width] };
    const model = new Model(platform, { family: familyOf('autoencoder'), config: options, sample, seed });
    await model.fit(data, {
      epochs: Math.ceil(config.steps / stepsPerEpoch),
      batchSize,
      learningRate: config.learningRate,
      learningRateSchedule: { type: 'cosine', duration: config.steps, unit: 'step' },
      ...(signal && { signal }),
    });
    signal?.throwIfAborted();
    for (const { name, shape } of model.variables) {
      tensors[memberName(member, name)] = { shape: [...shape], data: model.weights[name]! };
    }
    onNetwork?.(member + 1);
  }
  const definition = networkDefinition(options, sample);
  const heldOut = await calibrate(platform, config, sample, definition, rows, members, tensors);
  return { tensors, heldOut };
}

function pick(rows: EncodedRows, subset: Uint32Array): Float32Array {
  const out = new Float32Array(subset.length * rows.width);
  subset.forEach((row, i) => {
    out.set(rows.data.subarray(row * rows.width, (row + 1) * rows.width), i * rows.width);
  });
  return out;
}

/** Adds to the tensors what the quantities of each network are like, and gives the held-out score of every row. */
async function calibrate(
  platform: Platform,
  { networks }: DetectorConfig,
  sample: SampleSpec,
  definition: Definition,
  rows: EncodedRows,
  members: readonly Uint32Array[],
  tensors: Record<string, { shape: number[]; data: Float32Array }>,
): Promise<Float64Array> {
  const { latent } = definition;
  const { deviances, codes, fields } = await measure(platform, networks, sample, definition, rows, tensors);
  const { width } = rows;
  tensors[ensembleTensor.typical] = {
    shape: [1, width],
    data: typicalDeviances(fields, width),
  };
  const sums = new Float64Array(rows.count);
  const all = new Float64Array(rows.count);
  const judges = new Uint32Array(rows.count);
  members.forEach((subset, member) => {
    const code = (row: number) =>
      codes.subarray((row * networks + member) * latent, (row * networks + member + 1) * latent);
    const learned = new Float32Array(subset.length * latent);
    subset.forEach((row, i) => {
      learned.set(code(row), i * latent);
    });
    const whitening = fitWhitening(learned, latent);
    const each = (value: (row: number) => number) =>
      Float64Array.from({ length: rows.count }, (_, row) => value(row));
    const measured = [
      each((row) => deviances[row * networks + member]!),
      each((row) => squaredDistance(code(row), whitening)),
    ];
    const floors = measured.map(smallPart);
    const logs = measured.map((values, i) => values.map((value) => Math.log(value + floors[i]!)));
    const spreads = logs.map(robustSpread);
    tensors[ensembleTensor.codeMean(member)] = { shape: [1, latent], data: whitening.mean };
    tensors[ensembleTensor.codeWhitening(member)] = { shape: [latent, latent], data: whitening.matrix };
    const numbers = (values: readonly number[]) => ({
      shape: [1, quantities],
      data: Float32Array.from(values),
    });
    tensors[ensembleTensor.floor(member)] = numbers(floors);
    tensors[ensembleTensor.center(member)] = numbers(spreads.map(({ center }) => center));
    tensors[ensembleTensor.scale(member)] = numbers(spreads.map(({ scale }) => scale));
    const inBag = new Set(subset);
    for (let row = 0; row < rows.count; row++) {
      const score =
        logs.reduce((sum, log, i) => sum + (log[row]! - spreads[i]!.center) / spreads[i]!.scale, 0) /
        quantities;
      all[row]! += score / networks;
      if (inBag.has(row)) continue;
      sums[row]! += score;
      judges[row]!++;
    }
  });
  // A row that every network has learned from is judged by all.
  return sums.map((sum, row) => (judges[row] === 0 ? all[row]! : sum / judges[row]!));
}

/**
 * The deviance of every row by every network, [rows, networks], its codes, [rows, networks, latent], and the mean
 * deviance of each field, [rows, fields].
 */
async function measure(
  platform: Platform,
  networks: number,
  sample: SampleSpec,
  definition: Definition,
  { data, count, width }: EncodedRows,
  tensors: Readonly<Record<string, { data: Float32Array }>>,
): Promise<{ deviances: Float32Array; codes: Float32Array; fields: Float32Array }> {
  const layout = sample.fields!;
  const x = expandFields(input('input', ['batch', width]), layout);
  const scope = Scope.root({ training: false });
  const members = Array.from({ length: networks }, (_, member) =>
    memberOutputs(definition, layout, member, x, scope),
  );
  const outputs = {
    deviances: concat(
      members.map(({ deviance }) => deviance),
      1,
    ),
    codes: concat(
      members.map(({ code }) => code),
      1,
    ),
    fields: mul(
      members.map((member) => member.deviances).reduce((a, b) => add(a, b)),
      1 / networks,
    ),
  };
  const initializers = new Map(Object.entries(tensors).map(([name, tensor]) => [name, tensor.data]));
  const session = await platform.createSession(toOnnx({ name: 'measures', outputs, initializers }));
  try {
    const found = await runChunks(session, { input: { dtype: 'float32', shape: [count, width], data } }, [
      'deviances',
      'codes',
      'fields',
    ]);
    return { deviances: found.deviances!.data, codes: found.codes!.data, fields: found.fields!.data };
  } finally {
    await session.release();
  }
}

import { type Expr, input } from '../graph/expr.js';
import { toOnnx } from '../graph/onnx.js';
import { abs, div, maximum, mul, sub } from '../graph/ops/elementwise.js';
import { mean, sum } from '../graph/ops/reducing.js';
import { concat, reshape } from '../graph/ops/shaping.js';
import { sizeOf } from '../graph/shape.js';
import type { Definition } from '../models/definition.js';
import {
  exportedInput,
  exportedScope,
  type GraphInput,
  type SampleSpec,
  sampleInput,
  toSamples,
} from '../models/io.js';
import { expandFields } from '../nn/fields.js';
import { Scope } from '../nn/scope.js';
import type { Column } from '../table/columns.js';
import { columnInputNames, decodedColumns, encodedRow, rawColumns } from '../table/graph.js';
import { renamed } from '../table/names.js';

/** A trained model as its graphs need it. */
export interface Trained {
  readonly family: string;
  readonly definition: Definition;
  readonly sample: SampleSpec;
  readonly weights: Readonly<Record<string, Float32Array>>;
  /** The columns of the table that samples are rows of: then graphs take raw columns, and give them. */
  readonly columns?: readonly Column[];
}

const batch = 'batch';

function unitsOf({ dtype, scale }: SampleSpec): string {
  return dtype === 'uint8'
    ? `bytes from 0 to 255, multiplied by ${scale} inside the model`
    : 'numbers as they were in training';
}

/** What goes into a graph, and how it is called and explained. */
interface Inputs extends GraphInput {
  readonly names: readonly string[];
  readonly docs: Readonly<Record<string, string>>;
}

/** What goes in: samples as the user has them, or one input for each raw column of a table. */
function inputOf({ sample, columns }: Trained): Inputs {
  if (columns === undefined) {
    const docs = { input: `Samples: ${unitsOf(sample)}.`, ...labelDoc(sample) };
    return { ...exportedInput(sample, batch), names: Object.keys(docs), docs };
  }
  return {
    x: expandFields(encodedRow(columns, batch), sample.fields!),
    scope: Scope.root({ training: false }),
    names: columns.map(({ name }) => name),
    docs: Object.fromEntries(rawColumns(columns).map(({ name, doc }) => [name, doc])),
  };
}

/** What goes into a decoder, `x` being the codes. */
function codeInputOf({ definition, sample }: Trained): Inputs {
  const { latent } = definition;
  const docs = { code: `Codes, ${latent} numbers for each sample.`, ...labelDoc(sample) };
  const x = input('code', [batch, latent]);
  return { x, scope: exportedScope(sample, batch), names: Object.keys(docs), docs };
}

function labelDoc({ classes }: SampleSpec): Record<string, string> {
  return classes === undefined
    ? {}
    : { label: `The class of each sample, a whole number from 0 to ${classes - 1}.` };
}

/** The prefix of a reconstructed column's name: an output cannot have the name of an input. */
export const reconstructionPrefix = 'reconstruction.';

/** What comes out: samples in the user's units, or one output for each column of a table. */
function outputsOf({ sample, columns }: Trained, reconstruction: Expr): Record<string, Expr> {
  const rows = toSamples(reconstruction, sample);
  if (columns === undefined) return { reconstruction: rows };
  return Object.fromEntries(
    Object.entries(decodedColumns(columns, rows)).map(([name, column]) => [
      `${reconstructionPrefix}${name}`,
      column,
    ]),
  );
}

/** What the outputs of reconstructed columns hold. */
function reconstructionDocs(columns: readonly Column[], text: string): Record<string, string> {
  return {
    reconstruction: text,
    ...Object.fromEntries(
      rawColumns(columns).map(({ name, made }) => [`${reconstructionPrefix}${name}`, made]),
    ),
  };
}

/**
 * Outputs that are called otherwise in the files, since a column of the table has their name: with as many `_` behind it
 * as it takes. Alike in all files of a model.
 */
export function renamedOutputs({ definition, sample, columns }: Trained): Record<string, string> {
  if (columns === undefined) return {};
  const { x, scope } = sampleInput(sample, 1);
  const codes = definition.encode(x, scope);
  const names = columns.map(({ name }) => name);
  const own = [...Object.keys(codes), ...names.map((name) => `${reconstructionPrefix}${name}`)];
  return renamed(own, names);
}

interface File {
  readonly name: string;
  readonly doc: string;
  readonly inputs?: readonly string[];
  readonly inputDocs?: Readonly<Record<string, string>>;
  readonly outputDocs?: Readonly<Record<string, string>>;
}

function write(
  trained: Trained,
  { name, doc, inputs = [], inputDocs = {}, outputDocs = {} }: File,
  outputs: Readonly<Record<string, Expr>>,
): Uint8Array<ArrayBuffer> {
  const initializers = new Map(Object.entries(trained.weights));
  const names = new Map(Object.entries(renamedOutputs(trained)));
  const named = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [names.get(key) ?? key, value]));
  return toOnnx({
    name,
    doc,
    inputs,
    inputNames: columnInputNames(trained.columns ?? []),
    outputs: named(outputs),
    docs: { ...named(outputDocs), ...inputDocs },
    initializers,
    metadata: { family: trained.family },
  });
}

/** The encoder: `input` as the user has samples, and of a conditional model `label` → the code, or its distribution. */
export function encoderModel(trained: Trained): Uint8Array<ArrayBuffer> {
  const { x, scope, names, docs } = inputOf(trained);
  const outputDocs = {
    code: `The codes, ${trained.definition.latent} numbers for each sample.`,
    mean: 'The mean of the code for each sample; give it to the decoder.',
    logVar: "The logarithm of the code's variance, for each sample and latent dimension.",
  };
  return write(
    trained,
    { name: 'encoder', doc: 'Maps samples to codes.', inputs: names, inputDocs: docs, outputDocs },
    trained.definition.encode(x, scope),
  );
}

/** Codes as the decoder takes them: those of the encoder as they are, others as the nearest that can be. */
function nearestCodes({ definition }: Trained, code: Expr, scope: Scope): Expr {
  return definition.nearest?.(code, scope) ?? code;
}

/** `code` → `nearest`, the nearest to each that the encoder can give. */
export function nearestModel(trained: Trained): Uint8Array<ArrayBuffer> {
  const { x: code, scope } = codeInputOf(trained);
  return write(trained, { name: 'nearest', doc: '' }, { nearest: nearestCodes(trained, code, scope) });
}

/** The decoder: `code`, and of a conditional model `label` → samples in the user's units. */
export function decoderModel(trained: Trained): Uint8Array<ArrayBuffer> {
  const { definition, columns = [] } = trained;
  const { x: code, scope, names, docs } = codeInputOf(trained);
  const outputDocs = reconstructionDocs(
    columns,
    'Samples in the units and the shape of the training data, as float32.',
  );
  return write(
    trained,
    { name: 'decoder', doc: 'Maps codes to samples.', inputs: names, inputDocs: docs, outputDocs },
    outputsOf(trained, definition.decode(nearestCodes(trained, code, scope), scope)),
  );
}

/** A graph that needs more than samples: the scope names its noise and scheduled numbers. */
export interface ScopedModel {
  readonly model: Uint8Array<ArrayBuffer>;
  readonly scope: Scope;
}

/** The decoder as a distribution: `code` and noise → one draw of p(x | z), in the user's units. */
export function observationModel(trained: Trained): ScopedModel {
  const { definition, sample } = trained;
  const { x: code, scope } = codeInputOf(trained);
  const drawn = definition.observe!(code, scope);
  return {
    model: write(trained, { name: 'observation', doc: '' }, { reconstruction: toSamples(drawn, sample) }),
    scope,
  };
}

/** The prior: noise → so many codes, `code`. */
export function priorModel(trained: Trained, count: number): ScopedModel {
  const scope = Scope.root({ training: false });
  const code = trained.definition.prior!(count, scope);
  return { model: write(trained, { name: 'prior', doc: '' }, { code }), scope };
}

/** Both: `input`, and of a conditional model `label` → its reconstruction. */
export function autoencoderModel(trained: Trained): Uint8Array<ArrayBuffer> {
  const { definition, columns = [] } = trained;
  const { x, scope, names, docs } = inputOf(trained);
  const [code] = Object.values(definition.encode(x, scope));
  const outputDocs = reconstructionDocs(
    columns,
    'The reconstruction in the units and the shape of the input, as float32.',
  );
  return write(
    trained,
    {
      name: 'autoencoder',
      doc: 'Maps samples to their reconstructions.',
      inputs: names,
      inputDocs: docs,
      outputDocs,
    },
    outputsOf(trained, definition.decode(code!, scope)),
  );
}

/**
 * The names of the figures in the `figures` output of `evaluationModel`, in their order, and how many numbers of noise it
 * needs for a sample.
 */
export function evaluationPlan(
  definition: Definition,
  sample: SampleSpec,
): { readonly names: string[]; readonly noise: number } {
  const { x, scope } = sampleInput(sample, 1);
  const { metrics } = definition.objective(x, scope);
  return {
    names: ['loss', ...Object.keys(metrics), 'squaredError', 'absoluteError'],
    noise: [...scope.noises.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0),
  };
}

/** The mean over all features that were observed. */
function averageOf(observed: Expr | undefined): (x: Expr) => Expr {
  if (observed === undefined) return (x) => mean(x);
  const count = maximum(sum(observed), 1);
  return (x) => div(sum(mul(x, observed)), count);
}

/**
 * What `evaluate` measures on so many samples: the objective and its parts, and the mean squared and absolute error of the
 * reconstruction in model units; and the codes.
 */
export function evaluationModel(trained: Trained, rows: number): ScopedModel {
  const { definition, sample } = trained;
  const { x, scope } = sampleInput(sample, rows);
  const { loss, metrics } = definition.objective(x, scope);
  const [code] = Object.values(definition.encode(x, scope));
  const error = sub(x, definition.decode(code!, scope));
  const average = averageOf(definition.observed?.(x));
  const figures = [loss, ...Object.values(metrics), average(mul(error, error)), average(abs(error))];
  const vector = concat(
    figures.map((figure) => reshape(figure, [1])),
    0,
  );
  return { model: write(trained, { name: 'evaluation', doc: '' }, { figures: vector, code: code! }), scope };
}

/** Samples, so many at a time, → `logWeights`, [rows, draws]; see `Definition.logWeights`. */
export function importanceModel(trained: Trained, rows: number, draws: number): ScopedModel {
  const { x, scope } = sampleInput(trained.sample, rows);
  const logWeights = trained.definition.logWeights!(x, draws, scope);
  return { model: write(trained, { name: 'importance', doc: '' }, { logWeights }), scope };
}

import { UserError } from '../errors.js';
import { constant, type Expr, input, topological } from '../graph/expr.js';
import { gradient } from '../graph/gradient.js';
import { largestProduct } from '../graph/largestProduct.js';
import { toOnnx } from '../graph/onnx.js';
import { conv, convTranspose } from '../graph/ops/convolution.js';
import { add, clip, div, maximum, minimum, mul, sqrt } from '../graph/ops/elementwise.js';
import { sum } from '../graph/ops/reducing.js';
import { concat, reshape } from '../graph/ops/shaping.js';
import { areMeansOverRows } from '../graph/rowwise.js';
import { sizeOf } from '../graph/shape.js';
import type { Trainable } from '../models/definition.js';
import { type SampleSpec, sampleInput } from '../models/io.js';
import { type OptimizerConfig, optimizer as optimizerOf } from '../nn/optimizers.js';
import type { Scope } from '../nn/scope.js';
import {
  outputName,
  type Program,
  type ProgramForm,
  scalarInput,
  slotInput,
  type VariableSpec,
} from '../runtime/backend.js';

/** Limits on gradients. */
export interface ClipOptions {
  /** The largest norm that all gradients together may have; more is scaled down. */
  readonly clipNorm?: number | undefined;
  /** The largest size that one gradient element may have; more is cut. */
  readonly clipValue?: number | undefined;
}

/** What the graphs of one training run have in common. */
export interface ProgramOptions extends ClipOptions {
  readonly definition: Trainable;
  readonly sample: SampleSpec;
  readonly optimizer: OptimizerConfig;
  readonly form: ProgramForm;
  /** Into how many parts a batch may be divided, to be computed side by side; 1 by default. */
  readonly parts?: number;
}

interface Built {
  readonly scope: Scope;
  readonly loss: Expr;
  readonly metrics: Readonly<Record<string, Expr>>;
}

function build({ definition, sample }: ProgramOptions, batch: number, training: boolean): Built {
  const { x, scope } = sampleInput(sample, batch, { training });
  const { loss, metrics } = definition.objective(x, scope);
  // The loss that is reported is the one that is minimised, penalties included.
  const total = scope.penalties === null ? loss : add(loss, scope.penalties);
  return { scope, loss: total, metrics: { loss: total, ...metrics } };
}

/**
 * The variables of a model in the order in which it asks for them.
 * @param family names it in the message
 * @throws {UserError} when its objective asks for a number that its scalars do not have
 */
export function variablesOf(definition: Trainable, sample: SampleSpec, family = 'model'): Scope['variables'] {
  const { x, scope } = sampleInput(sample, 1, { training: true });
  definition.objective(x, scope);
  const missing = [...scope.scalars.keys()].find((name) => !Object.hasOwn(definition.scalars, name));
  if (missing !== undefined) {
    throw new UserError(
      `${family}: scope.scalar('${missing}') asks for a number that the family's scalars do not have; add ${missing}: { base, schedule } to them`,
    );
  }
  return scope.variables;
}

/** The same as plain data, for a backend. */
export function variableSpecs(variables: Scope['variables']): VariableSpec[] {
  return [...variables].map(([name, { shape, trainable }]) => ({ name, shape, trainable }));
}

/** The names of the metrics, in the order in which programs give them. */
export function metricNames(options: ProgramOptions): string[] {
  return Object.keys(build(options, 1, false).metrics);
}

/** The graph that measures a batch: metrics alone. */
export function evaluateProgram(options: ProgramOptions, batch: number): Program {
  const built = build(options, batch, false);
  return program(built, batch, {});
}

/**
 * So many rows at least has a part of a batch: with fewer, what a run costs apart from them counts, and kernels work on
 * matrices that are too narrow.
 */
const leastPart = 16;

/** Each part has a copy of the weights, and its gradients are added to the others': beyond these that is no small matter. */
const mostParts = 8;
const mostWeights = 2 ** 22;

/** The graph that learns from a batch; where it can be divided and that pays, from one part of it. */
export function trainProgram(options: ProgramOptions, batch: number): Program {
  const whole = build(options, batch, true);
  const size = partSize(batch, options.parts ?? 1);
  if (size === batch || !isDivisible(options, whole, batch)) return stepProgram(options, whole, batch);
  const part = stepProgram(options, build(options, size, true), size);
  return { ...part, batch, parts: batch / size, noises: noisesOf(whole) };
}

/** The size of the equal parts, as many as possible up to `parts`. */
function partSize(batch: number, parts: number): number {
  for (let count = Math.min(parts, mostParts); count > 1; count--) {
    if (batch % count === 0 && batch / count >= leastPart) return batch / count;
  }
  return batch;
}

/**
 * Whether parts of a batch give the step of the whole on average, and faster. Convolutions gain: ONNX Runtime divides
 * them among threads image by image. Matrix products it divides well itself.
 */
function isDivisible({ form, clipNorm, clipValue }: ProgramOptions, built: Built, batch: number): boolean {
  const { scope, loss, metrics } = built;
  const plain = form === 'gradients' && clipNorm === undefined && clipValue === undefined;
  if (!plain || scope.updates.size > 0 || scope.rivals !== null) return false;
  const weights = [...scope.variables.values()].reduce((total, { shape }) => total + sizeOf(shape), 0);
  if (weights > mostWeights) return false;
  const convolves = topological([loss]).some(({ row }) => row === conv.row || row === convTranspose.row);
  const hasRows = [...scope.noises.values()].every(({ shape }) => shape[0] === batch);
  return (
    convolves &&
    hasRows &&
    areMeansOverRows(Object.values(metrics), new Set(['input', ...scope.noises.keys()]))
  );
}

function stepProgram(options: ProgramOptions, built: Built, batch: number): Program {
  const trainable = [...built.scope.variables].filter(([, variable]) => variable.trainable);
  const { rivals } = built.scope;
  const raw = gradient(
    rivals === null ? built.loss : add(built.loss, rivals),
    trainable.map(([, variable]) => variable.expr),
  );
  const gradients = clipped(raw, options);
  const outputs: Record<string, Expr> = {};
  for (const [name, next] of built.scope.updates) outputs[outputName.next('weight', name)] = next;
  if (options.form === 'gradients') {
    trainable.forEach(([name], i) => {
      outputs[outputName.gradient(name)] = gradients[i]!;
    });
    return program(built, batch, outputs);
  }

  const rule = optimizerOf(options.optimizer);
  const scalars = Object.fromEntries(
    Object.keys(rule.scalars(1, 0)).map((name) => [name, input(scalarInput(name), [])]),
  );
  trainable.forEach(([name, { expr, shape }], i) => {
    const slots = Object.fromEntries(
      Object.keys(rule.slots).map((slot) => [slot, input(slotInput(slot, name), shape)]),
    );
    const next = rule.update(expr, gradients[i]!, slots, scalars);
    outputs[outputName.next('weight', name)] = next.weight;
    for (const [slot, value] of Object.entries(next.slots)) outputs[outputName.next(slot, name)] = value;
  });
  outputs[outputName.gradientSquares] = squares(raw);
  return program(built, batch, outputs);
}

function program(built: Built, batch: number, outputs: Readonly<Record<string, Expr>>): Program {
  const { scope, metrics } = built;
  const vector = concat(
    Object.values(metrics).map((metric) => reshape(metric, [1])),
    0,
  );
  const all = { [outputName.metrics]: vector, ...outputs };
  return {
    batch,
    parts: 1,
    model: toOnnx({ name: 'step', outputs: all }),
    largestProduct: largestProduct(Object.values(all)),
    noises: noisesOf(built),
    scalars: [...scope.scalars.keys()],
  };
}

function noisesOf({ scope }: Built): Program['noises'] {
  return [...scope.noises].map(([name, { kind, shape }]) => ({
    name,
    kind,
    shape: shape.map((dim) => sizeOf([dim])),
  }));
}

function squares(gradients: readonly Expr[]): Expr {
  return gradients.map((g) => sum(mul(g, g))).reduce((a, b) => add(a, b), constant(0));
}

/** Elements are cut first, so that one wild element does not shrink all others. */
function clipped(gradients: readonly Expr[], { clipNorm, clipValue }: ClipOptions): readonly Expr[] {
  const cut = clipValue === undefined ? gradients : gradients.map((g) => clip(g, -clipValue, clipValue));
  if (clipNorm === undefined) return cut;
  const factor = minimum(div(clipNorm, maximum(sqrt(squares(cut)), 1e-12)), 1);
  return cut.map((g) => mul(g, factor));
}

import { z } from 'zod';
import { constant, type Expr, input } from '../graph/expr.js';
import { cast, maximum, mul } from '../graph/ops/elementwise.js';
import { gather, oneHot, reshape, slice } from '../graph/ops/shaping.js';
import { type Dim, sizeOf } from '../graph/shape.js';
import { collapseFields, expandFields, fieldFeatures } from '../nn/fields.js';
import { Scope } from '../nn/scope.js';
import type { SampleInput } from './family.js';

/** The parts of a `FieldLayout`. */
export const fieldLayout = {
  numbers: z.int().nonnegative(),
  booleans: z.int().nonnegative(),
  categories: z.array(z.int().positive()).readonly(),
  rare: z.array(z.int().nonnegative()).readonly(),
  missing: z.array(z.int().nonnegative()).readonly(),
} as const;

/** How samples look outside the model: the dtype and shape that the user has, and the factor to model units. */
export const sampleSpecSchema = z.strictObject({
  dtype: z.enum(['uint8', 'float32']),
  shape: z.array(z.int().positive()).min(1),
  /** Data times this are model units: 1/255 for bytes. */
  scale: z.number().positive(),
  /** Rows of a table: what their numbers mean. */
  fields: z.strictObject(fieldLayout).optional(),
  /** Of a conditional model: samples come with the number of their class, which is below this. */
  classes: z.int().positive().optional(),
});

/** How samples look outside the model. */
export type SampleSpec = z.output<typeof sampleSpecSchema>;

/** Features of one sample as the model sees it: its numbers, or those of a table's row spread out. */
export function featuresOf({ shape, fields }: SampleSpec): number {
  return fields === undefined ? sizeOf(shape) : fieldFeatures(fields);
}

/** The same of samples that a model is for: of a conditional one they have classes. */
export function withClasses(spec: SampleSpec, { classes }: { readonly classes?: number }): SampleSpec {
  return classes === undefined ? spec : { ...spec, classes };
}

/** What a family is told of samples that look so. */
export function inputOf(spec: SampleSpec): SampleInput {
  return { features: featuresOf(spec), shape: spec.shape };
}

/**
 * How a row looks in which a graph is fed a sample: as the user has it; with classes as its numbers with one more behind
 * them, its class. A byte has room for 256 classes; where there are more, rows are float32.
 */
export function rowOf({ dtype, shape, classes }: SampleSpec): Pick<SampleSpec, 'dtype' | 'shape'> {
  if (classes === undefined) return { dtype, shape };
  return { dtype: classes <= 256 ? dtype : 'float32', shape: [sizeOf(shape) + 1] };
}

/** A batch of samples in a graph. */
export interface GraphInput {
  /** In model units, [batch, features]. */
  readonly x: Expr;
  /** The scope to build the model in. */
  readonly scope: Scope;
}

/** The graph's `input`, rows as `rowOf` has them. */
export function sampleInput(
  spec: SampleSpec,
  batch: Dim,
  { training = false }: { readonly training?: boolean } = {},
): GraphInput {
  const { dtype, shape } = rowOf(spec);
  const raw = input('input', [batch, ...shape], dtype);
  if (spec.classes === undefined) return { x: toModel(raw, spec), scope: Scope.root({ training }) };
  const size = sizeOf(spec.shape);
  const label = cast(reshape(slice(raw, 1, size, size + 1), [batch]), 'int32');
  const condition = oneHot(label, spec.classes);
  return { x: toModel(slice(raw, 1, 0, size), spec), scope: Scope.root({ training, condition }) };
}

/** The inputs of an exported graph: `input`, samples as the user has them, and with classes `label`. */
export function exportedInput(spec: SampleSpec, batch: Dim): GraphInput {
  return {
    x: toModel(input('input', [batch, ...spec.shape], spec.dtype), spec),
    scope: exportedScope(spec, batch),
  };
}

/** The scope of an exported graph: with classes it has an input `label`, int32 [batch]. */
export function exportedScope({ classes }: SampleSpec, batch: Dim): Scope {
  const training = false;
  if (classes === undefined) return Scope.root({ training });
  return Scope.root({
    training,
    condition: oneHot(checked(input('label', [batch], 'int32'), classes), classes),
  });
}

/**
 * The same labels by way of a table of all of them, in which ONNX Runtime refuses to look up others: these would be no
 * class at all, and the model would answer as if nothing were wrong. Counting from the end, as negative places in a table
 * do, is kept out by making them too large.
 */
function checked(label: Expr, classes: number): Expr {
  const all = constant(
    Int32Array.from({ length: classes }, (_, i) => i),
    [classes],
    'int32',
  );
  return gather(all, maximum(label, mul(label, -classes)));
}

/** Samples as the user has them in model units, [batch, features]. */
function toModel(raw: Expr, spec: SampleSpec): Expr {
  if (spec.fields !== undefined) return expandFields(raw, spec.fields);
  return reshape(mul(cast(raw, 'float32'), spec.scale), [raw.shape[0]!, featuresOf(spec)]);
}

/** A reconstruction in model units, [batch, features], as the user has samples: [batch, …shape] in their units. */
export function toSamples(reconstruction: Expr, spec: SampleSpec): Expr {
  if (spec.fields !== undefined) return collapseFields(reconstruction, spec.fields);
  return reshape(mul(reconstruction, 1 / spec.scale), [reconstruction.shape[0]!, ...spec.shape]);
}

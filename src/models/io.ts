import { z } from 'zod';
import { type Expr, input } from '../graph/expr.js';
import { cast, mul } from '../graph/ops/elementwise.js';
import { reshape } from '../graph/ops/shaping.js';
import { type Dim, sizeOf } from '../graph/shape.js';
import { collapseFields, expandFields, fieldFeatures } from '../nn/fields.js';
import type { SampleInput } from './family.js';

/** The parts of a `FieldLayout`. */
export const fieldLayout = {
  numbers: z.int().nonnegative(),
  booleans: z.int().nonnegative(),
  categories: z.array(z.int().positive()).readonly(),
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
});

/** How samples look outside the model. */
export type SampleSpec = z.output<typeof sampleSpecSchema>;

/** Features of one sample as the model sees it: its numbers, or those of a table's row spread out. */
export function featuresOf({ shape, fields }: SampleSpec): number {
  return fields === undefined ? sizeOf(shape) : fieldFeatures(fields);
}

/** What a family is told of samples that look so. */
export function inputOf(spec: SampleSpec): SampleInput {
  return { features: featuresOf(spec), shape: spec.shape };
}

/** The graph's input as the user has it, [batch, …shape], and the same in model units, [batch, features]. */
export function sampleInput(spec: SampleSpec, batch: Dim): { raw: Expr; x: Expr } {
  const raw = input('input', [batch, ...spec.shape], spec.dtype);
  if (spec.fields !== undefined) return { raw, x: expandFields(raw, spec.fields) };
  return { raw, x: reshape(mul(cast(raw, 'float32'), spec.scale), [batch, featuresOf(spec)]) };
}

/** A reconstruction in model units, [batch, features], as the user has samples: [batch, …shape] in their units. */
export function toSamples(reconstruction: Expr, spec: SampleSpec): Expr {
  if (spec.fields !== undefined) return collapseFields(reconstruction, spec.fields);
  return reshape(mul(reconstruction, 1 / spec.scale), [reconstruction.shape[0]!, ...spec.shape]);
}

import { z } from 'zod';
import { type Expr, input } from '../graph/expr.js';
import { cast, mul } from '../graph/ops/elementwise.js';
import { reshape } from '../graph/ops/shaping.js';
import { type Dim, sizeOf } from '../graph/shape.js';

/** How samples look outside the model: the dtype and shape that the user has, and the factor to model units. */
export const sampleSpecSchema = z.strictObject({
  dtype: z.enum(['uint8', 'float32']),
  shape: z.array(z.int().positive()).min(1),
  /** Data times this are model units: 1/255 for bytes. */
  scale: z.number().positive(),
});

/** How samples look outside the model. */
export type SampleSpec = z.output<typeof sampleSpecSchema>;

/** Features of one sample. */
export function featuresOf(spec: SampleSpec): number {
  return sizeOf(spec.shape);
}

/** The graph's input as the user has it, [batch, …shape], and the same in model units, [batch, features]. */
export function sampleInput(spec: SampleSpec, batch: Dim): { raw: Expr; x: Expr } {
  const raw = input('input', [batch, ...spec.shape], spec.dtype);
  return { raw, x: reshape(mul(cast(raw, 'float32'), spec.scale), [batch, featuresOf(spec)]) };
}

/** A reconstruction in model units, [batch, features], as the user has samples: [batch, …shape] in their units. */
export function toSamples(reconstruction: Expr, spec: SampleSpec): Expr {
  return reshape(mul(reconstruction, 1 / spec.scale), [reconstruction.shape[0]!, ...spec.shape]);
}

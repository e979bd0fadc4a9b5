import { z } from 'zod';
import { UserError } from '../../errors.js';
import { parseOptions } from '../../models/options.js';
import { columnTypes } from '../../table/fit.js';
import { scalings } from '../../table/scaling.js';

const names = z.array(z.string()).readonly();

const schema = z.strictObject({
  /** The share of rows that is expected to be odd, from 0 to 0.5; `auto` lets the scores decide. */
  contamination: z.union([z.number().min(0).max(0.5), z.literal('auto')]).default(0.05),
  /** Instead of a contamination: rows with a higher score are anomalies. */
  threshold: z.number().optional(),
  /** How many autoencoders judge together. */
  networks: z.int().positive().default(16),
  /** Rows that each of them learns from: few, so that anomalies among them are rare and none is learned well. */
  maxSamples: z.int().min(2).default(256),
  /** Units of the hidden layers; by default twice as many as there are features, from 8 to 64. */
  hidden: z.array(z.int().positive()).readonly().optional(),
  /** Numbers in a code; by default the square root of the number of features. */
  latent: z.int().positive().optional(),
  /** Steps of training of each network. */
  steps: z.int().positive().default(600),
  learningRate: z.number().positive().default(4e-3),
  /** Standard deviation of the noise that training adds, in deviations of a column. */
  inputNoise: z.number().nonnegative().default(0.2),
  seed: z.int().default(0),
  columns: names.optional(),
  drop: names.optional(),
  categorical: names.optional(),
  types: z.record(z.string(), z.enum(columnTypes)).optional(),
  label: z.string().optional(),
  id: z.string().optional(),
  scaling: z.enum(scalings).optional(),
  maxClasses: z.int().positive().optional(),
});

/** All options of a detector, defaults filled in. */
export type DetectorConfig = z.output<typeof schema>;

/** The options as a user gives them. */
export type DetectorOptions = z.input<typeof schema>;

/** @throws {UserError} that names every option that is wrong */
export function detectorConfig(options: DetectorOptions): DetectorConfig {
  if (options.threshold !== undefined && options.contamination !== undefined) {
    throw new UserError(
      `detector: contamination (${String(options.contamination)}) decides the threshold, and threshold (${String(options.threshold)}) was given too; leave one of them out`,
    );
  }
  return parseOptions(schema as z.ZodType<DetectorConfig>, options, 'detector');
}

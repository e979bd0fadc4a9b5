import { z } from 'zod';
import { UserError } from '../errors.js';
import { sampleSpecSchema } from '../models/io.js';

/** The version of the artifact's format. Files of a newer one are refused, since they may mean something else. */
export const artifactVersion = 1;

const file = z.strictObject({ bytes: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/** What a model's folder says of itself. */
export const manifestSchema = z.strictObject({
  format: z.literal('autoencoder'),
  version: z.literal(artifactVersion),
  /** The version of the program that wrote it. */
  writtenBy: z.string(),
  family: z.string(),
  /** The family's options, defaults filled in. */
  config: z.record(z.string(), z.unknown()),
  /** How samples look outside the model. */
  sample: sampleSpecSchema,
  /** The columns of the table that it was trained on, and how each becomes numbers. */
  table: z.record(z.string(), z.unknown()).optional(),
  /** Outputs of the ONNX models that have another name there, since a column has theirs. */
  renamedOutputs: z.record(z.string(), z.string()).optional(),
  seed: z.int(),
  /** How it was trained, where it was. */
  training: z.record(z.string(), z.unknown()).nullable(),
  /** Every other file of the folder that belongs to the model. */
  files: z.record(z.string(), file),
});

/** What a model's folder says of itself. */
export type Manifest = z.output<typeof manifestSchema>;

/**
 * Reads a manifest.
 * @param source names the file in messages
 * @throws {UserError} when it is no manifest, damaged, or of a newer version
 */
export function parseManifest(text: string, source: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UserError(`${source}: damaged: it is not JSON`);
  }
  const { format, version } = (json ?? {}) as Record<string, unknown>;
  if (format !== 'autoencoder') throw new UserError(`${source}: not the manifest of a model of this program`);
  if (typeof version === 'number' && version > artifactVersion) {
    throw new UserError(
      `${source}: written by a newer program (format ${version}, this one reads up to ${artifactVersion}); update autoencoder`,
    );
  }
  const result = manifestSchema.safeParse(json);
  if (result.success) return result.data;
  throw new UserError(`${source}: damaged: ${z.prettifyError(result.error).replaceAll('\n', ' ')}`);
}

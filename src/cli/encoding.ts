import { extname } from 'node:path';
import { tableWriter } from '../artifact/tableFile.js';
import { writeWhole } from '../artifact/write.js';
import { npyBytes } from '../data/npy.js';
import { UserError } from '../errors.js';
import type { Dataset, Matrix, Model } from '../index.js';
import { openRun } from './open.js';
import { isTableFile, writeCodes } from './tableOutput.js';
import { dataFor } from './tableRun.js';

/**
 * Encodes data as `autoencoder encode` is asked to.
 * @returns the model, and how many codes were written
 * @throws {UserError}
 */
export async function encode(
  run: string,
  spec: string,
  path: string,
  carry: readonly string[] | undefined,
): Promise<{ readonly model: Model; readonly samples: number }> {
  const isNpy = extname(path).toLowerCase() === '.npy';
  if (!isNpy && !isTableFile(path)) {
    throw new UserError(
      `-o ${path}: the name's ending decides what is written; give one that ends in .npy, .csv, .tsv, .jsonl or .parquet`,
    );
  }
  const model = await openRun(run);
  if (isNpy) {
    const codes = await model.encode(await dataFor(model, spec));
    await writeWhole(path, npyBytes(codes));
    return { model, samples: codes.shape[0]! };
  }
  if (model.table !== undefined) return { model, samples: await writeCodes(path, model, spec, carry) };
  if (carry !== undefined) {
    throw new UserError('--carry names columns of a table, but the run was trained on arrays; leave it out');
  }
  const data = await dataFor(model, spec);
  const codes = await model.encode(data);
  await writeArrayCodes(path, codes, data);
  return { model, samples: codes.shape[0]! };
}

/** Codes of arrays, with the names and the labels of the samples where the data have them. */
async function writeArrayCodes(
  path: string,
  { data, shape }: Matrix,
  { labels, names }: Dataset,
): Promise<void> {
  const [samples, latent] = shape as [number, number];
  const writer = await tableWriter(path, [
    ...(names ? [{ name: 'file', type: 'text' as const }] : []),
    ...(labels ? [{ name: 'label', type: 'integer' as const }] : []),
    ...Array.from({ length: latent }, (_, i) => ({ name: `z${i}`, type: 'number' as const })),
  ]);
  try {
    const columns = Array.from({ length: latent }, (_, i) =>
      // Nine digits tell every float32 from its neighbours; more would only show its binary form.
      Array.from({ length: samples }, (_unused, row) => Number(data[row * latent + i]!.toPrecision(9))),
    );
    await writer.write([...(names ? [names] : []), ...(labels ? [labels] : []), ...columns], samples);
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

import { extname } from 'node:path';
import { endingsText, tableEnding } from '../artifact/tableEndings.js';
import { writeWhole } from '../artifact/write.js';
import { npyBytes } from '../data/npy.js';
import { UserError } from '../errors.js';
import type { Model } from '../index.js';
import { checkLabel, withLabel } from './classes.js';
import type { EncodeOptions } from './encode.js';
import { openRun } from './open.js';
import type { Output } from './output.js';
import { writeArrayCodes, writeCodes } from './tableOutput.js';
import { dataFor } from './tableRun.js';
import { checkTarget } from './targets.js';

/**
 * Encodes data as `autoencoder encode` is asked to.
 * @returns the model, and how many codes were written
 * @throws {UserError}
 */
export async function encode(
  run: string,
  spec: string,
  { output: path, carry, decimal, label }: EncodeOptions,
  output: Output,
): Promise<{ readonly model: Model; readonly samples: number }> {
  const isNpy = extname(path).toLowerCase() === '.npy';
  if (!isNpy && tableEnding(path) === undefined) {
    throw new UserError(
      `-o ${path}: the name's ending decides what is written; give one that ends in .npy, ${endingsText()}`,
    );
  }
  checkTarget('-o', path, { data: [spec], run });
  const model = await openRun(run);
  checkLabel(model, label);
  if (carry !== undefined && model.table === undefined) {
    throw new UserError('--carry names columns of a table, but the run was trained on arrays; leave it out');
  }
  if (carry !== undefined && isNpy) {
    throw new UserError(
      `--carry: -o ${path} holds codes and no columns beside them; give a name that ends in ${endingsText()}, or leave --carry out`,
    );
  }
  if (isNpy) {
    const codes = await model.encode(
      withLabel(model, await dataFor(model, spec, output, { decimal }), label),
    );
    await writeWhole(path, npyBytes(codes));
    return { model, samples: codes.shape[0]! };
  }
  if (model.table !== undefined)
    return { model, samples: await writeCodes(path, model, spec, { carry, decimal }, output) };
  const data = withLabel(model, await dataFor(model, spec, output, { decimal }), label);
  const codes = await model.encode(data);
  await writeArrayCodes(path, codes, data);
  return { model, samples: codes.shape[0]! };
}

import { endingsText, tableEnding } from '../artifact/tableEndings.js';
import { writeWhole } from '../artifact/write.js';
import { type Dataset, sampleCount, slice } from '../data/dataset.js';
import { UserError } from '../errors.js';
import type { Matrix, Model } from '../index.js';
import { imageGridPicture } from '../pictures/grid.js';
import { checkResultSize } from './open.js';
import type { Output } from './output.js';
import { checkPictured, drawing, type OutputKind, outputKind, writeNumbers } from './outputFile.js';
import { type NumberColumn, writeDecoded } from './tableOutput.js';
import { counted, shape } from './text.js';

/** A file that samples go into: its name's ending decides between a picture and numbers. */
export class SampleFile {
  readonly kind: OutputKind;

  /** @throws {UserError} when the name's ending says nothing */
  constructor(readonly path: string) {
    this.kind = tableEnding(path) !== undefined ? 'csv' : outputKind(path, ['png', 'npy', 'csv']);
  }

  /**
   * Makes sure that so many samples can be computed and written.
   * @throws {UserError}
   */
  check(samples: number, model: Model): void {
    if (model.table === undefined) outputKind(this.path, ['png', 'npy', 'csv']);
    else if (tableEnding(this.path) === undefined) {
      throw new UserError(
        `-o ${this.path}: ${model.family === 'vae' ? 'samples' : 'results'} of this run are rows of a table; give a name that ends in ${endingsText()}`,
      );
    }
    if (this.kind === 'png') checkPictured(samples, this.path);
    checkResultSize(samples, model.features);
  }

  /** The first rows of data: as many as were asked for, or as are usual for this kind of file. */
  part(data: Dataset, asked: number | undefined, pictured: number): Dataset {
    const wanted = asked ?? (this.kind === 'png' ? pictured : sampleCount(data));
    return slice(data, 0, Math.min(wanted, sampleCount(data)));
  }

  /**
   * Writes samples in the units and the shape of the training data; `picture` draws them where a grid will not do,
   * `before` stands before the columns of a table.
   */
  async write(
    samples: Matrix,
    model: Model,
    picture = () => grid(samples, model),
    before: readonly NumberColumn[] = [],
  ): Promise<void> {
    if (model.table !== undefined) await writeDecoded(this.path, model, samples, before);
    else if (this.kind === 'png') await writeWhole(this.path, await picture());
    else await writeNumbers(this.path, this.kind, samples, 'x');
  }

  /** Says what was written; `of` is all that there was to choose from, `more` what a command's JSON has besides. */
  report(
    output: Output,
    samples: number,
    model: Model,
    of = samples,
    more: Readonly<Record<string, unknown>> = {},
  ): void {
    if (model.table !== undefined) {
      const value = { file: this.path, rows: samples, ...more };
      output.result(() => `${this.path}: ${counted(samples, 'row')}`, value);
      return;
    }
    const lengths = model.sampleSpec.shape;
    const all = of > samples ? ` (the first of ${counted(of, 'sample')}; --count decides)` : '';
    output.result(() => `${this.path}: ${counted(samples, 'sample')} of ${shape(lengths)} values${all}`, {
      file: this.path,
      samples,
      shape: lengths,
      ...more,
    });
  }
}

/** The file that was asked for, or else the usual one: of a table for rows. */
export function fileFor(
  model: Pick<Model, 'table'>,
  asked: string | undefined,
  usual: string,
  usualOfTable: string,
): SampleFile {
  return new SampleFile(asked ?? (model.table === undefined ? usual : usualOfTable));
}

function grid(samples: Matrix, model: Model): Promise<Uint8Array> {
  return imageGridPicture(samples.data, model.sampleSpec.shape, drawing(model));
}

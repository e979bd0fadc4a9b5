import { sampleCount } from '../data/dataset.js';
import { UserError } from '../errors.js';
import { type Sampler, type SamplerType, sampler } from '../index.js';
import { usualSampler } from '../tasks/sample/sampler.js';
import { checkLabel, classesPicture } from './classes.js';
import { openRun } from './open.js';
import type { Output } from './output.js';
import { runData } from './runData.js';
import type { SampleOptions } from './sample.js';
import { fileFor } from './sampleFile.js';
import { checkTarget } from './targets.js';
import { counted } from './text.js';

/**
 * Draws new samples as `autoencoder sample` is asked to.
 * @throws {UserError}
 */
export async function drawSamples(run: string, options: SampleOptions, output: Output): Promise<void> {
  const { count, seed, components, label, data: named } = options;
  const model = await openRun(run);
  const file = fileFor(model, options.output, 'grid.png', 'samples.csv');
  checkTarget('-o', file.path, { run, data: [named] });
  checkLabel(model, label);
  const type = (options.sampler ?? usualSampler(model)) as SamplerType;
  if (components !== undefined && type !== 'gmm') {
    throw new UserError(`--components is for --sampler gmm, and this is ${type}; leave one of them out`);
  }
  if (named !== undefined && type === 'prior') {
    throw new UserError(
      '--data has no use with --sampler prior, which learns nothing from data; choose another sampler, such as gmm',
    );
  }
  if (options.decimal !== undefined && type === 'prior') {
    throw new UserError(
      '--decimal is about the data whose codes a sampler learns, and --sampler prior learns nothing from data; leave it out, or choose another sampler, such as gmm',
    );
  }
  if (type === 'prior' && usualSampler(model) !== 'prior') {
    throw new UserError(
      `${run} holds a model of the family '${model.family}', which has no prior: its codes were not trained to follow one; leave --sampler out for a mixture of normal distributions, or choose another sampler`,
    );
  }
  file.check(count, model);
  const source = await fitted();
  const inTurn = model.classes !== undefined && label === undefined;
  const labels = Array.from({ length: count }, (_, i) => (inTurn ? i % model.classes! : 0));
  const samples = await source.sample(count, {
    ...(seed !== undefined && { seed }),
    ...(inTurn ? { label: labels } : label !== undefined && { label }),
  });
  await file.write(samples, model, inTurn ? () => classesPicture(samples, labels, model) : undefined);
  file.report(output, count, model, count, {
    sampler: type,
    ...(model.classes !== undefined && { label: label ?? null }),
  });

  async function fitted(): Promise<Sampler> {
    if (type === 'prior') return sampler(model, null, { type });
    const { spec, data } = await runData(run, model, options, output);
    output.note(`learning how the codes of ${spec} lie (${counted(sampleCount(data), 'sample')}, ${type})`);
    return sampler(model, data, { type, ...(components !== undefined && { components }) });
  }
}

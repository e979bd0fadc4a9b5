import type { DatasetInput } from '../../data/dataset.js';
import { UserError } from '../../errors.js';
import type { Model } from '../../estimator/model.js';
import { VariationalModel } from '../../estimator/variational.js';
import { normal } from '../../random/normal.js';
import { Random } from '../../random/random.js';

/**
 * The codes of samples as the decoder met them in training, [samples, latent]: of a model whose codes
 * have no normal distribution its codes, of any other one draw from the posterior of each sample, so from q(z) = (1/m) Σ q(z | xᵢ) (Dai and Wipf 2019).
 * @throws {UserError} when samples do not fit the model, there are fewer than two, or their codes are all the same
 */
export async function codesOf(model: Model, data: DatasetInput, seed: number): Promise<Float32Array> {
  const isDrawn = model instanceof VariationalModel && model.hasNormalPosterior;
  const codes = await (isDrawn ? drawn(model, data, seed) : plain(model, data));
  const { latent } = model;
  if (codes.length < 2 * latent) {
    throw new UserError('sampler: one sample was given; a distribution of codes needs two at least');
  }
  if (codes.every((value, i) => value === codes[i % latent])) {
    throw new UserError(
      `sampler: the codes of all ${codes.length / latent} samples are the same, so there is nothing to draw from; train the model longer, or with a smaller learning rate`,
    );
  }
  return codes;
}

async function plain(model: Model, data: DatasetInput): Promise<Float32Array> {
  return (await model.encode(data)).data;
}

async function drawn(model: VariationalModel, data: DatasetInput, seed: number): Promise<Float32Array> {
  const { mean, logVar } = await model.posterior(data);
  const random = new Random(seed, 'posterior');
  return mean.data.map((center, i) => center + Math.exp(logVar.data[i]! / 2) * normal(random));
}

import { nearestModel } from '../../estimator/export.js';
import { type Matrix, runChunks } from '../../estimator/inference.js';
import type { Model } from '../../estimator/model.js';

/**
 * The nearest codes that a model can have, [count, latent]; of most families every code is one. See
 * `Definition.nearest`.
 */
export async function nearestCodes(model: Model, data: Float32Array): Promise<Matrix> {
  const { family, definition, sampleSpec: sample, weights, latent } = model;
  const shape = [data.length / latent, latent];
  if (definition.nearest === undefined) return { data, shape };
  const session = await model.platform.createSession(nearestModel({ family, definition, sample, weights }));
  try {
    const { nearest } = await runChunks(session, { code: { dtype: 'float32', shape, data } }, ['nearest']);
    return nearest!;
  } finally {
    await session.release();
  }
}

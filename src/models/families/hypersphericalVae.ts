import { option, UserError } from '../../errors.js';
import { constant } from '../../graph/expr.js';
import { add, mul, softplus } from '../../graph/ops/elementwise.js';
import { sum } from '../../graph/ops/reducing.js';
import { reshape } from '../../graph/ops/shaping.js';
import {
  drawVonMisesFisher,
  logNormalizer,
  logSphereArea,
  normalized,
  sphericalDivergence,
  uniformOnSphere,
} from '../../nn/vonMisesFisher.js';
import type { NetworkOptions } from '../family.js';
import { outputLayer } from '../networks.js';
import type { Posterior, Prior } from '../posteriors.js';
import { variationalFamily } from '../variational.js';

function sphericalPosterior(config: NetworkOptions): Posterior {
  const { latent } = config;
  if (latent < 2) {
    throw new UserError(
      `hyperspherical-vae: codes lie on a sphere, which needs at least 2 numbers; given ${option('latent', latent)}`,
    );
  }
  const toDirection = outputLayer(latent, config);
  const toConcentration = outputLayer(1, config);
  const parameters: Posterior['parameters'] = (hidden, scope) => ({
    direction: normalized(scope.in('direction', (inner) => toDirection(hidden, inner))),
    // Above 1, as in the authors' code: near 0 the direction has no meaning, and no gradient.
    concentration: add(softplus(scope.in('concentration', (inner) => toConcentration(hidden, inner))), 1),
  });
  return {
    size: latent,
    parameters,
    exported: ({ direction, concentration }) => ({ code: direction!, concentration: concentration! }),
    nearest: normalized,
    draw({ direction, concentration }, draws, scope) {
      const [batch] = direction!.shape;
      const code = drawVonMisesFisher(direction!, concentration!, draws, scope);
      const cosine = sum(mul(code, reshape(direction!, [batch!, 1, latent])), 2);
      return {
        code,
        logDensity: add(mul(cosine, concentration!), logNormalizer(concentration!, latent)),
      };
    },
    divergence: ({ concentration }) =>
      reshape(sphericalDivergence(concentration!, latent), [concentration!.shape[0]!]),
  };
}

/** Even on the sphere. */
function uniformPrior(latent: number): Prior {
  return {
    logDensity: () => constant(-logSphereArea(latent)),
    sample: (rows, scope) => uniformOnSphere([rows, latent], scope, 'prior'),
  };
}

/**
 * The hyperspherical VAE (Davidson et al. 2018): codes are points on the unit sphere, q(z | x) is a von Mises-Fisher
 * distribution and the prior is even, so that nothing draws codes to a centre.
 */
export const hypersphericalVaeFamily = variationalFamily({
  name: 'hyperspherical-vae',
  title: 'Hyperspherical VAE',
  summary: 'codes on a sphere: for directions, and for few latents',
  source: 'Davidson et al. 2018',
  options: {},
  posterior: sphericalPosterior,
  prior: ({ latent }) => uniformPrior(latent),
});

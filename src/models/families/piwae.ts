import { add, neg, stopGradient, sub } from '../../graph/ops/elementwise.js';
import { mean } from '../../graph/ops/reducing.js';
import { reshape } from '../../graph/ops/shaping.js';
import { flattenDraws, repeatRows } from '../../nn/draws.js';
import { count } from '../family.js';
import { variationalFamily } from '../variational.js';
import { negativeBound } from './iwae.js';

/**
 * The partially importance-weighted autoencoder (Rainforth et al. 2018): the decoder learns by the bound of all M · K draws,
 * the tightest, and the encoder by the mean of M bounds of K draws, whose gradients are less noisy. The loss that is
 * reported is the decoder's.
 */
export const piwaeFamily = variationalFamily({
  name: 'piwae',
  title: 'PIWAE',
  summary: 'an IWAE whose encoder and decoder each learn by the bound that suits them',
  source: 'Rainforth et al. 2018',
  options: {
    bounds: count.default(4).describe('bounds that the encoder averages (M)'),
    draws: count.default(4).describe('draws in each of them (K)'),
  },
  objective({ x, scope, parameters, model }, { bounds, draws }) {
    const all = bounds * draws;
    const { code, logDensity } = model.posterior.draw(parameters, all, scope);
    const copies = repeatRows(x, all);
    const weights = (at: typeof code, density: typeof logDensity, by: typeof scope) => {
      const nll = model.nll(copies, model.decode(flattenDraws(at), by), by);
      return sub(sub(model.prior.logDensity(at, by), density), reshape(nll, logDensity.shape));
    };
    const forDecoder = weights(stopGradient(code), stopGradient(logDensity), scope);
    const loss = negativeBound(forDecoder, 1);
    const metrics = { negativeElbo: neg(mean(forDecoder)) };
    if (!scope.training) return { loss, metrics };
    const forEncoder = negativeBound(weights(code, logDensity, scope.frozen), bounds);
    // Its value is taken away again: only its gradient is wanted.
    return { loss: add(loss, sub(forEncoder, stopGradient(forEncoder))), metrics };
  },
});

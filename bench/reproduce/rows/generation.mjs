// New samples of regularised autoencoders, beside those of a VAE with the same networks.
import { createModel } from 'autoencoder';

const networks = { input: [28, 28], channels: [32, 64], hidden: [], decoderHidden: [], latent: 16 };

const common = {
  source: 'benchmark_VAE, examples/scripts/reproducibility',
  data: 'mnist',
  batchSize: 100,
  epochs: 100,
  optimizer: { type: 'adam', learningRate: 1e-3 },
  differences: [
    'the published figure is a Fréchet distance on the features of Inception, which the project does not have; ours is one on the features of its own small classifier, and can be compared with the other rows of this group alone',
    'the original has four convolutions of up to 1,024 channels with batch normalisation, a step of which takes a second on two cores',
  ],
};

const settings = 'convolutions 32-64, stride 2, to 16 numbers, and back';

const rae = (penalty, published) => ({
  ...common,
  settings: `${settings}; code weight 1e-2, decoder weight 1e-4`,
  model: (seed) =>
    createModel('rae', { ...networks, penalty, codeWeight: 1e-2, decoderWeight: 1e-4, loss: 'mse', seed }),
  generation: { gmm: published },
});

export const generationRows = {
  'rae-l2': rae('l2', 'Inception: 9.1 (9.9)'),
  'rae-gp': rae('gradient', 'Inception: 9.7 (9.4)'),
  'vae-beside-rae': {
    ...common,
    settings: `${settings}; Gaussian likelihood of variance 0.1`,
    model: (seed) =>
      createModel('conv-vae', {
        ...networks,
        likelihood: { type: 'gaussian', variance: 0.1, activation: 'sigmoid' },
        seed,
      }),
    generation: { prior: 'none', gmm: 'none' },
  },
};

import { deterministicFamily } from '../deterministic.js';
import { convolutionalDefaults } from '../family.js';

/**
 * The plain autoencoder: minimises (1/m) Σ ‖xᵢ - g(f(xᵢ))‖², or the sum over features of another loss, averaged
 * over samples.
 */
export const autoencoderFamily = deterministicFamily({
  name: 'autoencoder',
  title: 'Autoencoder',
  summary: 'the plain one: codes from which samples can be made again',
  source: 'Hinton and Salakhutdinov 2006',
  options: {},
});

/** The same with convolutions by default: for pictures and signals. */
export const convAutoencoderFamily = deterministicFamily({
  name: 'conv-autoencoder',
  title: 'Convolutional autoencoder',
  summary: 'the plain one for pictures and signals',
  source: 'Masci et al. 2011',
  options: convolutionalDefaults,
});

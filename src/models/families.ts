import type { z } from 'zod';
import { adversarialAutoencoderFamily } from './families/adversarialAutoencoder.js';
import { autoencoderFamily, convAutoencoderFamily } from './families/autoencoder.js';
import { betaTcVaeFamily } from './families/betaTcVae.js';
import { betaVaeFamily } from './families/betaVae.js';
import { capacityVaeFamily } from './families/capacityVae.js';
import { categoricalVaeFamily } from './families/categoricalVae.js';
import { conditionalVaeFamily } from './families/conditionalVae.js';
import { contractiveAutoencoderFamily } from './families/contractiveAutoencoder.js';
import { deepAutoencoderFamily } from './families/deepAutoencoder.js';
import { denoisingAutoencoderFamily } from './families/denoisingAutoencoder.js';
import { dipVaeFamily } from './families/dipVae.js';
import { factorVaeFamily } from './families/factorVae.js';
import { hypersphericalVaeFamily } from './families/hypersphericalVae.js';
import { iafVaeFamily } from './families/iafVae.js';
import { infoVaeFamily } from './families/infoVae.js';
import { ciwaeFamily, iwaeFamily, miwaeFamily } from './families/iwae.js';
import { piwaeFamily } from './families/piwae.js';
import { raeFamily } from './families/rae.js';
import { sigmaVaeFamily } from './families/sigmaVae.js';
import { sparseAutoencoderFamily } from './families/sparseAutoencoder.js';
import { twoLayerVaeFamily } from './families/twoLayerVae.js';
import { convVaeFamily, vaeFamily } from './families/vae.js';
import { vaeGanFamily } from './families/vaeGan.js';
import { vampVaeFamily } from './families/vampVae.js';
import { vqVaeFamily } from './families/vqVae.js';
import { waeFamily } from './families/wae.js';
import type { Family } from './family.js';

/** Every family by name. A new family is one file and one line here. */
export const families = {
  autoencoder: autoencoderFamily,
  'conv-autoencoder': convAutoencoderFamily,
  'deep-autoencoder': deepAutoencoderFamily,
  'sparse-autoencoder': sparseAutoencoderFamily,
  'denoising-autoencoder': denoisingAutoencoderFamily,
  'contractive-autoencoder': contractiveAutoencoderFamily,
  rae: raeFamily,
  'vq-vae': vqVaeFamily,
  wae: waeFamily,
  'adversarial-autoencoder': adversarialAutoencoderFamily,
  vae: vaeFamily,
  'conv-vae': convVaeFamily,
  'sigma-vae': sigmaVaeFamily,
  'beta-vae': betaVaeFamily,
  'capacity-vae': capacityVaeFamily,
  'beta-tc-vae': betaTcVaeFamily,
  'factor-vae': factorVaeFamily,
  'dip-vae': dipVaeFamily,
  'info-vae': infoVaeFamily,
  iwae: iwaeFamily,
  miwae: miwaeFamily,
  piwae: piwaeFamily,
  ciwae: ciwaeFamily,
  'vamp-vae': vampVaeFamily,
  'two-layer-vae': twoLayerVaeFamily,
  'iaf-vae': iafVaeFamily,
  'conditional-vae': conditionalVaeFamily,
  'hyperspherical-vae': hypersphericalVaeFamily,
  'categorical-vae': categoricalVaeFamily,
  'vae-gan': vaeGanFamily,
};

/** The name of a family. */
export type FamilyName = keyof typeof families;

/** The options of a family as a user gives them. */
export type FamilyInput<Name extends FamilyName> = z.input<(typeof families)[Name]['schema']>;

/** A family whose options have been checked elsewhere, or will be by its own schema. */
export function familyNamed(name: FamilyName): Family<unknown> {
  return families[name];
}
